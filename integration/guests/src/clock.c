/* Time: it never goes back, it goes on at the pace of sleeps, and the two clocks keep pace with each other. */
#include <math.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests.h"

static double at(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int never_goes_back(double seconds)
{
    double end = now() + seconds, last = now(), t = last;
    while (t < end) {
        t = now();
        if (t < last) {
            printf("clock went back by %.0f ns\n", (last - t) * 1e9);
            return 1;
        }
        last = t;
    }
    return 0;
}

static int sleeps_are_long_enough(void)
{
    static const long SLEEPS_NS[] = {1000, 100000, 1000000, 10000000, 200000000};
    for (unsigned i = 0; i < sizeof SLEEPS_NS / sizeof *SLEEPS_NS; i++) {
        struct timespec pause = {0, SLEEPS_NS[i]};
        double begin = now();
        nanosleep(&pause, NULL);
        double slept = now() - begin;
        if (slept < SLEEPS_NS[i] * 1e-9 || slept > SLEEPS_NS[i] * 1e-9 + 1) {
            printf("a sleep of %ld ns took %.0f ns\n", SLEEPS_NS[i], slept * 1e9);
            return 1;
        }
    }
    return 0;
}

int test_clock(void)
{
    double monotonic = now(), real = at(CLOCK_REALTIME);
    int pid = fork();
    int failed = never_goes_back(0.5);
    if (pid == 0)
        _exit(failed);
    failed |= reap(pid) | sleeps_are_long_enough();
    double drift = (at(CLOCK_REALTIME) - real) - (now() - monotonic);
    if (fabs(drift) > 0.05) {
        printf("the two clocks differ by %.3f s\n", drift);
        failed = 1;
    }
    if (real < 1735689600) { /* 2025 began */
        printf("the date is %.0f s after 1970\n", real);
        failed = 1;
    }
    return failed;
}
