/* Single steps: each instruction is followed by one trap, also those that a hypervisor carries out. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include "tests.h"

enum { MOST = 32 };

static volatile unsigned long at[MOST];
static volatile int steps;

static void handler(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    if (steps < MOST && info->si_code == TRAP_TRACE)
        at[steps++] = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

/* Where each step must end; the labels are those of the assembly below. */
extern const char plain_1[], plain_2[], plain_3[], plain_4[], plain_5[];
extern const char forced_1[], forced_2[], forced_3[], forced_4[], forced_5[];

static void plain(void)
{
    __asm__ volatile(
        "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
        "nop\nplain_1:\tmov $1, %%eax\nplain_2:\t"
        "pushfq\nplain_3:\tandq $~0x100, (%%rsp)\nplain_4:\tpopfq\nplain_5:\tnop"
        ::: "rax", "memory", "cc");
}

/* Xen's forced CPUID: an undefined instruction to anybody else. */
static void forced(void)
{
    __asm__ volatile(
        "xor %%eax, %%eax\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
        "nop\nforced_1:\tud2\n\t.ascii \"xen\"\n\tcpuid\nforced_2:\t"
        "pushfq\nforced_3:\tandq $~0x100, (%%rsp)\nforced_4:\tpopfq\nforced_5:\tnop"
        ::: "rax", "rbx", "rcx", "rdx", "memory", "cc");
}

static int on_xen(void)
{
    char type[8] = "";
    FILE *file = fopen("/sys/hypervisor/type", "r");
    if (!file)
        return 0;
    int is = fgets(type, sizeof type, file) && !strncmp(type, "xen", 3);
    fclose(file);
    return is;
}

static int stepped(const char *name, void (*act)(void), const char *const *want)
{
    int failed = 0;
    steps = 0;
    act();
    for (int i = 0; i < 5; i++)
        failed |= at[i] != (unsigned long)want[i];
    failed |= steps != 5;
    if (failed) {
        printf("%s: %d steps;", name, steps);
        for (int i = 0; i < 5; i++)
            printf(" %lx (not %lx)", at[i], (unsigned long)want[i]);
        printf("\n");
    }
    return failed;
}

int test_steps(void)
{
    static const char *const PLAIN[] = {plain_1, plain_2, plain_3, plain_4, plain_5};
    static const char *const FORCED[] = {forced_1, forced_2, forced_3, forced_4, forced_5};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    int failed;
    sigaction(SIGTRAP, &action, NULL);
    failed = stepped("plain", plain, PLAIN);
    if (on_xen())
        failed |= stepped("forced cpuid", forced, FORCED);
    signal(SIGTRAP, SIG_DFL);
    return failed;
}
