/* Pages shared by fork and parted by the first write: each process sees its own bytes and no others'. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { PAGES = 512, PAGE = 4096, CHILDREN = 8 };

static int all_are(const unsigned char *pages, int value)
{
    for (int i = 0; i < PAGES; i++)
        if (pages[i * PAGE] != value || pages[i * PAGE + PAGE - 1] != value) {
            printf("page %d holds %d and %d instead of %d\n", i, pages[i * PAGE], pages[i * PAGE + PAGE - 1], value);
            return 0;
        }
    return 1;
}

static void fill(unsigned char *pages, int value)
{
    for (int i = 0; i < PAGES; i++)
        pages[i * PAGE] = pages[i * PAGE + PAGE - 1] = value;
}

int test_cow(void)
{
    int failed = 0, pids[CHILDREN];
    unsigned char *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return 1;
    fill(pages, 200);
    for (int c = 0; c < CHILDREN; c++) {
        pids[c] = fork();
        if (pids[c] == 0) {
            int wrong = !all_are(pages, 200);
            fill(pages, c);
            usleep(1000);
            _exit(wrong | !all_are(pages, c));
        }
    }
    for (int c = 0; c < CHILDREN; c++)
        failed |= reap(pids[c]);
    failed |= !all_are(pages, 200);
    munmap(pages, PAGES * PAGE);
    return failed;
}
