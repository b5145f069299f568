/* guesttest NAME...: the guest's test programs in one static binary, so that the image stays small.
 * Each prints one line of its own, "NAME: ok" or "NAME: FAILED"; the exit status is the number that failed.
 * guesttest all runs every one, guesttest names prints their names. They run on any Linux, so a failure can be looked at on the host first. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "tests.h"

static const struct { const char *name; int (*run)(void); } TESTS[] = {
    {"attacks", test_attacks},
    {"badstack", test_badstack},
    {"clock", test_clock},
    {"cow", test_cow},
    {"forks", test_forks},
    {"fp", test_fp},
    {"getppid", test_getppid},
    {"ldt", test_ldt},
    {"mprotect", test_mprotect},
    {"ports", test_ports},
    {"signals", test_signals},
    {"smpclock", test_smpclock},
    {"smpstress", test_smpstress},
    {"steps", test_steps},
    {"threads", test_threads},
    {"traps", test_traps},
};
enum { COUNT = sizeof TESTS / sizeof *TESTS };

int reap(int pid)
{
    int status;
    return waitpid(pid, &status, 0) == pid ? status : -1;
}

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int run(int i)
{
    double begin = now();
    int failed = TESTS[i].run();
    printf("%s: %s (%.2f s)\n", TESTS[i].name, failed ? "FAILED" : "ok", now() - begin);
    return failed != 0;
}

int main(int argc, char **argv)
{
    int failures = 0, found = 0;
    if (argc == 2 && !strcmp(argv[1], "names")) {
        for (int i = 0; i < COUNT; i++)
            puts(TESTS[i].name);
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int a = 1; a < argc; a++)
        for (int i = 0; i < COUNT; i++)
            if (!strcmp(argv[a], TESTS[i].name) || !strcmp(argv[a], "all")) {
                failures += run(i);
                found = 1;
            }
    if (found)
        return failures;
    fprintf(stderr, "usage: guesttest all | NAME...; the names:");
    for (int i = 0; i < COUNT; i++)
        fprintf(stderr, " %s", TESTS[i].name);
    fprintf(stderr, "\n");
    return 64;
}
