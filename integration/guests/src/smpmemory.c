/* Translations that must not outlive their mapping, on any vcpu. Threads write to a page without pause, and read a
 * mark in it, while the main thread puts another page in its place, takes the right to write away, unmaps it or moves
 * it. What was taken away must never change afterwards; its bytes are watched through another mapping. */
#define _GNU_SOURCE
#include "smpstress.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 8, MOST_THREADS = 16, WATCHES = 200 };

/* A page's first words: how often it was written to, and the generation in which it was last put in place. */
struct page {
    _Atomic unsigned long writes;
    _Atomic unsigned long generation;
    char rest[PAGE - 16];
};

static struct page *victim, *watched;
static _Atomic unsigned long generation;
static _Atomic int done, wrong, faults;

/* The page is away for a moment: the same instruction is tried again until it is back. */
static void on_fault(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    if ((char *)info->si_addr < (char *)victim || (char *)info->si_addr >= (char *)(victim + 1)) {
        static const char TEXT[] = "smpstress: a fault elsewhere\n";
        if (write(1, TEXT, sizeof TEXT - 1) < 0)
            _exit(3);
        _exit(2);
    }
    faults++;
    sched_yield();
}

static void *hammer(void *argument)
{
    stress_pin((long)argument % stress_cpus);
    while (!done) {
        for (int i = 0; i < 64; i++)
            victim->writes++;
        unsigned long before = generation, seen = victim->generation;
        if (seen < before) {
            printf("smpstress: a page of generation %lu was read when %lu was in place\n", seen, before);
            wrong = 1;
        }
    }
    return NULL;
}

/* Whether the page stays as it is, now that nobody may write to it. */
static int changes(struct page *page, const char *how)
{
    unsigned long writes = page->writes;
    for (int i = 0; i < WATCHES; i++) {
        if (page->writes != writes) {
            printf("smpstress: a page was written to after %s\n", how);
            wrong = 1;
            return 1;
        }
        if (i % 50 == 49)
            sched_yield();
    }
    return 0;
}

static int map(int file, int index, int rights)
{
    if (mmap(victim, PAGE, rights, MAP_SHARED | MAP_FIXED, file, (long)index * PAGE) == MAP_FAILED) {
        perror("smpstress: mmap");
        wrong = 1;
        return 0;
    }
    return 1;
}

/* The page `next` replaces the page `last` in one of four ways. */
static void one_round(int file, int last, int next, int way)
{
    struct page *place = victim;
    watched[next].generation = generation + 1;
    switch (way) {
    case 0:
        map(file, next, PROT_READ | PROT_WRITE);
        generation++;
        changes(watched + last, "another page took its place");
        return;
    case 1:
        mprotect(place, PAGE, PROT_READ);
        changes(watched + last, "the right to write was taken away");
        break;
    case 2:
        munmap(place, PAGE);
        changes(watched + last, "it was unmapped");
        break;
    default:
        /* Only the address changes: whoever still writes at the old one writes to nowhere. */
        mprotect(place, PAGE, PROT_NONE);
        changes(watched + last, "all rights were taken away");
        madvise(place, PAGE, MADV_DONTNEED);
    }
    map(file, next, PROT_READ | PROT_WRITE);
    generation++;
}

int stress_translations(int unused)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    pthread_t threads[MOST_THREADS];
    int count = stress_cpus < MOST_THREADS ? stress_cpus : MOST_THREADS, file = memfd_create("pages", 0);
    (void)unused;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    if (file < 0 || ftruncate(file, PAGES * PAGE))
        return 1;
    watched = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    victim = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (watched == MAP_FAILED || victim == MAP_FAILED)
        return 1;
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, hammer, (void *)i))
            return 1;
    unsigned long rounds = 0;
    for (int last = 0; stress_goes_on() && !wrong; rounds++) {
        int next = (last + 1 + rounds % (PAGES - 1)) % PAGES;
        one_round(file, last, next == last ? (last + 1) % PAGES : next, rounds % 4);
        last = next == last ? (last + 1) % PAGES : next;
        /* In a round of its own now and then: the others may run undisturbed. */
        if (rounds % 16 == 15)
            usleep(500);
    }
    done = 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("smpstress: %lu mappings replaced, %d faults\n", rounds, faults);
    return wrong;
}
