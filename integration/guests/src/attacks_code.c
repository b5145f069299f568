/* Attacks by single instructions: privileged ones, software interrupts, selectors, and 32-bit code. */
#define _GNU_SOURCE
#include "attacks.h"
#include <asm/ldt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { PAGE = 4096, GETPID32 = 20, DONE = 42 };

/* A page of code, in the lower 2 GiB so that 32-bit code can run there. */
static unsigned char *code_page(void)
{
    static unsigned char *page;
    if (!page) {
        page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        if (page == MAP_FAILED) {
            perror("a page for code");
            _exit(1);
        }
    }
    return page;
}

/* Runs the bytes and what follows, a return; RAX, RCX, RDX and RBX point to a scratch page or are what `rcx` says. */
static void execute(const unsigned char *bytes, int length, unsigned long rcx)
{
    unsigned char *page = code_page();
    unsigned long rax = (unsigned long)page + PAGE, rdx = 0;
    memset(page, 0x90, 32);
    memcpy(page, bytes, length);
    page[32] = 0xc3;
    __asm__ volatile("call *%3" : "+a"(rax), "+c"(rcx), "+d"(rdx) : "r"(page)
                     : "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}

#define REFUSED (SIG(SIGSEGV) | SIG(SIGILL) | SIG(SIGBUS))
#define BYTES(...) {__VA_ARGS__}, sizeof (unsigned char[]){__VA_ARGS__}
static const struct { const char *name; unsigned char bytes[12]; int length; unsigned allowed; } INSTRUCTIONS[] = {
    {"int3", BYTES(0xcc), SIG(SIGTRAP)},
    {"icebp", BYTES(0xf1), SIG(SIGTRAP)},
    {"ud0", BYTES(0x0f, 0xff, 0xc0), SIG(SIGILL)},
    {"ud1", BYTES(0x0f, 0xb9, 0xc0), SIG(SIGILL)},
    {"ud2", BYTES(0x0f, 0x0b), SIG(SIGILL)},
    {"hlt", BYTES(0xf4), SIG(SIGSEGV)},
    {"cli", BYTES(0xfa), SIG(SIGSEGV)},
    {"sti", BYTES(0xfb), SIG(SIGSEGV)},
    {"in", BYTES(0xec), SIG(SIGSEGV)},
    {"out", BYTES(0xee), SIG(SIGSEGV)},
    {"outs", BYTES(0x6e), SIG(SIGSEGV)},
    {"clts", BYTES(0x0f, 0x06), SIG(SIGSEGV)},
    {"invd", BYTES(0x0f, 0x08), SIG(SIGSEGV)},
    {"wbinvd", BYTES(0x0f, 0x09), SIG(SIGSEGV)},
    {"sysret", BYTES(0x48, 0x0f, 0x07), SIG(SIGSEGV)},
    {"sysexit", BYTES(0x48, 0x0f, 0x35), REFUSED},
    {"sysenter", BYTES(0x0f, 0x34), REFUSED},
    {"swapgs", BYTES(0x0f, 0x01, 0xf8), SIG(SIGSEGV)},
    {"lgdt", BYTES(0x0f, 0x01, 0x10), SIG(SIGSEGV)},
    {"lidt", BYTES(0x0f, 0x01, 0x18), SIG(SIGSEGV)},
    {"lldt", BYTES(0x0f, 0x00, 0xd0), SIG(SIGSEGV)},
    {"ltr", BYTES(0x0f, 0x00, 0xd8), SIG(SIGSEGV)},
    {"lmsw", BYTES(0x0f, 0x01, 0xf0), SIG(SIGSEGV)},
    {"invlpg", BYTES(0x0f, 0x01, 0x38), SIG(SIGSEGV)},
    {"invpcid", BYTES(0x66, 0x0f, 0x38, 0x82, 0x08), REFUSED},
    {"rdmsr", BYTES(0x0f, 0x32), SIG(SIGSEGV)},
    {"wrmsr", BYTES(0x0f, 0x30), SIG(SIGSEGV)},
    {"rdpmc", BYTES(0x0f, 0x33), REFUSED | NOTHING},
    {"xsetbv", BYTES(0x0f, 0x01, 0xd1), REFUSED},
    {"mov cr0", BYTES(0x0f, 0x22, 0xc0), SIG(SIGSEGV)},
    {"mov cr3", BYTES(0x0f, 0x22, 0xd8), SIG(SIGSEGV)},
    {"mov cr4", BYTES(0x0f, 0x22, 0xe0), SIG(SIGSEGV)},
    {"mov cr8", BYTES(0x44, 0x0f, 0x22, 0xc0), REFUSED},
    {"from cr1", BYTES(0x0f, 0x20, 0xc8), REFUSED},
    {"from cr3", BYTES(0x0f, 0x20, 0xd8), SIG(SIGSEGV)},
    {"mov dr7", BYTES(0x0f, 0x23, 0xf8), SIG(SIGSEGV)},
    {"from dr0", BYTES(0x0f, 0x21, 0xc0), SIG(SIGSEGV)},
    {"monitor", BYTES(0x0f, 0x01, 0xc8), REFUSED},
    {"mwait", BYTES(0x0f, 0x01, 0xc9), REFUSED},
    {"vmcall", BYTES(0x0f, 0x01, 0xc1), REFUSED | NOTHING},
    {"vmmcall", BYTES(0x0f, 0x01, 0xd9), REFUSED | NOTHING},
    {"vmlaunch", BYTES(0x0f, 0x01, 0xc2), REFUSED},
    {"vmxon", BYTES(0xf3, 0x0f, 0xc7, 0x30), REFUSED},
    {"vmrun", BYTES(0x0f, 0x01, 0xd8), REFUSED},
    {"stgi", BYTES(0x0f, 0x01, 0xdc), REFUSED},
    {"invlpga", BYTES(0x0f, 0x01, 0xdf), REFUSED},
    {"skinit", BYTES(0x0f, 0x01, 0xde), REFUSED},
    {"rsm", BYTES(0x0f, 0xaa), REFUSED},
    {"getsec", BYTES(0x0f, 0x37), REFUSED},
    {"encls", BYTES(0x0f, 0x01, 0xcf), REFUSED},
    {"stac", BYTES(0x0f, 0x01, 0xcb), REFUSED},
    {"clac", BYTES(0x0f, 0x01, 0xca), REFUSED},
    {"xen cpuid", BYTES(0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2), SIG(SIGILL) | NOTHING},
    {"xen half", BYTES(0x0f, 0x0b, 0x78, 0x65, 0x6e), SIG(SIGILL)},
    {"lock nop", BYTES(0xf0, 0x90), SIG(SIGILL)},
    {"too long", BYTES(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66), NOTHING | REFUSED},
    {"far jump", BYTES(0x48, 0xff, 0x28), REFUSED},
    {"far call", BYTES(0x48, 0xff, 0x18), REFUSED},
    {"iret to nothing", BYTES(0x6a, 0, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x48, 0xcf), REFUSED},
    {"iret to ring 1", BYTES(0x6a, 0, 0x6a, 0, 0x6a, 0, 0x6a, 0x11, 0x50, 0x48, 0xcf), REFUSED},
    {"lret to nothing", BYTES(0x6a, 0, 0x6a, 0, 0x48, 0xcb), REFUSED},
};

int attack_instructions(void)
{
    static const unsigned long COUNTERS[] = {0, 0xc0000080, 0xc0000101, ~0ul};
    volatile int failed = 0;
    for (volatile unsigned i = 0; i < sizeof INSTRUCTIONS / sizeof *INSTRUCTIONS; i++)
        for (volatile unsigned c = 0; c < sizeof COUNTERS / sizeof *COUNTERS; c++) {
            attack_begin(0);
            if (!sigsetjmp(attack_after, 1))
                execute(INSTRUCTIONS[i].bytes, INSTRUCTIONS[i].length, COUNTERS[c]);
            failed |= attack_end(INSTRUCTIONS[i].name, COUNTERS[c], INSTRUCTIONS[i].allowed);
        }
    return failed;
}

int attack_interrupts(void)
{
    volatile int failed = 0;
    for (volatile unsigned n = 0; n < 256; n++) {
        unsigned char bytes[] = {0xb8, GETPID32, 0, 0, 0, 0xcd, n};
        volatile unsigned allowed = n == 3 ? SIG(SIGTRAP) : n == 0x80 ? NOTHING : SIG(SIGSEGV);
        /* Some hosts answer a few of the vectors that processors reserve by themselves, and do nothing. */
        if (n > 21 && n < 32)
            allowed |= NOTHING;
        attack_begin(0);
        if (!sigsetjmp(attack_after, 1))
            execute(bytes, sizeof bytes, 0);
        failed |= attack_end("int", n, allowed);
    }
    return failed;
}

/* Loads `selector` into a register, far jumps, far returns and asks for its rights, as `how` says. */
static void use_selector(unsigned short selector, int how)
{
    struct { unsigned offset; unsigned short selector; } __attribute__((packed)) far = {0, selector};
    unsigned long target = 0;
    switch (how) {
    case 0: __asm__ volatile("mov %0, %%es" :: "r"(selector)); break;
    case 1: __asm__ volatile("mov %0, %%ds" :: "r"(selector)); break;
    case 2: __asm__ volatile("mov %0, %%gs" :: "r"(selector)); break;
    case 3: __asm__ volatile("mov %%ss, %%ecx\n\tmov %0, %%ss\n\tmov %%ecx, %%ss" :: "r"(selector) : "rcx"); break;
    case 4: __asm__ volatile("lar %1, %0" : "+r"(target) : "r"((unsigned long)selector) : "cc"); break;
    case 5: __asm__ volatile("lsl %1, %0" : "+r"(target) : "r"((unsigned long)selector) : "cc"); break;
    case 6: __asm__ volatile("verr %0" :: "r"(selector) : "cc"); break;
    case 7: __asm__ volatile("ljmp *%0" :: "m"(far) : "memory"); break;
    case 8: __asm__ volatile("lcall *%0" :: "m"(far) : "memory"); break;
    default:
        __asm__ volatile("pushq %0\n\tpushq $0\n\tlretq" :: "r"((unsigned long)selector) : "memory");
    }
}

static int all_selectors(void)
{
    static const unsigned short SELECTORS[] = {
        4, 7, 0xf, 0x17, 0x1f, 0xffff, 0xfffc, 0x10, 0x13, 0x3b, 0x43, 0x4b, 0x53, 0x63, 0x73, 0x83,
        0xe008, 0xe00b, 0xe010, 0xe013, 0xe01b, 0xe019, 0xe02b, 0xe033, 0xe03b, 0xe040, 0xe043, 0xe04b, 0xefff};
    volatile int failed = 0;
    for (volatile unsigned i = 0; i < sizeof SELECTORS / sizeof *SELECTORS; i++)
        for (volatile int how = 0; how < 10; how++) {
            attack_begin(0);
            if (!sigsetjmp(attack_after, 1))
                use_selector(SELECTORS[i], how);
            /* A jump goes to address 0, where nothing is; a load goes through where the selector is one of data. */
            failed |= attack_end("selector", SELECTORS[i] << 4 | how, REFUSED | (how < 7 ? NOTHING : 0));
        }
    return failed;
}

/* Before and after the process has asked for an LDT with a descriptor that reaches everything. */
int attack_selectors(void)
{
    struct user_desc everything = {.entry_number = 0, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1};
    int failed = all_selectors();
    for (unsigned entry = 0; entry < 3; entry++) {
        everything.entry_number = entry;
        everything.contents = entry == 2 ? MODIFY_LDT_CONTENTS_CODE : MODIFY_LDT_CONTENTS_DATA;
        syscall(SYS_modify_ldt, 1, &everything, sizeof everything);
    }
    return failed | all_selectors();
}

/* 32-bit code: an instruction, then exit(42) by int $0x80, then HLT. */
static void run_compat(const unsigned char *bytes, int length)
{
    static const unsigned char EXIT[] = {0xb8, 1, 0, 0, 0, 0xbb, DONE, 0, 0, 0, 0xcd, 0x80, 0xf4};
    unsigned char *page = code_page();
    unsigned char begin[] = {0xb8, GETPID32, 0, 0, 0};
    memcpy(page, begin, sizeof begin);
    memcpy(page + sizeof begin, bytes, length);
    memcpy(page + sizeof begin + length, EXIT, sizeof EXIT);
    __asm__ volatile("lea 8184(%0), %%rsp\n\tmov %%rsp, %%rbp\n\tpushq $0x23\n\tpushq %0\n\tlretq"
                     :: "a"((unsigned long)page) : "memory");
}

static const struct { const char *name; unsigned char bytes[8]; int length; unsigned allowed; } COMPAT[] = {
    {"nop", BYTES(0x90), NOTHING},
    {"int80", BYTES(0xcd, 0x80), NOTHING},
    {"syscall32", BYTES(0x0f, 0x05), NOTHING | REFUSED},
    {"sysenter32", BYTES(0x0f, 0x34), NOTHING | REFUSED},
    {"int3 32", BYTES(0xcc), SIG(SIGTRAP)},
    {"into 32", BYTES(0xb0, 0x7f, 0x04, 0x01, 0xce), SIG(SIGSEGV) | SIG(SIGILL)},
    {"int4 32", BYTES(0xcd, 4), SIG(SIGSEGV)},
    {"int81 32", BYTES(0xcd, 0x81), SIG(SIGSEGV)},
    {"hlt 32", BYTES(0xf4), SIG(SIGSEGV)},
    {"ud2 32", BYTES(0x0f, 0x0b), SIG(SIGILL)},
    {"ldt in es", BYTES(0x6a, 7, 0x07), NOTHING | REFUSED},
    {"pushf tf", BYTES(0x68, 0, 1, 0, 0, 0x9d, 0x90, 0x90), SIG(SIGTRAP)},
    {"null", BYTES(0xa1, 0, 0, 0, 0), SIG(SIGSEGV)},
    {"vmcall32", BYTES(0x0f, 0x01, 0xc1), NOTHING | REFUSED},
};

/* One process each, with the default action for signals: the way back to 64-bit code would be part of the trouble. */
int attack_compat(void)
{
    int failed = 0;
    for (unsigned i = 0; i < sizeof COMPAT / sizeof *COMPAT; i++) {
        int pid = fork();
        if (pid == 0) {
            static const int SIGNALS[] = {SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGALRM};
            for (unsigned s = 0; s < sizeof SIGNALS / sizeof *SIGNALS; s++)
                signal(SIGNALS[s], SIG_DFL);
            alarm(2);
            run_compat(COMPAT[i].bytes, COMPAT[i].length);
        }
        int status = reap(pid);
        attack_signal = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) == DONE ? 0 : SIGABRT;
        failed |= attack_end(COMPAT[i].name, status, COMPAT[i].allowed);
    }
    return failed;
}
