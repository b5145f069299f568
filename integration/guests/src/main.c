/* guesttest NAME: the guest's test programs in one static binary, so that the image stays small.
 * Each prints one line of its own and returns 0 when what it looks at holds. */
#include <stdio.h>
#include <string.h>
#include "tests.h"

static const struct { const char *name; int (*run)(void); } TESTS[] = {
    {"getppid", test_getppid},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof TESTS / sizeof *TESTS; i++)
        if (!strcmp(argv[1], TESTS[i].name)) {
            int failed = TESTS[i].run();
            printf("%s: %s\n", argv[1], failed ? "FAILED" : "ok");
            return failed;
        }
    fprintf(stderr, "usage: guesttest NAME; the names:");
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++)
        fprintf(stderr, " %s", TESTS[i].name);
    fprintf(stderr, "\n");
    return 2;
}
