/* A 32-bit program without a C library: every way into the kernel that such a program has. It is built without TLS, which
 * some hosts cannot give to 32-bit programs. Prints "WAY: ok", "WAY: signal N" or "WAY: wrong" for each. */
typedef unsigned int u32;

enum { EXIT = 1, FORK = 2, WRITE = 4, WAITPID = 7, GETPID = 20, GETPPID = 64, SIGRETURN = 119, RT_SIGACTION = 174,
       MMAP2 = 192, SET_THREAD_AREA = 243 };
enum { AT_SYSINFO = 32, SIGILL = 4, SIGSEGV = 11 };

static u32 vsyscall_entry;

static int int80(u32 nr, u32 a, u32 b, u32 c)
{
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

static int vsyscall(u32 nr, u32 a, u32 b, u32 c)
{
    int result;
    __asm__ volatile("call *%5" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c), "m"(vsyscall_entry) : "memory");
    return result;
}

/* The next two do what the vDSO does: the kernel returns to the vDSO, which pops three registers and returns here. */
int sysenter(u32 nr, u32 a, u32 b, u32 c);
int syscall32(u32 nr, u32 a, u32 b, u32 c);
__asm__(
    "sysenter:\n\tpush %ebx\n\tmov 8(%esp), %eax\n\tmov 12(%esp), %ebx\n\tmov 16(%esp), %ecx\n\tmov 20(%esp), %edx\n\t"
    "call 1f\n\tpop %ebx\n\tret\n"
    "1:\tpush %ecx\n\tpush %edx\n\tpush %ebp\n\tmov %esp, %ebp\n\tsysenter\n\thlt\n"
    "syscall32:\n\tpush %ebx\n\tmov 8(%esp), %eax\n\tmov 12(%esp), %ebx\n\tmov 16(%esp), %ecx\n\tmov 20(%esp), %edx\n\t"
    "call 1f\n\tpop %ebx\n\tret\n"
    "1:\tpush %ecx\n\tpush %edx\n\tpush %ebp\n\tmov %ecx, %ebp\n\tsyscall\n\thlt\n");

static void print(const char *text)
{
    u32 length = 0;
    while (text[length])
        length++;
    int80(WRITE, 1, (u32)text, length);
}

static void print_number(u32 n)
{
    char digits[12], *p = digits + 11;
    *p = 0;
    do
        *--p = '0' + n % 10;
    while (n /= 10);
    print(p);
}

/* In a process of its own, which a missing way kills. */
static int try_way(const char *name, int (*call)(u32, u32, u32, u32))
{
    u32 parent = int80(GETPID, 0, 0, 0), status = 0;
    int child = int80(FORK, 0, 0, 0);
    if (!child) {
        int good = 1;
        for (int i = 0; i < 1000; i++)
            good &= (u32)call(GETPPID, i, ~i, 7) == parent && call(9999, 1, 2, 3) == -38;
        int80(EXIT, good ? 0 : 1, 0, 0);
    }
    int80(WAITPID, child, (u32)&status, 0);
    print(name);
    if (status & 0x7f) {
        print(": signal ");
        print_number(status & 0x7f);
        print("\n");
    } else {
        print(status ? ": wrong\n" : ": ok\n");
    }
    return status != 0;
}

/* ---- signals, segments, memory */

static volatile u32 handled;

struct action { void (*handler)(int); u32 flags; void (*restorer)(void); u32 mask[2]; };

void restore(void);
__asm__("restore:\n\tpop %eax\n\tmov $119, %eax\n\tint $0x80\n");

static void handler(int signo)
{
    handled += signo;
}

static int signals(void)
{
    struct action action = {handler, 0x04000000 /* SA_RESTORER */, restore, {0, 0}};
    __asm__ volatile("int $0x80" :: "a"(RT_SIGACTION), "b"(SIGILL), "c"(&action), "d"(0), "S"(8) : "memory");
    for (int i = 0; i < 100; i++)
        int80(37 /* kill */, int80(GETPID, 0, 0, 0), SIGILL, 0);
    return handled == 100 * SIGILL;
}

static int segments(void)
{
    u32 cs, ds, es, ss, again;
    __asm__ volatile("mov %%cs, %0\n\tmov %%ds, %1\n\tmov %%es, %2\n\tmov %%ss, %3" : "=r"(cs), "=r"(ds), "=r"(es), "=r"(ss));
    __asm__ volatile("push %%ds\n\tpop %%es\n\tmov %%es, %0" : "=r"(again));
    return (cs & 0xffff) == 0x23 && (ds & 0xffff) == 0x2b && (es & 0xffff) == 0x2b && (ss & 0xffff) == 0x2b
        && (again & 0xffff) == 0x2b;
}

static int memory(void)
{
    volatile u32 *p;
    __asm__ volatile("push %%ebp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%ebp" : "=a"(p)
        : "a"(MMAP2), "b"(0), "c"(1 << 20), "d"(3), "S"(0x22), "D"(-1) : "memory");
    for (u32 i = 0; i < 1 << 18; i += 256)
        p[i] = i;
    for (u32 i = 0; i < 1 << 18; i += 256)
        if (p[i] != i)
            return 0;
    return 1;
}

static int check(const char *name, int good)
{
    print(name);
    print(good ? ": ok\n" : ": wrong\n");
    return !good;
}

int begin(u32 *stack)
{
    int failed = 0;
    u32 *p = stack + 1 + *stack + 1;
    while (*p++)
        continue;
    for (; *p; p += 2)
        if (*p == AT_SYSINFO)
            vsyscall_entry = p[1];
    failed += try_way("int80", int80);
    failed += try_way("vsyscall", vsyscall);
    try_way("sysenter", sysenter);
    try_way("syscall32", syscall32);
    failed += check("signals32", signals());
    failed += check("segments32", segments());
    failed += check("memory32", memory());
    return failed;
}

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall begin\n\t"
    "mov %eax, %ebx\n\tmov $1, %eax\n\tint $0x80\n");
