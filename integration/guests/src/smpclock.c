/* Time never goes backwards, whichever vcpu looks at it and however: threads, one bound to each vcpu, take the latest time
 * that anyone has read out of shared memory, read the clock themselves, and put theirs there. Both clocks, each by the
 * vDSO and by a system call, and the processor's counter. */
#define _GNU_SOURCE
#include "smpstress.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include "tests.h"

enum { MOST_THREADS = 32, BATCH = 1000, NOBODY = -1, OFFLINES = 3, DEFAULT_SECONDS = 4 };

static long nanoseconds(const struct timespec *t)
{
    return t->tv_sec * 1000000000L + t->tv_nsec;
}

static long monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return nanoseconds(&t);
}

static long monotonic_by_call(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return nanoseconds(&t);
}

static long realtime(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return nanoseconds(&t);
}

static long realtime_by_call(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
    return nanoseconds(&t);
}

static long counter(void)
{
    unsigned unused;
    _mm_lfence();
    long ticks = __rdtscp(&unused);
    _mm_lfence();
    return ticks;
}

/* A clock, the ways to read it, and the latest reading with who made it. Two ways of one clock are held against each other. */
static struct clock {
    const char *name;
    long (*ways[2])(void);
    _Atomic long latest;
    _Atomic int reader;
} clocks[] = {
    {.name = "CLOCK_MONOTONIC", .ways = {monotonic, monotonic_by_call}, .reader = NOBODY},
    {.name = "CLOCK_REALTIME", .ways = {realtime, realtime_by_call}, .reader = NOBODY},
    {.name = "the time-stamp counter", .ways = {counter, counter}, .reader = NOBODY},
};
enum { CLOCKS = sizeof clocks / sizeof *clocks };

static _Atomic long rounds, passes;
static _Atomic int backwards;
static long pause_us;

/* Returns whether the clock was not behind; counts it if the reading before was another's. */
static int read_on(struct clock *clock, int way, int reader)
{
    long before = clock->latest;
    int before_reader = clock->reader;
    long here = clock->ways[way]();
    if (here < before) {
        printf("smpclock: %s, way %d, is on thread %d %ld behind what thread %d read before\n", clock->name, way, reader,
               before - here, before_reader);
        return 0;
    }
    while (before < here)
        if (atomic_compare_exchange_weak(&clock->latest, &before, here)) {
            if (atomic_exchange(&clock->reader, reader) != reader)
                passes++;
            break;
        }
    return 1;
}

static void *compare_clocks(void *argument)
{
    int reader = (int)(long)argument;
    while (!backwards && stress_goes_on()) {
        /* Again and again: when a vcpu comes back, its thread returns to it. */
        stress_pin(reader % stress_cpus);
        for (int i = 0; i < BATCH && !backwards; i++)
            for (int c = 0; c < CLOCKS; c++)
                if (!read_on(&clocks[c], i & 1, reader))
                    backwards = 1;
        rounds += BATCH;
        if (pause_us)
            usleep(pause_us);
    }
    return NULL;
}

static int compare(void)
{
    pthread_t threads[MOST_THREADS];
    int count = stress_cpus < MOST_THREADS ? stress_cpus : MOST_THREADS;
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, compare_clocks, (void *)i))
            return 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("smpclock: %ld rounds of %d clocks, %ld times after another thread's\n", rounds, CLOCKS, passes);
    return backwards;
}

/* Under smpstress: leaves the processors to the others most of the time. */
int stress_clocks(int unused)
{
    (void)unused;
    pause_us = 2000;
    return compare();
}

int test_smpclock(void)
{
    stress_begin(DEFAULT_SECONDS);
    int unplugging = stress_may_unplug() ? fork() : -1;
    if (unplugging == 0)
        _exit(stress_unplug(OFFLINES));
    int failed = compare();
    return failed | (unplugging > 0 && reap(unplugging) != 0);
}
