// A device's process that means harm: device SOCKET
//
// Listens as `xenolith backend` does and does one nasty thing in each connection, one line on standard output for each:
// what it tried and how the host answered. docs/remote-backends.md is the protocol. The last connection is held for good.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { VERSION = 3 }; // Wire.VERSION
enum { HELLO = 1, OFFER, CONNECT, DISCONNECT, DESCRIBE, COUNTERS };
enum { READ_NODE = 16, WRITE_NODE, OPEN_GRANTS, CLOSE_GRANTS, MAP, UNMAP, COPY_FROM, COPY_TO, BIND, UNBIND, RECORD, FAULT };
#define REPLY 0x80000000u
#define FLOOD_MS 300

static unsigned char out[5000], in[5000];
static int out_length, in_length, connection;
static int got[4], got_count;
// What was handed over: guest memory, status page, a record; the guest's events and ours.
static int memory, status, record, kick, call;

static void u32(uint32_t value) { memcpy(out + out_length, &value, 4); out_length += 4; }
static uint32_t in32(int at) { uint32_t value; memcpy(&value, in + at, 4); return value; }

static void text(const char *value)
{
    u32(strlen(value));
    memcpy(out + out_length, value, strlen(value));
    out_length += strlen(value);
}

static void begin(uint32_t type, uint32_t tag) { out_length = 0; u32(type); u32(tag); }

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int say(void) { return send(connection, out, out_length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0; }

// A message within a time, with its descriptors; its length, 0 at the end.
static int hear(int timeout_ms)
{
    struct pollfd p = { connection, POLLIN, 0 };
    if (poll(&p, 1, timeout_ms) <= 0)
        return 0;
    char control[CMSG_SPACE(sizeof got)];
    struct iovec piece = { in, sizeof in };
    struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    in_length = recvmsg(connection, &m, 0);
    struct cmsghdr *c = in_length > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    got_count = c ? (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
    if (c)
        memcpy(got, CMSG_DATA(c), got_count * sizeof(int));
    return in_length > 0 ? in_length : 0;
}

// A command of the machine's that is answered as an honest device does; returns its type, 0 if it was none.
static uint32_t obey(void)
{
    uint32_t type = in32(0);
    if (type & REPLY)
        return 0;
    if (type == HELLO && got_count == 2) {
        memory = got[0];
        status = got[1];
    }
    begin(type | REPLY, in32(4));
    u32(0);
    if (type == HELLO) {
        u32(VERSION);
        text("vbd");
    }
    return say() ? 0 : type;
}

// Asks, and obeys what comes before the answer. 0 if there is none.
static int ask(void)
{
    if (say())
        return 0;
    while (hear(3000)) {
        if (in32(0) & REPLY)
            return 1;
        uint32_t wanted = in32(0);
        if (wanted == CONNECT || wanted == DISCONNECT)
            return 0;
        obey();
    }
    return 0;
}

static void write_node(const char *name, const char *value)
{
    begin(WRITE_NODE, 1);
    text(name);
    text(value);
    ask();
}

// What a device does when its frontend connects, but that it serves nothing.
static void bring_up(uint32_t tag)
{
    char port[16] = "";
    begin(READ_NODE, 1);
    text("event-channel");
    if (!ask())
        begin(READ_NODE, 1), text("queue-0/event-channel"), ask();
    if (in_length > 16)
        memcpy(port, in + 16, in32(12) < 15 ? in32(12) : 15);
    begin(BIND, 2);
    u32(atoi(port));
    if (ask() && got_count == 2) {
        kick = got[0];
        call = got[1];
    }
    begin(RECORD, 3);
    u32(0);
    if (ask() && got_count == 1)
        record = got[0];
    begin(OPEN_GRANTS, 4);
    ask();
    write_node("sectors", "2048");
    write_node("info", "0");
    write_node("sector-size", "512");
    begin(CONNECT | REPLY, tag);
    u32(0);
    say();
}

// Up to where the machine has told us to connect, for so long.
static int greet(int timeout_ms)
{
    long end = now_ms() + timeout_ms;
    while (now_ms() < end && hear(end - now_ms())) {
        if (in32(0) == CONNECT) {
            bring_up(in32(4));
            return 1;
        }
        obey();
    }
    return 0;
}

static void drain(void) { while (recv(connection, in, sizeof in, MSG_DONTWAIT) > 0) { } }

static const char *name_of(int result) { return result < 0 ? strerrorname_np(-result) : "done"; }
static int failed(int result) { return result < 0 ? -errno : 0; }

static void wait_forever_for_us(void)
{
    fcntl(kick, F_SETFL, 0);
    fcntl(call, F_SETFL, 0);
    uint64_t most = UINT64_MAX - 1;
    write(call, &most, 8);
    read(call, &most, 8);
    fcntl(connection, F_SETFL, 0);
    struct timespec nap = { 0, 500000000 };
    nanosleep(&nap, NULL);
    printf("blocks: done\n");
}

static void cut_short(void)
{
    printf("truncates: %s", name_of(failed(ftruncate(memory, 4096))));
    printf(" %s", name_of(failed(ftruncate(record, 0))));
    printf(" %s", name_of(failed(ftruncate(status, 0))));
    printf(" %s\n", name_of(failed(fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE))));
}

static void flood(uint32_t type, int reads)
{
    long end = now_ms() + FLOOD_MS, count = 0;
    int result = 0;
    while (now_ms() < end && result != -EPIPE && result != -ECONNRESET) {
        begin(type, count);
        if (type == WRITE_NODE) {
            char name[32];
            snprintf(name, sizeof name, "n%ld", count);
            text(name);
            text("x");
        } else if (type == MAP) {
            u32(1);
            u32(count % 4096);
            u32(1);
        } else {
            u32(type == RECORD ? count % 16 : count % 64);
        }
        result = say();
        count++;
        if (reads || type != MAP)
            while (hear(0))
                while (got_count > 0)
                    close(got[--got_count]);
    }
    printf("floods %u: %s\n", type, count > 1 ? "done" : "none");
}

static void flood_events(void)
{
    uint64_t one = 1;
    for (long end = now_ms() + FLOOD_MS; now_ms() < end;)
        write(call, &one, 8);
    printf("events: done\n");
}

static void garbage(void)
{
    for (int i = 0; i < 200; i++) {
        for (out_length = 0; out_length < 64; out_length += 4) {
            uint32_t word = random();
            memcpy(out + out_length, &word, 4);
        }
        say();
    }
    drain();
    printf("garbage: done\n");
}

// A TCP socket whose last close waits for a peer that does not read.
static int lingering(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), ours = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&at, sizeof at);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&at, &length);
    connect(ours, (struct sockaddr *)&at, sizeof at);
    static char data[1 << 16];
    while (send(ours, data, sizeof data, MSG_DONTWAIT) > 0) { }
    struct linger longer = { 1, 1000 };
    setsockopt(ours, SOL_SOCKET, SO_LINGER, &longer, sizeof longer);
    return ours;
}

