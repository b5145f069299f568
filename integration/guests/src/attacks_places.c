/* Attacks on the hypervisor's part of the address space: jumps into its code, reads and writes of all of it, and
 * returns from signals to places and modes that no process has. */
#define _GNU_SOURCE
#include "attacks.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests.h"

#define HOLE 0xffff800000000000ul
#define HOLE_END 0xffff880000000000ul
#define MONITOR 0xffff808000000000ul
#define PAGE 0x1000ul
#define WINDOW_PAGES 64ul
#define SYSCALL_PAGE (MONITOR + 4 * PAGE)
#define NON_CANONICAL 0x8000123456789abcul

/* Where code that was sent somewhere ends when it gets on: undefined, in code of any width. */
void landing(void);
__asm__(".globl landing\nlanding: ud2");

/* Registers at a jump. */
struct state {
    unsigned long rax, rcx, r11, rsp, rflags;
};

static void jump(unsigned long to, const struct state *s)
{
    __asm__ volatile(
        "mov %0, %%rdx\n\tmov 0(%1), %%rax\n\tmov 8(%1), %%rcx\n\tmov 16(%1), %%r11\n\tmov 32(%1), %%r8\n\t"
        "mov 24(%1), %%r9\n\tpushq %%r8\n\tpopfq\n\ttest %%r9, %%r9\n\tcmovnz %%r9, %%rsp\n\tjmp *%%rdx"
        :: "D"(to), "S"(s) : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
}

static int jump_fails(unsigned long to, const struct state *s, unsigned long number)
{
    attack_begin(to == SYSCALL_PAGE && s->rcx == SYSCALL_PAGE);
    if (!sigsetjmp(attack_after, 1))
        jump(to, s);
    /* ALRM: the address after the system call may be the jump's own target. */
    return attack_end("jump", number, FAULTS | SIG(SIGALRM));
}

/* Every combination of odd registers where SYSCALL enters, once more where 32-bit SYSCALL does. */
static int jumps_as_syscall(void)
{
    static const unsigned long RAX[] = {SYS_getpid, ~0ul, 1ul << 63, SYS_rt_sigreturn};
    static const unsigned long RCX[] = {0, NON_CANONICAL, SYSCALL_PAGE};
    static const unsigned long R11[] = {0, 2, 0x302, 0x4202, 0x3202, 0x40202, 0x3f7fd5, ~0ul};
    static const unsigned long RSP[] = {0, NON_CANONICAL, 8, SYSCALL_PAGE};
    volatile int failed = 0;
    for (volatile unsigned i = 0; i < 2 * 4 * 4 * 8 * 4; i++) {
        unsigned rcx = i / 4 % 4;
        struct state s = {RAX[i % 4], rcx == 3 ? (unsigned long)landing : RCX[rcx], R11[i / 16 % 8],
                          RSP[i / 128 % 4], 0x202};
        /* A system call that returns to itself lasts until the timer ends it: a few of them will do. And a return
         * from a signal on the stack as it is may take a mask of signals from there. */
        if ((rcx == 2 && i % 128 / 16 != 1) || (s.rax == SYS_rt_sigreturn && s.rsp == 0))
            continue;
        failed |= jump_fails(i / 512 ? SYSCALL_PAGE + 0xfc0 : SYSCALL_PAGE, &s, i);
    }
    return failed;
}

static int jumps_to(unsigned long page, unsigned long variant)
{
    static const unsigned long OFFSETS[] = {0, 2, 0x40, 0xfc0};
    static const unsigned long RAX[] = {MONITOR + 3 * PAGE, 1ul << 63, SYS_getpid};
    static const unsigned long RFLAGS[] = {0x202, 0x302, 0x40202};
    int failed = 0;
    for (unsigned o = 0; o < sizeof OFFSETS / sizeof *OFFSETS; o++) {
        struct state s = {RAX[variant % 3], variant % 2 ? (unsigned long)landing : NON_CANONICAL, variant % 5 * 0x301 | 2,
                          variant % 7 == 6 ? NON_CANONICAL : 0, RFLAGS[(variant + o) % 3]};
        failed |= jump_fails(page + OFFSETS[o], &s, page + OFFSETS[o]);
    }
    return failed;
}

int attack_jumps(void)
{
    static const unsigned long PLACES[] = {
        HOLE, HOLE + PAGE, MONITOR + 0x2000000, MONITOR + 0x2001000, MONITOR + 0x4000000, MONITOR + 0x8000000,
        MONITOR + (32ul << 30), MONITOR + (64ul << 30), MONITOR + (1ul << 38), HOLE_END - PAGE, 0xffffffff81000000ul,
        0xffffffffff600000ul, ~0xffful, 0x7ffffffff000ul, 0x800000000000ul};
    int failed = jumps_as_syscall();
    for (unsigned long n = 0; n < WINDOW_PAGES; n++)
        for (unsigned variant = 0; variant < 3; variant++)
            failed |= jumps_to(MONITOR + n * PAGE, n + variant);
    for (unsigned i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        failed |= jumps_to(PLACES[i], i);
    return failed;
}

/* Reads may go through where the hypervisor shows a page to all; writes must not. */
static int touch_fails(unsigned long at, int write)
{
    attack_signal = 0;
    if (!sigsetjmp(attack_after, 1)) {
        if (write)
            __asm__ volatile("lock orb $0, (%0)" :: "r"(at) : "memory", "cc");
        else
            __asm__ volatile("movb (%0), %%al" :: "r"(at) : "rax", "memory");
    }
    int wrong = attack_signal ? attack_signal != SIGSEGV || attack_address != (void *)at : write;
    if (wrong)
        printf("attack memory: %s of %#lx: signal %d at %p\n", write ? "write" : "read", at, attack_signal, attack_address);
    return wrong;
}

/* The kernel must not touch it for us either. */
static int system_calls_fail(unsigned long at, int *pipes)
{
    int wrong = write(pipes[1], (void *)at, 8) != -1 || errno != EFAULT;
    wrong |= read(pipes[0], (void *)at, 8) != -1 || (errno != EFAULT && errno != EAGAIN);
    wrong |= mmap((void *)at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
    if (wrong)
        printf("attack memory: a system call reached %#lx\n", at);
    return wrong;
}

int attack_memory(void)
{
    int pipes[2];
    volatile int failed = pipe2(pipes, O_NONBLOCK) != 0;
    for (volatile unsigned long at = HOLE; at < HOLE_END; at += 1ul << 33)
        failed |= touch_fails(at, 0) | touch_fails(at + 0xff8, 1) | system_calls_fail(at, pipes);
    for (volatile unsigned long n = 0; n < WINDOW_PAGES; n++)
        failed |= touch_fails(MONITOR + n * PAGE + 0xff8, 0) | touch_fails(MONITOR + n * PAGE, 1)
                  | system_calls_fail(MONITOR + n * PAGE, pipes);
    for (volatile unsigned long at = MONITOR + 0x2000000; at < MONITOR + 0x2008000; at += PAGE)
        failed |= touch_fails(at, 0) | touch_fails(at, 1) | touch_fails(at + 0x2000000, 0) | touch_fails(at + 0x2000000, 1)
                  | touch_fails(at + 0x6000000, 0) | touch_fails(at + 0x6000000, 1);
    attack_signal = 0;
    return failed | attack_end("memory", 0, NOTHING);
}

/* What the next signal's handler makes of the interrupted registers; 0 leaves one as it is. */
static struct { unsigned long rip, rsp, rflags; int cs, ss; } wanted;

static void on_user(int signo, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    unsigned long segments = regs[REG_CSGSFS];
    (void)signo, (void)info;
    regs[REG_RIP] = wanted.rip;
    regs[REG_RAX] = -1; /* for where it is taken for a system call, which returns to RCX */
    regs[REG_RCX] = (unsigned long)landing;
    if (wanted.rsp)
        regs[REG_RSP] = wanted.rsp;
    if (wanted.rflags)
        regs[REG_EFL] = wanted.rflags;
    if (wanted.cs >= 0)
        segments = (segments & ~0xfffful) | wanted.cs;
    if (wanted.ss >= 0)
        segments = (segments & ~(0xfffful << 48)) | (unsigned long)wanted.ss << 48;
    regs[REG_CSGSFS] = segments;
}

static int return_fails(unsigned long number)
{
    attack_begin(0);
    if (!sigsetjmp(attack_after, 1))
        raise(SIGUSR1);
    return attack_end("return", number, FAULTS);
}

static int returns_to_selectors(void)
{
    static const int SELECTORS[] = {-1, 0, 3, 4, 7, 0xf, 0x10, 0x13, 0x1b, 0x20, 0x23, 0x2b, 0x30, 0x33, 0x43, 0x53, 0xe008,
                                    0xe00b, 0xe010, 0xe019, 0xe01b, 0xe023, 0xe02b, 0xe033, 0xe040, 0xe043, 0xfffc, 0xffff};
    enum { COUNT = sizeof SELECTORS / sizeof *SELECTORS };
    volatile int failed = 0;
    wanted.rip = (unsigned long)landing;
    for (volatile int i = 0; i < COUNT; i++)
        for (volatile int ss = 0; ss < COUNT; ss += i < 2 || i == 10 || i == 13 ? 1 : 9) {
            wanted.cs = SELECTORS[i];
            wanted.ss = SELECTORS[ss];
            failed |= return_fails((SELECTORS[i] & 0xfffful) << 16 | (SELECTORS[ss] & 0xfffful));
        }
    wanted.cs = wanted.ss = -1;
    return failed;
}

int attack_returns(void)
{
    static const unsigned long ODD[] = {
        0, 1, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000, NON_CANONICAL, HOLE, SYSCALL_PAGE, SYSCALL_PAGE + 1,
        SYSCALL_PAGE + 2, SYSCALL_PAGE + 0xfc0, MONITOR, MONITOR + 0x2000000, 0xffffffff81000000, ~0ul};
    struct sigaction action = {.sa_sigaction = on_user, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    volatile int failed = 0;
    sigaction(SIGUSR1, &action, NULL);
    wanted.cs = wanted.ss = -1;
    for (volatile unsigned i = 0; i < sizeof ODD / sizeof *ODD; i++) {
        wanted.rip = ODD[i];
        failed |= return_fails(wanted.rip);
        wanted.rip = (unsigned long)landing;
        wanted.rsp = ODD[i];
        failed |= return_fails(wanted.rsp);
        wanted.rip = ODD[i];
        failed |= return_fails(wanted.rsp);
        wanted.rsp = 0;
    }
    wanted.rip = (unsigned long)landing;
    for (volatile int bit = 0; bit < 64; bit++) {
        wanted.rflags = 1ul << bit;
        failed |= return_fails(wanted.rflags);
        wanted.rflags = ~(1ul << bit);
        failed |= return_fails(wanted.rflags);
    }
    wanted.rflags = 0;
    return failed | returns_to_selectors();
}
