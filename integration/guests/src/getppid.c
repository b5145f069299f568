/* A system call that does nothing, many times: the cheapest way into the guest's kernel and back. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "tests.h"

enum { CALLS = 100000 };

int test_getppid(void)
{
    long first = syscall(SYS_getppid);
    for (int i = 0; i < CALLS; i++)
        if (syscall(SYS_getppid) != first) {
            printf("getppid changed at call %d\n", i);
            return 1;
        }
    return 0;
}
