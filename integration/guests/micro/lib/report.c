/* Laws and their words, by CONSOLEIO_write: one call a line. */
#include "micro.h"

#define LINE 256

static const char *current;
static bool failed;

struct line {
    char text[LINE];
    unsigned length;
};

static void put(struct line *line, char c)
{
    if (line->length < LINE) {
        line->text[line->length++] = c;
    }
}

static void put_number(struct line *line, uint64_t value, unsigned base)
{
    char digits[20];
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (count > 0) {
        put(line, digits[--count]);
    }
}

static void put_text(struct line *line, const char *text)
{
    while (*text != 0) {
        put(line, *text++);
    }
}

/* %s, %c, %d, %u, %x, with or without l. */
static void put_formatted(struct line *line, const char *format, va_list args)
{
    for (; *format != 0; format++) {
        if (*format != '%') {
            put(line, *format);
            continue;
        }
        bool wide = *++format == 'l';
        if (wide) {
            format++;
        }
        switch (*format) {
        case 's':
            put_text(line, va_arg(args, const char *));
            break;
        case 'c':
            put(line, (char)va_arg(args, int));
            break;
        case 'd': {
            int64_t value = wide ? va_arg(args, long) : va_arg(args, int);
            if (value < 0) {
                put(line, '-');
            }
            put_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
            break;
        }
        default:
            put_number(line, wide ? va_arg(args, unsigned long) : va_arg(args, unsigned), *format == 'x' ? 16 : 10);
        }
    }
}

static void write_line(struct line *line)
{
    if (line->length == LINE) {
        line->text[LINE - 1] = '\n';
    }
    hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, line->length, line->text);
}

void print(const char *format, ...)
{
    struct line line = {.length = 0};
    va_list args;
    va_start(args, format);
    put_formatted(&line, format, args);
    va_end(args);
    write_line(&line);
}

static void end_of_law(void)
{
    if (current != NULL && !failed) {
        print("ok %s\n", current);
    }
    current = NULL;
}

void law(const char *name)
{
    end_of_law();
    current = name;
    failed = false;
}

bool expect(bool holds, const char *format, ...)
{
    if (!holds && !failed) {
        failed = true;
        struct line line = {.length = 0};
        put_text(&line, "FAILED ");
        put_text(&line, current == NULL ? "outside of any law" : current);
        put_text(&line, ": ");
        va_list args;
        va_start(args, format);
        put_formatted(&line, format, args);
        va_end(args);
        put(&line, '\n');
        write_line(&line);
    }
    return holds;
}

void shut_down(unsigned reason)
{
    struct sched_shutdown shutdown = {.reason = reason};
    for (;;) {
        hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
    }
}

void done(void)
{
    end_of_law();
    shut_down(SHUTDOWN_poweroff);
}
