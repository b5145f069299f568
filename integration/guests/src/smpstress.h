/* The parts of smpstress. Each runs in a process of its own until `stress_end` and returns 0 when all was as it must. */
extern double stress_end;
extern int stress_cpus;

int stress_goes_on(void);
/* Starts the time, STRESS_SECONDS of the environment or the default, and counts the processors. */
void stress_begin(int default_seconds);
/* Binds the calling thread to a processor, as far as that one is there. */
void stress_pin(int cpu);

int stress_processes(int seed);
int stress_translations(int unused);
int stress_clocks(int unused);
/* Whether there is a second vcpu that may go: only where the machine is a guest. */
int stress_may_unplug(void);
/* The second vcpu goes and comes back so many times, evenly over the whole time. */
int stress_unplug(int times);
