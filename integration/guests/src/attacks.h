/* What the files of the attacks share: each act runs under handlers for every signal that a fault brings, on a stack
 * of their own, and says which came. */
#include <setjmp.h>
#include <signal.h>

/* What an act may bring: a set of signals, and NOTHING where it may as well go through. */
#define NOTHING 1u
#define SIG(n) (1u << (n))
#define FAULTS (SIG(SIGSEGV) | SIG(SIGILL) | SIG(SIGBUS) | SIG(SIGTRAP))

extern sigjmp_buf attack_after;

/* Installs the handlers, on an alternate stack. */
void attack_prepare(void);
/* To be called before an act, which `if (!sigsetjmp(attack_after, 1))` guards: SIGALRM ends it after some seconds, or
 * soon where it is one that `loops`. */
void attack_begin(int loops);
/* After it: whether the signal that came is one of `allowed`, and timers tick. Says on stdout what is wrong. */
int attack_end(const char *name, unsigned long number, unsigned allowed);
/* The signal that came, 0 for none, and its address. */
extern volatile int attack_signal;
extern void *volatile attack_address;

/* Groups of acts, each in a process of its own, without privilege. Return 0 when all went as they must. */
int attack_instructions(void);
int attack_interrupts(void);
int attack_selectors(void);
int attack_jumps(void);
int attack_memory(void);
int attack_returns(void);
int attack_steps(void);
int attack_breakpoints(void);
int attack_alignment(void);
int attack_bases(void);
int attack_compat(void);
int attack_ports(void);
int attack_registers(void);
