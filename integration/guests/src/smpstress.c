/* Several vcpus under load: two busy processes a vcpu, threads whose memory changes under their hands, clocks that are
 * compared across vcpus, and a vcpu that comes and goes. STRESS_SECONDS says for how long; 8 is the default. A script's
 * is what xl.stress=SECONDS on the kernel's command line says. */
#define _GNU_SOURCE
#include "smpstress.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests.h"

enum { DEFAULT_SECONDS = 8, MOST_JOBS = 256, OFFLINES = 20 };

double stress_end;
int stress_cpus;

static int jobs[MOST_JOBS], job_count;
static const char *names[MOST_JOBS];

int stress_goes_on(void)
{
    return now() < stress_end;
}

void stress_begin(int default_seconds)
{
    const char *seconds = getenv("STRESS_SECONDS");
    stress_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    stress_end = now() + (seconds ? atoi(seconds) : default_seconds);
}

void stress_pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void start(const char *name, int (*run)(int), int argument)
{
    int pid = fork();
    if (pid == 0) {
        int failed = run(argument);
        fflush(stdout);
        _exit(failed != 0);
    }
    names[job_count] = name;
    jobs[job_count++] = pid;
}

int stress_may_unplug(void)
{
    char type[8] = "";
    int file = open("/sys/hypervisor/type", O_RDONLY);
    if (file < 0)
        return 0;
    int length = read(file, type, sizeof type - 1);
    close(file);
    return length >= 3 && !memcmp(type, "xen", 3) && !access("/sys/devices/system/cpu/cpu1/online", W_OK);
}

static int say_online(char value)
{
    int file = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY | O_CLOEXEC);
    int failed = file < 0 || write(file, &value, 1) != 1;
    if (failed)
        perror("smpstress: cpu1/online");
    close(file);
    return failed;
}

int stress_unplug(int times)
{
    int failed = 0, done = 0;
    double begin = now(), step = (stress_end - begin) / (times + 1);
    while (done < times && !failed) {
        while (now() < begin + (done + 1) * step)
            usleep(1000);
        failed = say_online('0') || say_online('1');
        done++;
    }
    printf("smpstress: cpu1 went and came %d times\n", done);
    return failed;
}

static int reap_all(void)
{
    int failed = 0;
    for (int i = 0; i < job_count; i++) {
        int status = jobs[i] > 0 ? reap(jobs[i]) : -1;
        if (status) {
            printf("smpstress: %s ended with wait status %#x\n", names[i], status);
            failed = 1;
        }
    }
    job_count = 0;
    return failed;
}

int test_smpstress(void)
{
    stress_begin(DEFAULT_SECONDS);
    for (int i = 0; i < 2 * stress_cpus && i < MOST_JOBS - 4; i++)
        start("processes", stress_processes, i);
    start("stale translations", stress_translations, 0);
    start("clocks", stress_clocks, 0);
    if (stress_may_unplug())
        start("a vcpu that comes and goes", stress_unplug, OFFLINES);
    return reap_all();
}
