/* The test programs; each returns 0 when what it looks at holds, and says on stdout what does not. */
int test_attacks(void);
int test_badstack(void);
int test_clock(void);
int test_cow(void);
int test_forks(void);
int test_fp(void);
int test_getppid(void);
int test_ldt(void);
int test_mprotect(void);
int test_ports(void);
int test_signals(void);
int test_smpclock(void);
int test_smpstress(void);
int test_steps(void);
int test_threads(void);
int test_traps(void);

/* Waits for one child. Returns its wait status, or -1. */
int reap(int pid);
/* Seconds of CLOCK_MONOTONIC. */
double now(void);
