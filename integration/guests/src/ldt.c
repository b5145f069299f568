/* Local descriptor tables: set, read back, cleared, inherited, and switched between processes; and what their selectors
 * do when they are loaded. A host may load them as nothing (selector 0); it may not load them as something else. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { PROCESSES = 10, ROUNDS = 6, DESCRIPTOR_BYTES = 8, LAST = 8191, SECOND_PAGE = 513, SELECTOR = 7 };

static int failed;

static void fail(const char *what, long value)
{
    printf("ldt: %s: %ld\n", what, value);
    failed = 1;
}

static long set(unsigned entry, unsigned base, int useable)
{
    struct user_desc d = {.entry_number = entry, .base_addr = base, .limit = useable ? 0xfffff : 0, .seg_32bit = useable,
        .limit_in_pages = useable, .read_exec_only = !useable, .seg_not_present = !useable, .useable = useable};
    return syscall(SYS_modify_ldt, 0x11, &d, sizeof d);
}

/* The base of a descriptor as the kernel reads it back, -1 if there is none. */
static long base_of(unsigned entry)
{
    static unsigned char table[(LAST + 1) * DESCRIPTOR_BYTES];
    int bytes = syscall(SYS_modify_ldt, 0, table, sizeof table);
    unsigned char *d = table + entry * DESCRIPTOR_BYTES;
    if (bytes < 0 || (unsigned)bytes < (entry + 1) * DESCRIPTOR_BYTES || !(d[5] & 0x80))
        return -1;
    return d[2] | d[3] << 8 | d[4] << 16 | (long)d[7] << 24;
}

/* Loads the selector of entry 0 into ES: what reads back says whether the host takes it. */
static unsigned load(void)
{
    unsigned short read;
    __asm__ volatile("mov %1, %%es\n\tmov %%es, %0\n\tmov %2, %%es" : "=r"(read) : "r"((short)SELECTOR), "r"((short)0));
    return read;
}

static int loads_are_seen(void)
{
    unsigned got = load();
    if (got != 0 && got != SELECTOR)
        fail("selector read back", got);
    return got == SELECTOR;
}

/* The first byte of a page by FS with an LDT selector: where the host loads those, the descriptor's base counts. */
static void through_segment(void)
{
    unsigned *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    unsigned value = 0;
    *page = 0x1234567;
    if (set(0, (unsigned)(unsigned long)page, 1))
        fail("set of the page's descriptor", 0);
    __asm__ volatile("mov %%gs, %%eax\n\tmov %1, %%gs\n\tmov %%gs:0, %0\n\tmov %%eax, %%gs"
                     : "=&r"(value) : "r"((short)SELECTOR) : "eax", "memory");
    if (value != *page)
        fail("word read through the segment", value);
    munmap(page, 4096);
}

static void set_get_clear(void)
{
    static const unsigned ENTRIES[] = {0, 1, 511, SECOND_PAGE, LAST};
    for (unsigned i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        if (set(ENTRIES[i], 0x1000 * (i + 1), 1))
            fail("set of entry", ENTRIES[i]);
        if (base_of(ENTRIES[i]) != 0x1000 * (i + 1))
            fail("base of entry", base_of(ENTRIES[i]));
    }
    for (unsigned i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        if (set(ENTRIES[i], 0, 0))
            fail("clear of entry", ENTRIES[i]);
        if (base_of(ENTRIES[i]) != -1)
            fail("base after clear", base_of(ENTRIES[i]));
    }
    if (set(LAST + 1, 0, 1) == 0)
        fail("set beyond the last", 0);
}

/* A child has a copy; what it changes is its own. */
static void fork_copies(void)
{
    set(2, 0x5000, 1);
    int pid = fork();
    if (pid == 0) {
        if (base_of(2) != 0x5000)
            _exit(1);
        set(2, 0x6000, 1);
        load();
        _exit(base_of(2) != 0x6000);
    }
    if (reap(pid))
        fail("child with a copy", pid);
    if (base_of(2) != 0x5000)
        fail("parent's base after the child's change", base_of(2));
}

/* Processes with tables of their own and of different lengths, that give way to each other all the time. */
static int one_of_many(unsigned n)
{
    unsigned last = n % 3 == 0 ? SECOND_PAGE + n : n;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (set(0, 0x10000 * (n + 1), 1) || set(last, 0x1000 * (round + 1), 1))
            return 1;
        sched_yield();
        load();
        sched_yield();
        if (base_of(last) != 0x1000 * ((long)round + 1))
            return 2;
        if (n % 4 == 1) {
            int pid = fork();
            if (pid == 0)
                _exit(base_of(last) != 0x1000 * ((long)round + 1));
            if (reap(pid))
                return 3;
        }
    }
    return 0;
}

static void many(void)
{
    int pids[PROCESSES];
    for (unsigned n = 0; n < PROCESSES; n++)
        if ((pids[n] = fork()) == 0)
            _exit(one_of_many(n));
    for (unsigned n = 0; n < PROCESSES; n++) {
        int status;
        if (waitpid(pids[n], &status, 0) != pids[n] || status)
            fail("one of many ended with", status);
    }
}

int test_ldt(void)
{
    int pid = fork();
    if (pid == 0) {
        set_get_clear();
        set(0, 0, 1);
        int loaded = loads_are_seen();
        printf("ldt: selectors load %s here\n", loaded ? "as themselves" : "as 0");
        if (loaded)
            through_segment();
        fork_copies();
        many();
        _exit(failed);
    }
    return reap(pid);
}
