/* Page rights that change under a running process: what was taken away faults at once, what was given works at once,
 * and what is unmapped is gone. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "tests.h"

enum { PAGES = 64, PAGE = 4096, ROUNDS = 40 };

static sigjmp_buf after_fault;
static void *volatile fault_address;

static void on_fault(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    fault_address = info->si_addr;
    siglongjmp(after_fault, 1);
}

static int write_faults(char *at)
{
    if (sigsetjmp(after_fault, 1))
        return fault_address == at;
    *(volatile char *)at = 7;
    return 0;
}

static int read_faults(char *at)
{
    if (sigsetjmp(after_fault, 1))
        return fault_address == at;
    (void)*(volatile char *)at;
    return 0;
}

static int one_round(char *pages, int round)
{
    char *at = pages + (round * 7 % PAGES) * PAGE;
    memset(at, round, PAGE);
    mprotect(at, PAGE, PROT_READ);
    if (at[100] != (char)round || !write_faults(at + 100))
        return 1;
    mprotect(at, PAGE, PROT_NONE);
    if (!read_faults(at + 200))
        return 2;
    mprotect(at, PAGE, PROT_READ | PROT_WRITE);
    if (at[100] != (char)round)
        return 3;
    char *moved = mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages + PAGES * PAGE);
    if (moved == MAP_FAILED || moved[PAGE - 1] != (char)round || !read_faults(at))
        return 4;
    munmap(moved, PAGE);
    if (!read_faults(moved))
        return 5;
    return mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at && *at == 0 ? 0 : 6;
}

int test_mprotect(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    char *pages = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return 1;
    for (int round = 1; round <= ROUNDS; round++) {
        int step = one_round(pages, round);
        if (step) {
            printf("mprotect: round %d failed at step %d\n", round, step);
            return 1;
        }
    }
    signal(SIGSEGV, SIG_DFL);
    return 0;
}
