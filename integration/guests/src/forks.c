/* Three hundred processes at once, each a child of the first, each held until all are there; then each ends with a
 * status of its own. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { PROCESSES = 300 };

int test_forks(void)
{
    int gate[2], pids[PROCESSES], failed = 0;
    if (pipe(gate))
        return 1;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char c;
            close(gate[1]);
            _exit(read(gate[0], &c, 1) == 0 ? i % 250 : 251);
        }
        if (pids[i] < 0) {
            perror("fork");
            failed = 1;
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < PROCESSES; i++) {
        int status = pids[i] > 0 ? reap(pids[i]) : -1;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != i % 250) {
            printf("process %d: wait status %#x\n", i, status);
            failed = 1;
        }
    }
    return failed;
}
