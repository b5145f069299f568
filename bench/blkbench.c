/* blkbench: how fast a disk or file is, past the page cache (O_DIRECT), by Linux's own asynchronous calls (io_submit).
 * build: gcc -O2 -static -o blkbench blkbench.c
 * use:   blkbench FILE SECONDS REPS TEST...
 * A test is KIND-BLOCK-DEPTH: KIND is read, write (both in order), randread, randwrite, randmix (7 of 10 read) or verify;
 * BLOCK is bytes, with k or m; DEPTH is how many requests are under way. Each repetition is a line
 * "blk TEST MIB_S REQUESTS_S". The same binary runs on the host and in guests. Needs nothing mounted. What it writes is
 * noise; verify writes and reads blocks in any order, and stops where one does not hold what was written to it last. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_DEPTH 256

struct test {
    int random, verify;
    unsigned writes_of_ten;
    uint64_t block;
    unsigned depth;
};

static int file;
static uint64_t blocks, next_block;
static uint64_t seed = 88172645463325252ull;
/* What each block was last written with, or BUSY while a request is under way; only of tests that verify. */
static uint32_t *written, stamp;
#define BUSY 0xffffffffu
static uint32_t before[MAX_DEPTH];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char *what, long error)
{
    printf("blkbench: %s: %s\n", what, strerror((int)error));
    exit(1);
}

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static struct test parse(const char *text)
{
    struct test test = {0};
    char kind[16], unit = 0;
    unsigned long block;
    if (sscanf(text, "%15[a-z]-%lu%c-%u", kind, &block, &unit, &test.depth) != 4 || test.depth < 1 || test.depth > MAX_DEPTH) {
        fail(text, EINVAL);
    }
    test.block = block << (unit == 'm' ? 20 : 10);
    test.verify = strcmp(kind, "verify") == 0;
    test.random = strncmp(kind, "rand", 4) == 0 || test.verify;
    const char *way = test.random && !test.verify ? kind + 4 : kind;
    test.writes_of_ten = strcmp(way, "write") == 0 ? 10 : strcmp(way, "mix") == 0 ? 3 : 0;
    return test;
}

/* Each word says which block it is of, which of its words, and with which write it came. */
static uint64_t word(uint64_t block, uint32_t which, size_t i)
{
    return (block << 32 ^ which) * 0x9e3779b97f4a7c15ull + i;
}

/* What to do with block `at`, which nothing else is done with now. */
static int choose(const struct test *test, uint64_t at, uint64_t *data, unsigned slot)
{
    if (!test->verify) {
        return any() % 10 < test->writes_of_ten;
    }
    int write = written[at] == 0 || any() % 2;
    before[slot] = write ? ++stamp : written[at];
    written[at] = BUSY;
    for (size_t i = 0; i < test->block / sizeof *data; i++) {
        data[i] = write ? word(at, stamp, i) : 0;
    }
    return write;
}

static void check(const struct test *test, const struct iocb *request)
{
    uint64_t at = (uint64_t)request->aio_offset / test->block;
    const uint64_t *data = (const uint64_t *)request->aio_buf;
    written[at] = before[request->aio_data];
    for (size_t i = 0; i < test->block / sizeof *data; i++) {
        if (data[i] != word(at, written[at], i)) {
            printf("blkbench: block %llu does not hold at word %zu what was written to it last\n", (unsigned long long)at, i);
            exit(1);
        }
    }
}

static void aim(const struct test *test, struct iocb *request, char *buffer, unsigned slot)
{
    uint64_t at = test->random ? any() % blocks : next_block++ % blocks;
    while (test->verify && written[at] == BUSY) {
        at = any() % blocks;
    }
    memset(request, 0, sizeof *request);
    request->aio_data = slot;
    request->aio_lio_opcode =
        choose(test, at, (uint64_t *)(buffer + slot * test->block), slot) ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    request->aio_fildes = (uint32_t)file;
    request->aio_buf = (uint64_t)(buffer + slot * test->block);
    request->aio_nbytes = test->block;
    request->aio_offset = (int64_t)(at * test->block);
}

static void submit(aio_context_t context, struct iocb **requests, long count)
{
    while (count > 0) {
        long done = syscall(SYS_io_submit, context, count, requests);
        if (done <= 0) {
            fail("io_submit", errno);
        }
        requests += done;
        count -= done;
    }
}

static void run(const char *name, const struct test *test, double seconds)
{
    static struct iocb requests[MAX_DEPTH];
    struct iocb *ready[MAX_DEPTH];
    struct io_event events[MAX_DEPTH];
    aio_context_t context = 0;
    size_t bytes = test->block * test->depth;
    char *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (buffer == MAP_FAILED || syscall(SYS_io_setup, test->depth, &context) != 0) {
        fail("io_setup", errno);
    }
    for (size_t i = 0; i < bytes; i++) {
        buffer[i] = (char)(i * 31 + i / 4096);
    }
    blocks = (uint64_t)lseek(file, 0, SEEK_END) / test->block;
    next_block = 0;
    if (test->verify && (blocks <= 2 * test->depth || (written = calloc(blocks, sizeof *written)) == NULL)) {
        fail("verify", ENOMEM);
    }
    for (unsigned i = 0; i < test->depth; i++) {
        aim(test, &requests[i], buffer, i);
        ready[i] = &requests[i];
    }
    double begin = now(), end = begin;
    uint64_t done = 0;
    submit(context, ready, test->depth);
    for (unsigned under_way = test->depth; under_way > 0;) {
        long count = syscall(SYS_io_getevents, context, 1, test->depth, events, NULL);
        if (count <= 0) {
            fail("io_getevents", errno);
        }
        end = now();
        done += (uint64_t)count;
        under_way -= (unsigned)count;
        for (long i = 0; i < count; i++) {
            if (events[i].res != (int64_t)test->block) {
                fail("a request", events[i].res < 0 ? -events[i].res : EIO);
            }
            if (test->verify) {
                check(test, &requests[events[i].data]);
            }
            aim(test, &requests[events[i].data], buffer, (unsigned)events[i].data);
            ready[i] = &requests[events[i].data];
        }
        if (end - begin < seconds) {
            submit(context, ready, count);
            under_way += (unsigned)count;
        }
    }
    if (test->writes_of_ten > 0) {
        fdatasync(file);
        end = now();
    }
    printf("blk %s %.1f %.0f\n", name, (double)(done * test->block) / (1 << 20) / (end - begin), (double)done / (end - begin));
    syscall(SYS_io_destroy, context);
    free(written);
    written = NULL;
    munmap(buffer, bytes);
}

int main(int count, char **words)
{
    if (count < 5) {
        printf("usage: blkbench FILE SECONDS REPS TEST...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    file = open(words[1], O_RDWR | O_DIRECT);
    if (file < 0) {
        fail(words[1], errno);
    }
    for (int i = 4; i < count; i++) {
        struct test test = parse(words[i]);
        for (int rep = atoi(words[3]); rep > 0; rep--) {
            run(words[i], &test, atof(words[2]));
        }
    }
    return 0;
}
