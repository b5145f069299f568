/* xs VERB ARGUMENT...: the guest's end of xenstore, over /dev/xen/xenbus. Written from xen/io/xs_wire.h.
 *
 *   read PATH              the value
 *   write PATH VALUE
 *   mkdir PATH
 *   rm PATH
 *   list PATH              the children's names, one a line
 *   perms PATH             as n0,r1
 *   chmod PATH PERM...
 *   watch PATH COUNT       that many events, one a line: the path, then " = " and the value if it can be read
 *   add PATH COUNT         adds 1 to the number in PATH, COUNT times, each in a transaction; says how many conflicted
 *   open COUNT             opens that many transactions and leaves them
 *   fill PATH COUNT        makes up to so many nodes PATH0, PATH1 and so on; says how many it could
 *
 * A refusal is printed as "PATH: ERROR" on standard error and ends with status 1. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DIRECTORY = 1, READ = 2, GET_PERMS = 3, WATCH = 4, TRANSACTION_START = 6, TRANSACTION_END = 7, WRITE = 11,
    MKDIR = 12, RM = 13, SET_PERMS = 14, WATCH_EVENT = 15, ERROR = 16, PAYLOAD_MAX = 4096
};

struct header {
    uint32_t type, req_id, tx_id, len;
};

struct message {
    struct header header;
    char payload[PAYLOAD_MAX + 1];
};

static int device;
static uint32_t transaction;

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

static void read_all(void *to, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = read(device, (char *)to + done, length - done);
        if (count <= 0)
            fail("/dev/xen/xenbus: the answer ends");
        done += count;
    }
}

/* The next message of any kind, with a zero behind its payload. */
static void receive(struct message *m)
{
    read_all(&m->header, sizeof m->header);
    if (m->header.len > PAYLOAD_MAX)
        fail("a message of %u bytes", m->header.len);
    read_all(m->payload, m->header.len);
    m->payload[m->header.len] = 0;
}

static void send_message(uint32_t type, const char *payload, size_t length)
{
    static uint32_t last;
    struct message m = { .header = { type, ++last, transaction, length } };
    if (length > PAYLOAD_MAX)
        fail("a request of %zu bytes", length);
    memcpy(m.payload, payload, length);
    if (write(device, &m, sizeof m.header + length) != (ssize_t)(sizeof m.header + length))
        fail("/dev/xen/xenbus does not take a request");
}

/* Asks, and puts the answer into m; returns 0, or -1 with the error's name in m. Events that come first are dropped:
 * whoever watches asks nothing but reads. */
static int ask(struct message *m, uint32_t type, const char *payload, size_t length)
{
    send_message(type, payload, length);
    do
        receive(m);
    while (m->header.type == WATCH_EVENT);
    if (m->header.type != type && m->header.type != ERROR)
        fail("asked %u, answered %u", type, m->header.type);
    return m->header.type == ERROR ? -1 : 0;
}

/* Joins strings, each with its zero, into payload; the last one without if bare. */
static size_t join(char *payload, char **words, int count, int bare)
{
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        size_t size = strlen(words[i]) + !(bare && i == count - 1);
        if (length + size > PAYLOAD_MAX)
            fail("too long");
        memcpy(payload + length, words[i], size);
        length += size;
    }
    return length;
}

static int refused(const char *path, const struct message *m)
{
    fprintf(stderr, "%s: %s\n", path, m->payload);
    return 1;
}

/* One request of some words; prints the strings of the answer with separator between them. */
static int simple(uint32_t type, char **words, int count, char separator)
{
    static char payload[PAYLOAD_MAX];
    static struct message m;
    if (ask(&m, type, payload, join(payload, words, count, type == WRITE)))
        return refused(words[0], &m);
    if (!separator)
        return 0;
    for (uint32_t i = 0; i < m.header.len; i++)
        if (m.payload[i])
            putchar(m.payload[i]);
        else if (i + 1 < m.header.len || separator == '\n')
            putchar(separator);
    if (separator != '\n' || type == READ)
        putchar('\n');
    return 0;
}

