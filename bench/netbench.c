/* netbench: how much a network carries, and how fast. The same static program at both ends.
 *
 *   netbench serve PORT                    serves the commands below, over TCP and UDP, until it is killed
 *   netbench send HOST PORT SECONDS [N]    TCP to the server, N streams at once (default 1)
 *   netbench receive HOST PORT SECONDS [N] TCP from the server
 *   netbench rr HOST PORT COUNT            COUNT times one byte there and back over TCP, one after the other
 *   netbench await PORT                    waits until somebody connects
 *   netbench flood HOST PORT SECONDS BYTES [RATE]
 *                                          UDP datagrams of BYTES to the server, RATE a second or as many as there can be
 *
 * One line for each result: "netbench NAME VALUE UNIT". What TCP carries is compared with what was sent: a wrong byte
 * ends the program with status 1. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, PERIOD = 65521, MAX_COUNT = 1 << 20 };

struct request {
    uint32_t what;
    uint32_t seconds;
};

/* The octet at place n of a stream is pattern[n % PERIOD]: a piece out of place does not match. */
static unsigned char pattern[PERIOD + BUFFER];
static unsigned char buffer[BUFFER];
static uint64_t samples[MAX_COUNT];

static void die(const char *what)
{
    fprintf(stderr, "netbench: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void make_pattern(void)
{
    uint32_t x = 12345;
    for (int i = 0; i < PERIOD; i++) {
        x = x * 1664525 + 1013904223;
        pattern[i] = x >> 24;
    }
    for (int i = PERIOD; i < PERIOD + BUFFER; i++)
        pattern[i] = pattern[i - PERIOD];
}

static void write_all(int fd, const void *data, size_t length)
{
    const char *at = data;
    while (length) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        if (n <= 0)
            die("send");
        at += n;
        length -= n;
    }
}

static void read_all(int fd, void *data, size_t length)
{
    char *at = data;
    while (length) {
        ssize_t n = recv(fd, at, length, 0);
        if (n <= 0)
            die("recv");
        at += n;
        length -= n;
    }
}

/* Sends for so long, then says that there is no more. */
static void pour(int fd, uint32_t seconds)
{
    uint64_t end = now_ns() + seconds * 1000000000ull;
    uint64_t at = 0;
    while (now_ns() < end) {
        ssize_t n = send(fd, pattern + at % PERIOD, BUFFER, MSG_NOSIGNAL);
        if (n <= 0)
            die("send");
        at += n;
    }
    shutdown(fd, SHUT_WR);
}

/* Reads to the end. Returns how many bytes, and stores the time from the first to the last. */
static uint64_t drink(int fd, uint64_t *ns)
{
    uint64_t at = 0;
    uint64_t begin = now_ns();
    for (;;) {
        ssize_t n = recv(fd, buffer, BUFFER, 0);
        if (n < 0)
            die("recv");
        if (n == 0)
            break;
        if (memcmp(buffer, pattern + at % PERIOD, n)) {
            errno = 0;
            die("the stream is not what was sent");
        }
        at += n;
    }
    *ns = now_ns() - begin;
    return at;
}

static int tcp_to(const char *host, const char *port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
    inet_pton(AF_INET, host, &to.sin_addr);
    for (int attempt = 0; attempt < 50; attempt++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(fd, (struct sockaddr *)&to, sizeof to)) {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return fd;
        }
        close(fd);
        usleep(100000);
    }
    die(host);
    return -1;
}

static void serve_one(int fd, int udp)
{
    struct request request;
    uint64_t answer[2] = { 0, 0 };
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    read_all(fd, &request, sizeof request);
    switch (request.what) {
    case 's':
        answer[0] = drink(fd, &answer[1]);
        write_all(fd, answer, sizeof answer);
        break;
    case 'r':
        pour(fd, request.seconds);
        break;
    case 'e':
        for (char octet; recv(fd, &octet, 1, 0) == 1;)
            write_all(fd, &octet, 1);
        break;
    case 'u': {
        /* Counts datagrams until none has come for half a second. */
        struct timeval patience = { .tv_usec = 500000 };
        setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        while (recv(udp, buffer, BUFFER, MSG_DONTWAIT) >= 0) {
        }
        write_all(fd, answer, sizeof answer);
        while (recv(udp, buffer, BUFFER, 0) >= 0)
            answer[0]++;
        write_all(fd, answer, sizeof answer);
        break;
    }
    }
    close(fd);
}

