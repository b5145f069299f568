/* A process may load its stack pointer, or jump, with an address that no memory can have. Whatever becomes of the
 * process, the kernel and the machine under it go on. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

#define NON_CANONICAL "0x8000123456789abc"

/* The system call itself needs no stack: a kernel may carry it out. 39 is getpid, 60 is exit. */
static void call_without_stack(void)
{
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rsp\n\tmov $39, %%eax\n\tsyscall\n\t"
                     "mov $60, %%eax\n\txor %%edi, %%edi\n\tsyscall" ::: "rax", "rcx", "r11", "memory");
}

static void push_without_stack(void)
{
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rsp\n\tpush %%rax" ::: "memory");
}

static void trap_without_stack(void)
{
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rsp\n\tint3" ::: "memory");
}

static void fault_without_stack(void)
{
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rsp\n\tmovl $0, 0" ::: "memory");
}

static void jump_nowhere(void)
{
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rax\n\tjmp *%%rax" ::: "rax", "memory");
}

static void return_nowhere(void)
{
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rax\n\tpush %%rax\n\tret" ::: "rax", "memory");
}

/* Sleeps with a bad stack pointer until a signal comes; its handler can have no frame. 34 is pause. */
static void signal_without_stack(void)
{
    alarm(1);
    __asm__ volatile("movabs $" NON_CANONICAL ", %%rsp\n\tmov $34, %%eax\n\tsyscall\n\tud2"
                     ::: "rax", "rcx", "r11", "memory");
}

static void ignore(int signo)
{
    (void)signo;
}

/* An answer for each: may the process end by itself, or must a signal have ended it? */
static const struct { const char *name; void (*act)(void); int may_exit; } ACTS[] = {
    {"syscall", call_without_stack, 1},
    {"push", push_without_stack, 0},
    {"int3", trap_without_stack, 0},
    {"fault", fault_without_stack, 0},
    {"jump", jump_nowhere, 0},
    {"return", return_nowhere, 0},
    {"signal", signal_without_stack, 0},
};

int test_badstack(void)
{
    int failed = 0;
    for (unsigned i = 0; i < sizeof ACTS / sizeof *ACTS; i++) {
        int pid = fork();
        if (pid == 0) {
            signal(SIGALRM, ignore);
            ACTS[i].act();
            _exit(1);
        }
        int status = reap(pid);
        if (!WIFSIGNALED(status) && !(ACTS[i].may_exit && WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            printf("badstack %s: wait status %#x\n", ACTS[i].name, status);
            failed = 1;
        }
    }
    return failed;
}
