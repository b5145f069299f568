/*
 * Prints what the C headers of this machine say about every struct and constant that the Java sources declare.
 * OracleTest writes oracle_list.h from the Java layouts, compiles this file, and compares.
 */
#define _GNU_SOURCE
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/sockios.h>
#include <linux/stat.h>
#include <linux/version.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The kernel's name for a member that glibc hides in a union. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* An enumerator, which the preprocessor does not see. */
#define P_PID P_PID

#define STRUCT(s) printf("sizeof(%s) %zu\n", #s, sizeof(struct s));
#define OFFSET(s, f) printf("offsetof(%s,%s) %zu\n", #s, #f, offsetof(struct s, f));
#define SIZE(s, f) printf("sizeof(%s,%s) %zu\n", #s, #f, sizeof(((struct s *)0)->f));
/* A constant that fits an int counts as unsigned, as in Declared.constants(). */
#define CONSTANT(c) printf("%s %llu\n", #c, sizeof(c) <= sizeof(int) ? (unsigned int)(c) : (unsigned long long)(c));
#define ABSENT(c) printf("%s absent\n", #c);

int main(void)
{
#include "oracle_list.h"
    printf("LINUX_VERSION_CODE %d\n", LINUX_VERSION_CODE);
    for (int number = 1; number < 200; number++) {
        const char *name = strerrorname_np(number);
        if (name)
            printf("errno(%d) %s\n", number, name);
    }
    return 0;
}