static void serve(const char *port)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 16)
        || bind(udp, (struct sockaddr *)&any, sizeof any))
        die("bind");
    int room = 4 << 20;
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, 0, 0);
        if (fd < 0)
            die("accept");
        if (!fork()) {
            serve_one(fd, udp);
            exit(0);
        }
        close(fd);
    }
}

static void await(const char *port)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 1) || accept(listener, 0, 0) < 0)
        die("await");
}

static uint64_t one_stream(const char *host, const char *port, uint32_t what, uint32_t seconds, uint64_t *ns)
{
    struct request request = { what, seconds };
    int fd = tcp_to(host, port);
    write_all(fd, &request, sizeof request);
    if (what == 'r')
        return drink(fd, ns);
    uint64_t answer[2];
    pour(fd, seconds);
    read_all(fd, answer, sizeof answer);
    *ns = answer[1];
    return answer[0];
}

static void streams(char **argv, int argc, uint32_t what)
{
    int count = argc > 5 ? atoi(argv[5]) : 1, pipes[2];
    double sum = 0;
    if (pipe(pipes))
        die("pipe");
    for (int i = 0; i < count; i++)
        if (!fork()) {
            uint64_t ns, bytes = one_stream(argv[2], argv[3], what, atoi(argv[4]), &ns);
            double mbits = bytes * 8e3 / ns;
            if (write(pipes[1], &mbits, sizeof mbits) != sizeof mbits)
                die("write");
            exit(0);
        }
    close(pipes[1]);
    for (int i = 0; i < count; i++) {
        double mbits;
        if (read(pipes[0], &mbits, sizeof mbits) != sizeof mbits)
            exit(1);
        sum += mbits;
    }
    printf("netbench %s %.0f Mbit/s\n", argv[1], sum);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void rr(char **argv)
{
    struct request request = { 'e', 0 };
    int fd = tcp_to(argv[2], argv[3]), count = atoi(argv[4]);
    if (count < 1 || count > MAX_COUNT)
        die("COUNT");
    write_all(fd, &request, sizeof request);
    for (int i = 0; i < count; i++) {
        char octet = i;
        uint64_t begin = now_ns();
        write_all(fd, &octet, 1);
        read_all(fd, &octet, 1);
        samples[i] = now_ns() - begin;
    }
    qsort(samples, count, sizeof samples[0], compare);
    printf("netbench rr-median %.1f us\nnetbench rr-p10 %.1f us\nnetbench rr-p90 %.1f us\n", samples[count / 2] / 1e3,
           samples[count / 10] / 1e3, samples[count - 1 - count / 10] / 1e3);
}

static void flood(char **argv, unsigned rate)
{
    struct request request = { 'u', 0 };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[3])) };
    int fd = tcp_to(argv[2], argv[3]), udp = socket(AF_INET, SOCK_DGRAM, 0);
    uint64_t answer[2], sent = 0;
    size_t length = atoi(argv[5]);
    write_all(fd, &request, sizeof request);
    read_all(fd, answer, sizeof answer);
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    if (length > BUFFER || connect(udp, (struct sockaddr *)&to, sizeof to))
        die("flood");
    uint64_t begin = now_ns(), end = begin + atoi(argv[4]) * 1000000000ull;
    for (uint64_t count = 0; now_ns() < end; count++) {
        sent += send(udp, pattern, length, MSG_NOSIGNAL) >= 0;
        while (rate && now_ns() < end && now_ns() < begin + count * 1000000000ull / rate)
            usleep(20);
    }
    double seconds = (now_ns() - begin) / 1e9;
    read_all(fd, answer, sizeof answer);
    printf("netbench flood-sent %.0f datagrams/s\nnetbench flood-received %.0f datagrams/s\n", sent / seconds,
           answer[0] / seconds);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    make_pattern();
    if (argc == 3 && !strcmp(argv[1], "serve"))
        serve(argv[2]);
    else if (argc == 3 && !strcmp(argv[1], "await"))
        await(argv[2]);
    else if (argc >= 5 && !strcmp(argv[1], "send"))
        streams(argv, argc, 's');
    else if (argc >= 5 && !strcmp(argv[1], "receive"))
        streams(argv, argc, 'r');
    else if (argc == 5 && !strcmp(argv[1], "rr"))
        rr(argv);
    else if ((argc == 6 || argc == 7) && !strcmp(argv[1], "flood"))
        flood(argv, argc == 7 ? atoi(argv[6]) : 0);
    else {
        fprintf(stderr, "usage: see the top of netbench.c\n");
        return 2;
    }
    return 0;
}
