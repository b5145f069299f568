/* What any process can do to the machine under it. Nothing of it may hang or end the domain, and each act brings the
 * process the signal that it would bring elsewhere. After each, timers must still tick. */
#define _GNU_SOURCE
#include "attacks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { NOBODY = 65534, STACK_BYTES = 65536, LOOP_US = 20000, PATIENCE_S = 3 };

sigjmp_buf attack_after;
volatile int attack_signal;
void *volatile attack_address;

static char stack[STACK_BYTES];

static void on_signal(int signo, siginfo_t *info, void *context)
{
    (void)context;
    attack_signal = signo;
    attack_address = info->si_addr;
    siglongjmp(attack_after, 1);
}

void attack_prepare(void)
{
    static const int SIGNALS[] = {SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGFPE, SIGSYS, SIGALRM};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&own, NULL);
    for (unsigned i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        sigaction(SIGNALS[i], &action, NULL);
}

void attack_begin(int loops)
{
    struct itimerval patience = {.it_value = {loops ? 0 : PATIENCE_S, loops ? LOOP_US : 0}};
    attack_signal = 0;
    setitimer(ITIMER_REAL, &patience, NULL);
}

/* A timer that interrupts a loop: the way in which a domain that has lost its interrupts would hang. */
static int ticks(void)
{
    struct itimerval soon = {.it_value = {0, 200}};
    double begin = now();
    attack_signal = 0;
    if (!sigsetjmp(attack_after, 1)) {
        setitimer(ITIMER_REAL, &soon, NULL);
        while (now() < begin + PATIENCE_S)
            ;
    }
    return attack_signal == SIGALRM;
}

int attack_end(const char *name, unsigned long number, unsigned allowed)
{
    int signo = attack_signal, failed = 0;
    __asm__ volatile("cld");
    if (!(allowed & (signo ? SIG(signo) : NOTHING))) {
        printf("attack %s %#lx: signal %d at %p\n", name, number, signo, attack_address);
        failed = 1;
    }
    if (!ticks()) {
        printf("attack %s %#lx: no timer ticks after it\n", name, number);
        failed = 1;
    }
    return failed;
}

static const struct { const char *name; int (*run)(void); int as_root; } GROUPS[] = {
    {"instructions", attack_instructions, 0},
    {"interrupts", attack_interrupts, 0},
    {"selectors", attack_selectors, 0},
    {"jumps", attack_jumps, 0},
    {"memory", attack_memory, 0},
    {"returns", attack_returns, 0},
    {"steps", attack_steps, 0},
    {"breakpoints", attack_breakpoints, 0},
    {"alignment", attack_alignment, 0},
    {"bases", attack_bases, 0},
    {"compat", attack_compat, 0},
    {"ports", attack_ports, 1},
    {"registers", attack_registers, 0},
};

static int run(int group)
{
    /* Said before it runs: who looks at a domain that hangs wants to know. */
    printf("attacks: %s\n", GROUPS[group].name);
    int pid = fork();
    if (pid == 0) {
        if (!GROUPS[group].as_root && getuid() == 0 && setuid(NOBODY))
            _exit(1);
        attack_prepare();
        int failed = GROUPS[group].run();
        fflush(stdout);
        _exit(failed != 0);
    }
    int status = reap(pid);
    if (status)
        printf("attacks: %s ended with wait status %#x\n", GROUPS[group].name, status);
    return status != 0;
}

int test_attacks(void)
{
    const char *only = getenv("ATTACKS"); /* the name of one group, for looking closer */
    int failed = 0;
    for (unsigned group = 0; group < sizeof GROUPS / sizeof *GROUPS; group++)
        if (!only || !strcmp(only, GROUPS[group].name))
            failed |= run(group);
    return failed;
}