static void hand_over(void)
{
    int descriptor = lingering();
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    begin(MAP, 1);
    struct iovec piece = { out, out_length };
    struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &descriptor, sizeof(int));
    printf("descriptors: %s\n", name_of(failed(sendmsg(connection, &m, MSG_NOSIGNAL))));
    printf("descriptors of events: %s\n", name_of(failed(sendmsg(kick, &m, MSG_NOSIGNAL))));
}

static void half(void)
{
    begin(MAP, 1);
    out_length = 5;
    say();
    printf("half: done\n");
}

static void attack(int which)
{
    if (which == 1) {
        // No greeting: it is waited for no longer than HELLO's answer may take.
        hear(1000);
        printf("silent: done\n");
        fflush(stdout);
        while (hear(10000)) { }
        return;
    }
    if (!greet(20000)) {
        printf("not connected: %d\n", which);
        return;
    }
    switch (which) {
    case 0: wait_forever_for_us(); cut_short(); break;
    case 2: garbage(); break;
    case 3: half(); break;
    case 4: flood(MAP, 0); break;
    case 5: flood(MAP, 1); break;
    case 6: flood(BIND, 1); break;
    case 7: flood(WRITE_NODE, 1); break;
    case 8: flood(RECORD, 1); break;
    case 9: flood_events(); break;
    case 10: hand_over(); break;
    default: printf("holds: done\n"); fflush(stdout); for (;;) pause();
    }
    fflush(stdout);
}

int main(int count, char **words)
{
    if (count != 2)
        return 2;
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    strncpy(at.sun_path, words[1], sizeof at.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4))
        return 1;
    for (int which = 0;; which++) {
        connection = accept(listener, NULL, NULL);
        attack(which);
        close(connection);
        close(kick);
        close(call);
    }
}
