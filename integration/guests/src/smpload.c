/* The load of smpstress: processes that come and go, memory that does, signals, futexes and pipes. */
#define _GNU_SOURCE
#include "smpstress.h"
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { PAGE = 4096, PAGES = 48, PINGS = 60, SIGNALS = 30 };

static volatile int signals;

static void on_signal(int signo)
{
    (void)signo;
    signals++;
}

static int fork_and_write(int seed)
{
    static unsigned char bytes[PAGES * PAGE];
    memset(bytes, seed, sizeof bytes);
    int pid = fork();
    if (pid == 0) {
        for (int i = 0; i < PAGES; i++)
            if (bytes[i * PAGE + 7] != (unsigned char)seed)
                _exit(1);
        memset(bytes, ~seed, sizeof bytes);
        _exit(bytes[PAGE] != (unsigned char)~seed);
    }
    memset(bytes, seed + 1, sizeof bytes / 2);
    int failed = reap(pid) != 0;
    for (int i = 0; i < PAGES; i++)
        failed |= bytes[i * PAGE + 7] != (unsigned char)(i < PAGES / 2 ? seed + 1 : seed);
    return failed;
}

static int fork_and_exec(int seed)
{
    (void)seed;
    int pid = fork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    return reap(pid) != 0;
}

/* Says what was not as it must. */
static int unless(int right, const char *what)
{
    if (!right)
        printf("smpstress: %s\n", what);
    return !right;
}

static int map_and_unmap(int seed)
{
    unsigned char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return 1;
    int failed = 0;
    memset(at, seed, PAGES * PAGE);
    failed |= unless(mprotect(at, PAGES * PAGE / 2, PROT_READ) == 0, "mprotect to read-only");
    failed |= unless(at[PAGE] == (unsigned char)seed, "a page changed as it became read-only");
    failed |= unless(madvise(at + PAGES / 2 * PAGE, PAGES / 4 * PAGE, MADV_DONTNEED) == 0, "madvise");
    failed |= unless(at[PAGES / 2 * PAGE] == 0, "a page that was given back is still there");
    failed |= unless(munmap(at + 3 * PAGE, PAGE) == 0, "munmap of one page");
    failed |= unless(mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect to writable");
    at[5] = 1;
    unsigned char *moved = mremap(at + PAGES / 2 * PAGE, PAGES / 2 * PAGE, PAGES * PAGE, MREMAP_MAYMOVE);
    if (unless(moved != MAP_FAILED, "mremap"))
        return 1;
    failed |= unless(moved[PAGES / 2 * PAGE - 1] == (unsigned char)seed, "a page changed as it was moved");
    failed |= unless(moved[PAGES * PAGE - 1] == 0, "a page behind the moved ones is not new");
    munmap(moved, PAGES * PAGE);
    return failed | unless(munmap(at, PAGES / 2 * PAGE) == 0, "munmap of the rest");
}

static int signal_a_child(int seed)
{
    (void)seed;
    int parent = getpid();
    signal(SIGUSR1, on_signal);
    signals = 0;
    int pid = fork();
    if (pid == 0) {
        for (int i = 0; i < SIGNALS; i++)
            kill(parent, SIGUSR1);
        _exit(0);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        ;
    return status || signals == 0;
}

static void wait_for(_Atomic int *word, int value)
{
    int seen;
    while ((seen = *word) != value)
        syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void set(_Atomic int *word, int value)
{
    *word = value;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int ping_by_futex(int seed)
{
    (void)seed;
    _Atomic int *word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (word == MAP_FAILED)
        return 1;
    int pid = fork();
    for (int i = 0; i < PINGS; i++)
        if (pid == 0) {
            wait_for(word, 2 * i + 1);
            set(word, 2 * i + 2);
        } else {
            set(word, 2 * i + 1);
            wait_for(word, 2 * i + 2);
        }
    if (pid == 0)
        _exit(0);
    int failed = reap(pid) != 0;
    munmap(word, PAGE);
    return failed;
}

static int talk_by_pipe(int seed)
{
    int to[2];
    unsigned char bytes[3000];
    if (pipe(to))
        return 1;
    int pid = fork();
    if (pid == 0) {
        close(to[0]);
        memset(bytes, seed, sizeof bytes);
        for (int i = 0; i < 20; i++)
            if (write(to[1], bytes, sizeof bytes) != sizeof bytes)
                _exit(1);
        _exit(0);
    }
    close(to[1]);
    long total = 0, count;
    int failed = 0;
    while ((count = read(to[0], bytes, sizeof bytes)) > 0) {
        total += count;
        failed |= bytes[0] != (unsigned char)seed || bytes[count - 1] != (unsigned char)seed;
    }
    close(to[0]);
    return failed | (reap(pid) != 0) | (total != 20 * (long)sizeof bytes);
}

int stress_processes(int seed)
{
    static const struct { const char *name; int (*run)(int); } WORKS[] = {
        {"fork", fork_and_write}, {"exec", fork_and_exec}, {"mmap", map_and_unmap}, {"signal", signal_a_child},
        {"futex", ping_by_futex}, {"pipe", talk_by_pipe}};
    enum { COUNT = sizeof WORKS / sizeof *WORKS };
    unsigned long rounds = 0;
    for (; stress_goes_on(); rounds++) {
        int work = (rounds + seed) % COUNT;
        if (WORKS[work].run(seed + rounds)) {
            printf("smpstress: %s failed in round %lu of process %d\n", WORKS[work].name, rounds, seed);
            return 1;
        }
    }
    printf("smpstress: process %d did %lu rounds\n", seed, rounds);
    return 0;
}
