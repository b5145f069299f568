/* Threads: a lock that is never held twice, storage of their own, and a barrier that lets all go at once. */
#include <pthread.h>
#include <stdio.h>
#include "tests.h"

enum { THREADS = 8, ROUNDS = 20000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static long shared;
static __thread long own;

static void *work(void *argument)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < ROUNDS; i++) {
        own++;
        pthread_mutex_lock(&lock);
        shared++;
        pthread_mutex_unlock(&lock);
    }
    *(long *)argument = own;
    return NULL;
}

int test_threads(void)
{
    pthread_t threads[THREADS];
    long counts[THREADS] = {0}, total = 0;
    shared = 0;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, &counts[i]))
            return 1;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        total += counts[i] == ROUNDS;
    }
    if (shared != (long)THREADS * ROUNDS || total != THREADS)
        printf("threads counted %ld of %ld; %ld of %d kept their own\n", shared, (long)THREADS * ROUNDS, total, THREADS);
    return shared != (long)THREADS * ROUNDS || total != THREADS;
}
