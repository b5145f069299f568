/* Ports for processes: none unless asked for, by ioperm() for some or by iopl() for all. Behind none of them is anything in a
 * virtual machine: reads give all ones, which on real hardware need not be. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { PORT = 0x2e8, LAST = 0xfff8 };

static int in_vm(void)
{
    return access("/sys/hypervisor/type", R_OK) == 0;
}

/* The signal that ends a child which reads `bytes` bytes at `port`, or 0; `before` gives it what rights it has. */
static int dies_of(int (*before)(void), int port, int bytes)
{
    int pid = fork();
    if (pid == 0) {
        unsigned value;
        if (before())
            _exit(1);
        value = bytes == 1 ? inb(port) | ~0xffu : bytes == 2 ? inw(port) | ~0xffffu : inl(port);
        outb(0, port);
        _exit(in_vm() && value != ~0u ? 2 : 0);
    }
    int status = reap(pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static int none(void)
{
    return 0;
}

static int some(void)
{
    return ioperm(PORT, 3, 1);
}

static int far(void)
{
    return ioperm(LAST, 8, 1);
}

static int all(void)
{
    return iopl(3);
}

static int taken_back(void)
{
    return ioperm(PORT, 3, 1) || ioperm(PORT, 3, 0);
}

static int some_of_a_parent(void)
{
    /* A child of a child, behind a process that has no rights. */
    if (ioperm(PORT, 1, 1))
        return 1;
    int pid = fork();
    if (pid == 0) {
        sleep(0);
        return 0;
    }
    _exit(WIFSIGNALED(reap(pid)) ? 3 : 0);
}

static const struct { const char *name; int (*before)(void); int port, bytes, want; } CASES[] = {
    {"none", none, PORT, 1, SIGSEGV},
    {"ioperm", some, PORT, 1, 0},
    {"ioperm 2", some, PORT + 1, 2, 0},
    {"ioperm, not quite", some, PORT + 2, 2, SIGSEGV},
    {"ioperm, another", some, PORT + 8, 1, SIGSEGV},
    {"ioperm, far", far, LAST + 4, 4, 0},
    {"ioperm, taken back", taken_back, PORT, 1, SIGSEGV},
    {"iopl", all, PORT + 8, 4, 0},
    {"a child", some_of_a_parent, PORT, 1, 0},
    {"none again", none, PORT, 1, SIGSEGV},
};

int test_ports(void)
{
    int failed = 0;
    for (unsigned i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int got = dies_of(CASES[i].before, CASES[i].port, CASES[i].bytes);
        if (got != CASES[i].want) {
            printf("ports %s: %d, not %d\n", CASES[i].name, got, CASES[i].want);
            failed = 1;
        }
    }
    return failed;
}