static int watch(char *path, int count)
{
    static char payload[PAYLOAD_MAX];
    static struct message m;
    char *words[] = { path, "token" };
    send_message(WATCH, payload, join(payload, words, 2, 0));
    while (count > 0) {
        receive(&m);
        if (m.header.type == ERROR)
            return refused(path, &m);
        if (m.header.type != WATCH_EVENT)
            continue;
        char *changed = strdup(m.payload);
        send_message(READ, changed, strlen(changed) + 1);
        /* Other events, and the answer to the watch itself, may come before this answer. */
        do {
            receive(&m);
            if (m.header.type == WATCH_EVENT) {
                printf("%s\n", m.payload);
                count--;
            }
        } while (m.header.type != READ && m.header.type != ERROR);
        if (m.header.type == READ)
            printf("%s = %s\n", changed, m.payload);
        else
            printf("%s\n", changed);
        fflush(stdout);
        free(changed);
        count--;
    }
    return 0;
}

static int begin(struct message *m)
{
    transaction = 0;
    if (ask(m, TRANSACTION_START, "", 1))
        return -1;
    transaction = strtoul(m->payload, NULL, 10);
    return 0;
}

static int add(char *path, int count)
{
    static struct message m;
    char payload[PAYLOAD_MAX], number[16];
    int conflicts = 0;
    for (int done = 0; done < count;) {
        if (begin(&m) || ask(&m, READ, path, strlen(path) + 1))
            return refused(path, &m);
        snprintf(number, sizeof number, "%d", atoi(m.payload) + 1);
        char *words[] = { path, number };
        if (ask(&m, WRITE, payload, join(payload, words, 2, 1)))
            return refused(path, &m);
        int lost = ask(&m, TRANSACTION_END, "T", 2);
        transaction = 0;
        if (!lost)
            done++;
        else if (strcmp(m.payload, "EAGAIN"))
            return refused(path, &m);
        else
            conflicts++;
    }
    printf("added %d, %d conflicts\n", count, conflicts);
    return 0;
}

static int open_transactions(int count)
{
    static struct message m;
    for (int i = 0; i < count; i++)
        if (begin(&m))
            return refused("open", &m);
    printf("opened %d\n", count);
    return 0;
}

static int fill(const char *path, int count)
{
    static struct message m;
    char node[PAYLOAD_MAX];
    int made = 0;
    while (made < count && !ask(&m, MKDIR, node, snprintf(node, sizeof node, "%s%d", path, made) + 1))
        made++;
    printf("%d\n", made);
    fflush(stdout);
    return made < count ? refused(path, &m) : 0;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("usage: xs read|write|mkdir|rm|list|perms|chmod|watch|add|fill|open ARGUMENT...");
    device = open("/dev/xen/xenbus", O_RDWR);
    if (device < 0)
        fail("no /dev/xen/xenbus");
    char *verb = argv[1], **words = argv + 2;
    int count = argc - 2, number = atoi(argv[argc - 1]);
    if (!strcmp(verb, "read"))
        return simple(READ, words, count, '\n');
    if (!strcmp(verb, "write"))
        return simple(WRITE, words, count, 0);
    if (!strcmp(verb, "mkdir"))
        return simple(MKDIR, words, count, 0);
    if (!strcmp(verb, "rm"))
        return simple(RM, words, count, 0);
    if (!strcmp(verb, "list"))
        return simple(DIRECTORY, words, count, '\n');
    if (!strcmp(verb, "perms"))
        return simple(GET_PERMS, words, count, ',');
    if (!strcmp(verb, "chmod"))
        return simple(SET_PERMS, words, count, 0);
    if (!strcmp(verb, "watch") && count == 2)
        return watch(words[0], number);
    if (!strcmp(verb, "add") && count == 2)
        return add(words[0], number);
    if (!strcmp(verb, "fill") && count == 2)
        return fill(words[0], number);
    if (!strcmp(verb, "open"))
        return open_transactions(number);
    fail("xs knows no %s with %d arguments", verb, count);
}
