/* Exceptions as a process sees them: the right signal, code and address for each. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests.h"

static sigjmp_buf after;
static volatile int seen_signal, seen_code, seen_trap;
static void *volatile seen_address;

static void handler(int signo, siginfo_t *info, void *context)
{
    seen_signal = signo;
    seen_code = info->si_code;
    seen_address = info->si_addr;
    seen_trap = ((ucontext_t *)context)->uc_mcontext.gregs[REG_TRAPNO];
    siglongjmp(after, 1);
}

static void divide(void)
{
    __asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\txor %%ecx, %%ecx\n\tdiv %%ecx" ::: "rax", "rcx", "rdx");
}

static void undefined(void)
{
    __asm__ volatile("ud2");
}

static void breakpoint(void)
{
    __asm__ volatile("int3");
}

static void privileged(void)
{
    __asm__ volatile("hlt");
}

static void port(void)
{
    __asm__ volatile("outb %al, $0x80");
}

static void null_write(void)
{
    __asm__ volatile("movl $1, 0x10");
}

static void kernel_read(void)
{
    __asm__ volatile("movabs $0xffffffff81000000, %%rax\n\tmov (%%rax), %%eax" ::: "rax");
}

static void hypervisor_read(void)
{
    __asm__ volatile("movabs $0xffff808000000000, %%rax\n\tmov (%%rax), %%eax" ::: "rax");
}

static void software_interrupt(void)
{
    __asm__ volatile("int $0x81");
}

static void single_step(void)
{
    __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop" ::: "memory", "cc");
}

/* Of a 64-bit program, too: the 32-bit system calls. */
static int int80(int number)
{
    __asm__ volatile("int $0x80" : "+a"(number) :: "memory", "r8", "r9", "r10", "r11");
    return number;
}

/* trap: the vector; address: what si_addr must be, or NULL where any will do. code 0: any. */
static const struct { const char *name; void (*act)(void); int signal, code, trap; void *address; } ACTS[] = {
    {"div", divide, SIGFPE, FPE_INTDIV, 0, NULL},
    {"ud2", undefined, SIGILL, ILL_ILLOPN, 6, NULL},
    {"int3", breakpoint, SIGTRAP, 0, 3, NULL},
    {"hlt", privileged, SIGSEGV, 0, 13, NULL},
    {"out", port, SIGSEGV, 0, 13, NULL},
    {"null", null_write, SIGSEGV, SEGV_MAPERR, 14, (void *)0x10},
    {"kernel", kernel_read, SIGSEGV, 0, 14, (void *)0xffffffff81000000},
    {"hypervisor", hypervisor_read, SIGSEGV, 0, 14, (void *)0xffff808000000000},
    {"int81", software_interrupt, SIGSEGV, 0, 13, NULL},
    {"step", single_step, SIGTRAP, TRAP_TRACE, 1, NULL},
};

int test_traps(void)
{
    static const int SIGNALS[] = {SIGFPE, SIGILL, SIGTRAP, SIGSEGV, SIGBUS};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER};
    volatile int failed = 0; /* lives across the long jumps */
    if (int80(20) != getpid() || int80(9999) != -ENOSYS) {
        printf("int80: %d\n", int80(20));
        failed = 1;
    }
    for (unsigned i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        sigaction(SIGNALS[i], &action, NULL);
    for (unsigned i = 0; i < sizeof ACTS / sizeof *ACTS; i++) {
        seen_signal = 0;
        if (!sigsetjmp(after, 1))
            ACTS[i].act();
        if (seen_signal != ACTS[i].signal || seen_trap != ACTS[i].trap || (ACTS[i].code && seen_code != ACTS[i].code)
            || (ACTS[i].address && seen_address != ACTS[i].address)) {
            printf("trap %s: signal %d code %d vector %d address %p\n", ACTS[i].name, seen_signal, seen_code, seen_trap,
                   seen_address);
            failed = 1;
        }
    }
    for (unsigned i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        signal(SIGNALS[i], SIG_DFL);
    return failed;
}
