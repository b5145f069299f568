/* What every micro-guest uses. A micro-guest is a kernel of one C file that runs at ring 3 on the Xen PV interface:
   it checks a law or a family of laws, says "ok <law>" or "FAILED <law>: <why>" for each, and shuts down.

   The interface's layouts and numbers are those of Xen's public headers, so each guest also holds our own declarations
   against them. There is one vcpu, one address space (the one that the domain builder made), and no interrupt: event
   channels are looked at, or waited for with SCHEDOP_poll. */
#ifndef MICRO_H
#define MICRO_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define PAGE_SIZE 4096ul
#define PAGE_SHIFT 12
#define ENTRIES 512
#define PTE_P 0x001ul
#define PTE_RW 0x002ul
#define PTE_US 0x004ul
#define PTE_A 0x020ul
#define PTE_D 0x040ul
#define PTE_ADDRESS 0x000ffffffffff000ul
#define RFLAGS_IF 0x200ul

/* ---- the guest itself: its file defines this, and ends it with done() */
void guest(void);

/* ---- start.S: the registers as the domain builder left them */
struct boot_registers {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rflags;
    uint64_t cs, ss, ds, es, fs, gs;
};
extern struct boot_registers boot;
/* What the image file says of itself, for the guest to compare with what it got. */
extern const uint64_t image_virt_base;
extern const uint64_t image_init_p2m;       /* 0: none */
extern const uint64_t image_hypercall_page; /* 0: none */
extern const uint64_t image_mod_start_pfn;  /* 1: the initrd may stay unmapped */
extern char image_start[], image_end[];
/* Calls hypercall nr by the page's stub, with R11 and RCX set to known values; *kept says whether both came back. */
long hypercall_by_page(unsigned nr, uint64_t a, uint64_t b, bool *kept);

/* ---- report.c: laws, and the words on the log */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Begins a law; the one before it is over, and "ok" unless an expectation failed. */
void law(const char *name);
/* Within a law. Returns `holds`, and says why not. */
bool expect(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The last law is over: power off. */
void done(void) __attribute__((noreturn));
void shut_down(unsigned reason) __attribute__((noreturn));

/* ---- traps.c: faults that a guest provokes */
struct fault {
    bool happened;
    unsigned vector;
    uint64_t error, address, rip;
};
/* Runs action(argument) and comes back at the first exception in it, or at its end. */
struct fault attempt(void (*action)(void *), void *argument);
void traps_init(void);

/* ---- memory.c */
extern struct start_info *start_info;
extern uint64_t *p2m;
extern const uint64_t *m2p; /* where XENMEM_machphys_mapping says */
extern uint64_t m2p_max_mfn;
void memory_init(void);
uint64_t pfn_of(const void *va);
uint64_t mfn_of(const void *va);
void *va_of_pfn(uint64_t pfn);
/* The entry for va in its table of `level`, 1 to 4, of the tables that the builder made; null if there is none. */
uint64_t *entry_of(const void *va, int level);
uint64_t entry_ma(const void *va, int level);
/* A zeroed page of our own, mapped writable. */
void *new_page(void);
/* A new address for a machine frame; null if that is refused. */
void *map_frame(uint64_t mfn, uint64_t flags);
/* Changes the level-1 entry of va. */
long remap(const void *va, uint64_t entry);
struct shared_info *shared_info(void);
void *memset(void *to, int value, size_t count);
void *memcpy(void *to, const void *from, size_t count);
int memcmp(const void *a, const void *b, size_t count);
int strcmp(const char *a, const char *b);
const char *find(const char *text, const char *part);

/* ---- words of the command line: "name=123" or "name=0x7b"; `otherwise` if it is not there */
uint64_t option(const char *name, uint64_t otherwise);

/* ---- events.c and the clock */
bool event_pending(unsigned port);
bool event_take(unsigned port);
long event_wait(unsigned port, uint64_t timeout_ns);
uint64_t now_ns(void);

/* ---- hypercalls by an inline SYSCALL, as Linux does */
static inline long hypercall(unsigned long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                     : "0"(nr)
                     : "rcx", "r11", "cc", "memory");
    return result;
}

#define ARG(x) ((uint64_t)(x))
#define hypercall1(nr, a) hypercall(nr, ARG(a), 0, 0, 0, 0)
#define hypercall2(nr, a, b) hypercall(nr, ARG(a), ARG(b), 0, 0, 0)
#define hypercall3(nr, a, b, c) hypercall(nr, ARG(a), ARG(b), ARG(c), 0, 0)
#define hypercall4(nr, a, b, c, d) hypercall(nr, ARG(a), ARG(b), ARG(c), ARG(d), 0)

#endif
