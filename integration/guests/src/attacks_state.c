/* Attacks by the state of a process: single-stepping, alignment checks, segment bases, I/O privilege, and the
 * registers of the floating-point unit across forks, signals and faults. */
#define _GNU_SOURCE
#include "attacks.h"
#include <asm/prctl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "tests.h"

#define NON_CANONICAL 0x8000123456789abcul

static volatile int steps, faults;

/* Goes on stepping; what faults with a step flag set is skipped by its length, 2. */
static void on_step(int signo, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)info;
    if (signo == SIGTRAP) {
        steps++;
    } else {
        faults++;
        regs[REG_RIP] += 2;
    }
}

static long step_over_everything(void)
{
    long pid;
    __asm__ volatile(
        "sub $128, %%rsp\n\t"
        "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
        "nop\n\tmov $39, %%eax\n\tsyscall\n\tmov %%rax, %%r12\n\tnop\n\t"
        "mov $20, %%eax\n\tint $0x80\n\tnop\n\t"
        "pushfq\n\tpopfq\n\tnop\n\t"
        "xor %%eax, %%eax\n\tcpuid\n\tnop\n\trdtsc\n\t"
        "mov %%ss, %%eax\n\tmov %%eax, %%ss\n\tmov $39, %%eax\n\tsyscall\n\t"
        "mov %%ss, %%eax\n\tmov %%eax, %%ss\n\tud2\n\t"
        "mov %%ss, %%eax\n\tmov %%eax, %%ss\n\tint $0x81\n\t"
        "ud2\n\tnop\n\tint $4\n\tnop\n\tint $0x81\n\tnop\n\tout %%al, $0x80\n\tnop\n\t"
        "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\tadd $128, %%rsp\n\tmov %%r12, %0"
        : "=r"(pid) :: "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
    return pid;
}

int attack_steps(void)
{
    static const int SIGNALS[] = {SIGTRAP, SIGILL, SIGSEGV};
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    volatile int failed = 0;
    for (unsigned i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        sigaction(SIGNALS[i], &action, NULL);
    for (volatile int round = 0; round < 50; round++) {
        steps = faults = attack_signal = 0;
        long pid = step_over_everything();
        /* int $4 is a trap and not a fault: its handler skips the two bytes after it, a NOP and the next one's first. */
        if (pid != getpid() || steps < 20 || faults < 5) {
            printf("attack steps: %d steps and %d faults, pid %ld of %d\n", steps, faults, pid, getpid());
            failed = 1;
        }
        failed |= attack_end("steps", round, NOTHING);
    }
    return failed;
}

static volatile long traps, alarms;

static void on_counted(int signo)
{
    if (signo == SIGALRM)
        alarms++;
    else
        traps++;
}

/* Traps and timers at once: none of the traps may be lost, nor come elsewhere. Then a loop stands behind an int3 that is
 * done with, and ends only when it has been interrupted often. */
int attack_breakpoints(void)
{
    enum { TRAPS = 6000, ENOUGH = 100 };
    struct sigaction action = {.sa_handler = on_counted, .sa_flags = SA_ONSTACK};
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGTRAP, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < TRAPS / 3; i++)
        __asm__ volatile("int3\n\tint $3\n\tint $4" ::: "memory");
    long lost = TRAPS - traps;
    alarms = 0;
    __asm__ volatile("int3\n1:\tcmpq %1, %0\n\tjb 1b" : "+m"(alarms) : "i"(ENOUGH) : "memory", "cc");
    setitimer(ITIMER_REAL, &never, NULL);
    if (lost)
        printf("attack breakpoints: %ld of %d traps were lost\n", lost, TRAPS);
    return lost != 0;
}

/* A system call with the alignment-check flag set, then a word across a boundary. */
int attack_alignment(void)
{
    static char words[32] __attribute__((aligned(16)));
    attack_begin(0);
    if (!sigsetjmp(attack_after, 1))
        __asm__ volatile("sub $128, %%rsp\n\tpushfq\n\torq $0x40000, (%%rsp)\n\tpopfq\n\tmov $39, %%eax\n\tsyscall\n\t"
                         "mov $63, %%eax\n\tmov $1, %%edi\n\tsyscall\n\tmov 1(%0), %%rax\n\tadd $128, %%rsp"
                         :: "r"(words) : "rax", "rcx", "rdi", "r11", "memory", "cc");
    __asm__ volatile("pushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq" ::: "memory", "cc");
    return attack_end("alignment", 0, SIG(SIGBUS));
}

static int has_fsgsbase(void)
{
    unsigned long base;
    attack_begin(0);
    if (sigsetjmp(attack_after, 1))
        return 0;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return 1;
}

/* A base, then what enters the kernel in every way: system call, trap, fault, and a timer's interrupt. */
static int base_fails(unsigned long base, int canonical)
{
    volatile int failed = 0;
    for (volatile int way = 0; way < 4; way++) {
        attack_begin(0);
        if (!sigsetjmp(attack_after, 1)) {
            __asm__ volatile("wrgsbase %0" :: "r"(base));
            switch (way) {
            case 0: __asm__ volatile("mov $39, %%eax\n\tsyscall\n\tud2" ::: "rax", "rcx", "r11", "memory"); break;
            case 1: __asm__ volatile("int3"); break;
            case 2: __asm__ volatile("movb $0, %gs:0\n\tud2"); break;
            default: __asm__ volatile("mov $24, %%eax\n\tsyscall\n\tud2" ::: "rax", "rcx", "r11", "memory");
            }
        }
        failed |= attack_end("gs base", base, canonical ? FAULTS : SIG(SIGSEGV));
        unsigned long found;
        __asm__ volatile("rdgsbase %0" : "=r"(found));
        if (canonical && found != base) {
            printf("attack bases: %#lx became %#lx\n", base, found);
            failed = 1;
        }
    }
    return failed;
}

int attack_bases(void)
{
    static const unsigned long CANONICAL[] = {0x1234000, 0x7ffffffff000, 0xffff808000003000, 0xffff808000001000,
                                              0xffffffff81000000, 0xfffffffffffff000};
    static const unsigned long OTHERS[] = {0x800000000000, NON_CANONICAL, 0xffff000000000000, 1ul << 63};
    volatile int failed = 0;
    for (volatile unsigned i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (syscall(SYS_arch_prctl, ARCH_SET_GS, OTHERS[i]) == 0 || syscall(SYS_arch_prctl, ARCH_SET_FS, OTHERS[i]) == 0) {
            printf("attack bases: the kernel took %#lx\n", OTHERS[i]);
            failed = 1;
        }
    if (!has_fsgsbase())
        return failed;
    for (volatile unsigned i = 0; i < sizeof CANONICAL / sizeof *CANONICAL; i++)
        failed |= base_fails(CANONICAL[i], 1);
    for (volatile unsigned i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        failed |= base_fails(OTHERS[i], 0);
    __asm__ volatile("wrgsbase %0" :: "r"(0ul));
    return failed;
}

static int port_fails(const char *name, void (*act)(void))
{
    attack_begin(0);
    if (!sigsetjmp(attack_after, 1))
        act();
    return attack_end(name, 0, NOTHING | SIG(SIGSEGV));
}

static void read_port(void)
{
    inb(0x80);
}

static void read_all_ports(void)
{
    for (int port = 0x40; port < 0x70; port++)
        inb(port);
    inl(0xcfc);
}

static void write_port(void)
{
    outb(0, 0x80);
}

static void clear_interrupts(void)
{
    __asm__ volatile("cli\n\tpushfq\n\tpopfq\n\tsti");
}

static void popf_iopl(void)
{
    __asm__ volatile("pushfq\n\torq $0x3000, (%%rsp)\n\tandq $~0x200, (%%rsp)\n\tpopfq\n\tpushfq\n\tpopfq" ::: "memory", "cc");
}

/* As root: the guest's kernel may grant I/O privilege, which reaches no port of the host's. */
int attack_ports(void)
{
    int failed = 0;
    for (int round = 0; round < 3; round++) {
        failed |= port_fails("in", read_port) | port_fails("in all", read_all_ports) | port_fails("out", write_port);
        failed |= port_fails("cli", clear_interrupts) | port_fails("popf", popf_iopl);
        if (round == 0)
            ioperm(0x80, 1, 1);
        else
            iopl(3);
    }
    iopl(0);
    return failed;
}

static void spoil_registers(int signo)
{
    (void)signo;
    __asm__ volatile("fninit\n\tfld1\n\tfldpi\n\tpcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm7, %%xmm7\n\tpcmpeqd %%xmm15, %%xmm15"
                     ::: "xmm0", "xmm7", "xmm15");
}

/* Fills registers, makes system call `number`, and compares. Both processes of a fork get here. */
static int registers_survive(double seed, long number, long argument0, long argument1, long *result)
{
    double in[4] = {seed, -seed, seed / 3, seed * 7}, out[4] = {0};
    __asm__ volatile("fninit\n\tmovupd (%2), %%xmm0\n\tmovupd 16(%2), %%xmm15\n\tfldl (%2)\n\tfldl 24(%2)\n\tsyscall\n\t"
                     "fstpl 24(%3)\n\tfstpl (%3)\n\tmovhpd %%xmm0, 8(%3)\n\tmovlpd %%xmm15, 16(%3)"
                     : "=a"(*result) : "0"(number), "r"(in), "r"(out), "D"(argument0), "S"(argument1)
                     : "rcx", "r11", "xmm0", "xmm15", "memory");
    return memcmp(in, out, sizeof in) == 0;
}

static int upper_halves_survive(double seed, long number, long argument0, long argument1, long *result)
{
    double in[4] = {seed, -seed, seed / 3, seed * 7}, out[4] = {0};
    if (!__builtin_cpu_supports("avx"))
        return registers_survive(seed, number, argument0, argument1, result);
    __asm__ volatile("vmovupd (%2), %%ymm15\n\tsyscall\n\tvmovupd %%ymm15, (%3)\n\tvzeroupper"
                     : "=a"(*result) : "0"(number), "r"(in), "r"(out), "D"(argument0), "S"(argument1)
                     : "rcx", "r11", "xmm15", "memory");
    return memcmp(in, out, sizeof in) == 0;
}

int attack_registers(void)
{
    int failed = 0;
    signal(SIGUSR1, spoil_registers);
    for (int round = 0; round < 40; round++) {
        long pid, ignored;
        int whole = round % 2 ? upper_halves_survive(round, SYS_fork, 0, 0, &pid)
                              : registers_survive(round, SYS_fork, 0, 0, &pid);
        if (pid == 0)
            syscall(SYS_exit, !whole);
        int status = reap(pid);
        int kept = round % 2 ? upper_halves_survive(round, SYS_kill, getpid(), SIGUSR1, &ignored)
                             : registers_survive(round, SYS_kill, getpid(), SIGUSR1, &ignored);
        if (!whole || !kept || status) {
            printf("attack registers: round %d: fork %d, child %#x, signal %d\n", round, whole, status, kept);
            failed = 1;
        }
    }
    __asm__ volatile("fninit");
    return failed;
}
