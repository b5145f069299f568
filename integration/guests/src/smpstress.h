/* The parts of smpstress. Each runs in a process of its own until `stress_end` and returns 0 when all was as it must. */
extern double stress_end;
extern int stress_cpus;

int stress_goes_on(void);
/* Binds the calling thread to a processor, as far as that one is there. */
void stress_pin(int cpu);

int stress_processes(int seed);
int stress_translations(int unused);
int stress_clocks(int unused);
