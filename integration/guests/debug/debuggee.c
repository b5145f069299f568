/* What strace and gdb look at in a guest: calls that nest, variables that are read and written, a few system calls. */
#include <stdio.h>
#include <unistd.h>

volatile long watched;
volatile int rounds = 3;

static long inner(long x)
{
    long twice = 2 * x;
    watched = twice;
    return twice + 1;
}

static long outer(long x)
{
    long sum = 0;
    for (int i = 0; i < rounds; i++)
        sum += inner(x + i);
    return sum;
}

static void report(long result)
{
    printf("result %ld\n", result);
    fflush(stdout);
}

int main(void)
{
    report(outer(20));
    return getppid() == 0;
}
