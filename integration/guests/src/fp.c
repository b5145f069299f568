/* Floating point in four processes at once: each keeps numbers of its own in the x87, SSE and (where there are any) AVX and
 * AVX-512 registers while the others run, and is interrupted by a timer whose handler uses the same registers. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "tests.h"

enum { PROCESSES = 4, ROUNDS = 3000 };

static volatile double handled;

static void handler(int signo)
{
    long double x = 1;
    for (int i = 1; i < 20; i++)
        x = x * 1.25L + i;
    handled = handled * 0.5 + (double)x + signo;
}

/* Leaves `seed` in eight registers of each kind, lets others run, and looks whether it is still there. */
static int registers_keep(double seed)
{
    double in[4] = {seed, seed + 1, seed + 2, seed + 3}, out[4];
    for (int spin = 0; spin < 2000; spin++)
        __asm__ volatile("" ::: "memory");
    __asm__ volatile(
        "movupd (%0), %%xmm6\n\tmovupd 16(%0), %%xmm15\n\tfldl (%0)\n\tfldl 24(%0)\n\t"
        "mov $24, %%eax\n\tsyscall\n\t" /* sched_yield */
        "mov $3000, %%ecx\n1:\tpause\n\tdec %%ecx\n\tjnz 1b\n\t"
        "fstpl 24(%1)\n\tfstpl (%1)\n\tmovlpd %%xmm15, 16(%1)\n\tmovhpd %%xmm6, 8(%1)"
        :: "r"(in), "r"(out) : "rax", "rcx", "r11", "xmm6", "xmm15", "st", "st(1)", "memory");
    return memcmp(in, out, sizeof in) == 0;
}

static int avx_keeps(double seed)
{
    double in[4] = {seed, seed * 2, seed * 3, seed * 4}, out[4];
    if (!__builtin_cpu_supports("avx"))
        return 1;
    __asm__ volatile(
        "vmovupd (%0), %%ymm11\n\tmov $24, %%eax\n\tsyscall\n\t"
        "mov $3000, %%ecx\n1:\tpause\n\tdec %%ecx\n\tjnz 1b\n\tvmovupd %%ymm11, (%1)\n\tvzeroupper"
        :: "r"(in), "r"(out) : "rax", "rcx", "r11", "xmm11", "memory");
    return memcmp(in, out, sizeof in) == 0;
}

/* Registers that only AVX-512 names. Whoever lets programs use them must save them, too. */
static int avx512_keeps(double seed)
{
    double in[4] = {seed, seed * 2, seed * 3, seed * 4}, out[4];
    if (!__builtin_cpu_supports("avx512vl"))
        return 1;
    __asm__ volatile(
        "vmovupd (%0), %%ymm19\n\tmov $24, %%eax\n\tsyscall\n\t"
        "mov $3000, %%ecx\n1:\tpause\n\tdec %%ecx\n\tjnz 1b\n\tvmovupd %%ymm19, (%1)"
        :: "r"(in), "r"(out) : "rax", "rcx", "r11", "memory");
    return memcmp(in, out, sizeof in) == 0;
}

static int compute(int process)
{
    struct itimerval every = {{0, 3000}, {0, 3000}};
    signal(SIGALRM, handler);
    setitimer(ITIMER_REAL, &every, NULL);
    double x = 0.1 * (process + 1), again = x;
    for (int i = 0; i < ROUNDS; i++) {
        double seed = process * 1e6 + i;
        if (!registers_keep(seed) || !avx_keeps(seed) || !avx512_keeps(seed)) {
            printf("process %d lost its registers in round %d\n", process, i);
            return 1;
        }
        x = 3.7 * x * (1 - x);
    }
    for (int i = 0; i < ROUNDS; i++)
        again = 3.7 * again * (1 - again);
    return x != again;
}

int test_fp(void)
{
    int pids[PROCESSES], failed = 0;
    for (int i = 0; i < PROCESSES; i++)
        if ((pids[i] = fork()) == 0)
            _exit(compute(i));
    for (int i = 0; i < PROCESSES; i++)
        failed |= reap(pids[i]);
    return failed != 0;
}
