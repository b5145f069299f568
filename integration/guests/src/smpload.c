/* The load of smpstress: processes that come and go, memory that does, signals, futexes and pipes; and clocks. */
#define _GNU_SOURCE
#include "smpstress.h"
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests.h"

enum { PAGE = 4096, PAGES = 48, MOST_THREADS = 32, PINGS = 60, SIGNALS = 30 };

static volatile int signals;

static void on_signal(int signo)
{
    (void)signo;
    signals++;
}

static int fork_and_write(int seed)
{
    static unsigned char bytes[PAGES * PAGE];
    memset(bytes, seed, sizeof bytes);
    int pid = fork();
    if (pid == 0) {
        for (int i = 0; i < PAGES; i++)
            if (bytes[i * PAGE + 7] != (unsigned char)seed)
                _exit(1);
        memset(bytes, ~seed, sizeof bytes);
        _exit(bytes[PAGE] != (unsigned char)~seed);
    }
    memset(bytes, seed + 1, sizeof bytes / 2);
    int failed = reap(pid) != 0;
    for (int i = 0; i < PAGES; i++)
        failed |= bytes[i * PAGE + 7] != (unsigned char)(i < PAGES / 2 ? seed + 1 : seed);
    return failed;
}

static int fork_and_exec(int seed)
{
    (void)seed;
    int pid = fork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    return reap(pid) != 0;
}

static int map_and_unmap(int seed)
{
    unsigned char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return 1;
    int failed = 0;
    memset(at, seed, PAGES * PAGE);
    failed |= mprotect(at, PAGES * PAGE / 2, PROT_READ) != 0;
    failed |= at[PAGE] != (unsigned char)seed;
    failed |= madvise(at + PAGES / 2 * PAGE, PAGES / 4 * PAGE, MADV_DONTNEED) != 0;
    failed |= at[PAGES / 2 * PAGE] != 0;
    failed |= munmap(at + 3 * PAGE, PAGE) != 0;
    failed |= mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE) != 0;
    at[5] = 1;
    unsigned char *moved = mremap(at + PAGES / 2 * PAGE, PAGES / 2 * PAGE, PAGES * PAGE, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
        return 1;
    failed |= moved[PAGES / 2 * PAGE - 1] != (unsigned char)seed || moved[PAGES * PAGE - 1] != 0;
    munmap(moved, PAGES * PAGE);
    return failed | (munmap(at, PAGES / 2 * PAGE) != 0);
}

static int signal_a_child(int seed)
{
    (void)seed;
    int parent = getpid();
    signal(SIGUSR1, on_signal);
    signals = 0;
    int pid = fork();
    if (pid == 0) {
        for (int i = 0; i < SIGNALS; i++)
            kill(parent, SIGUSR1);
        _exit(0);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        ;
    return status || signals == 0;
}

static void wait_for(_Atomic int *word, int value)
{
    int seen;
    while ((seen = *word) != value)
        syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void set(_Atomic int *word, int value)
{
    *word = value;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int ping_by_futex(int seed)
{
    (void)seed;
    _Atomic int *word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (word == MAP_FAILED)
        return 1;
    int pid = fork();
    for (int i = 0; i < PINGS; i++)
        if (pid == 0) {
            wait_for(word, 2 * i + 1);
            set(word, 2 * i + 2);
        } else {
            set(word, 2 * i + 1);
            wait_for(word, 2 * i + 2);
        }
    if (pid == 0)
        _exit(0);
    int failed = reap(pid) != 0;
    munmap(word, PAGE);
    return failed;
}

static int talk_by_pipe(int seed)
{
    int to[2];
    unsigned char bytes[3000];
    if (pipe(to))
        return 1;
    int pid = fork();
    if (pid == 0) {
        close(to[0]);
        memset(bytes, seed, sizeof bytes);
        for (int i = 0; i < 20; i++)
            if (write(to[1], bytes, sizeof bytes) != sizeof bytes)
                _exit(1);
        _exit(0);
    }
    close(to[1]);
    long total = 0, count;
    int failed = 0;
    while ((count = read(to[0], bytes, sizeof bytes)) > 0) {
        total += count;
        failed |= bytes[0] != (unsigned char)seed || bytes[count - 1] != (unsigned char)seed;
    }
    close(to[0]);
    return failed | (reap(pid) != 0) | (total != 20 * (long)sizeof bytes);
}

int stress_processes(int seed)
{
    static const struct { const char *name; int (*run)(int); } WORKS[] = {
        {"fork", fork_and_write}, {"exec", fork_and_exec}, {"mmap", map_and_unmap}, {"signal", signal_a_child},
        {"futex", ping_by_futex}, {"pipe", talk_by_pipe}};
    enum { COUNT = sizeof WORKS / sizeof *WORKS };
    unsigned long rounds = 0;
    for (; stress_goes_on(); rounds++) {
        int work = (rounds + seed) % COUNT;
        if (WORKS[work].run(seed + rounds)) {
            printf("smpstress: %s failed in round %lu of process %d\n", WORKS[work].name, rounds, seed);
            return 1;
        }
    }
    printf("smpstress: process %d did %lu rounds\n", seed, rounds);
    return 0;
}

static _Atomic long latest;
static _Atomic int backwards;

/* No clock may be behind what another vcpu's said before. */
static void *compare_clocks(void *argument)
{
    stress_pin((long)argument % stress_cpus);
    while (stress_goes_on() && !backwards) {
        for (int i = 0; i < 1000; i++) {
            struct timespec t;
            long before = latest;
            clock_gettime(CLOCK_MONOTONIC, &t);
            long here = t.tv_sec * 1000000000L + t.tv_nsec;
            if (here < before) {
                printf("smpstress: the clock of cpu %ld is %ld ns behind another\n", (long)argument, before - here);
                backwards = 1;
                break;
            }
            while (before < here && !atomic_compare_exchange_weak(&latest, &before, here))
                ;
        }
        usleep(2000); /* leaves the processors to the others */
    }
    return NULL;
}

int stress_clocks(int unused)
{
    pthread_t threads[MOST_THREADS];
    int count = stress_cpus < MOST_THREADS ? stress_cpus : MOST_THREADS;
    (void)unused;
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, compare_clocks, (void *)i))
            return 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return backwards;
}
