/* Signals in numbers: to itself, queued between two processes, and by a timer into a busy loop. None is lost, none
 * comes twice. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { SELF = 20000, QUEUED = 2000, TICKS = 100 };

static volatile int count, sum;

static void on_signal(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    count++;
    sum += info->si_value.sival_int;
}

static void listen_to(int signo)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(signo, &action, NULL);
    count = sum = 0;
}

static int to_itself(void)
{
    listen_to(SIGUSR1);
    for (int i = 0; i < SELF; i++)
        kill(getpid(), SIGUSR1);
    if (count != SELF)
        printf("%d of %d signals to itself came\n", count, SELF);
    return count != SELF;
}

/* A real-time signal is queued with its number, so that the sum tells whether each came once. */
static int between_two(void)
{
    int parent = getpid(), expected = QUEUED * (QUEUED - 1) / 2;
    listen_to(SIGRTMIN);
    int child = fork();
    if (child == 0) {
        for (int i = 0; i < QUEUED; i++)
            while (sigqueue(parent, SIGRTMIN, (union sigval){.sival_int = i}))
                usleep(1000);
        _exit(0);
    }
    int status = reap(child);
    for (int i = 0; i < 1000 && count < QUEUED; i++)
        usleep(1000);
    if (status || count != QUEUED || sum != expected)
        printf("%d of %d queued signals came, sum %d of %d\n", count, QUEUED, sum, expected);
    return status || count != QUEUED || sum != expected;
}

static int by_a_timer(void)
{
    struct itimerval every = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    listen_to(SIGALRM);
    double begin = now();
    setitimer(ITIMER_REAL, &every, NULL);
    while (count < TICKS && now() - begin < 20)
        ;
    setitimer(ITIMER_REAL, &never, NULL);
    double took = now() - begin;
    if (count < TICKS || took < TICKS * 0.002 - 0.01)
        printf("%d timer signals in %.2f s\n", count, took);
    return count < TICKS || took < TICKS * 0.002 - 0.01;
}

int test_signals(void)
{
    return to_itself() | between_two() | by_a_timer();
}
