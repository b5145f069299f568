/* Exceptions: those of attempt() come back to it, any other is the guest's end. */
#include "micro.h"

#define VECTORS 32
#define STUB_BYTES 16
#define GUEST_CS 0xe033
#define DPL3 3

struct frame {
    uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

extern char trap_stubs[], attempt_out[];
int attempt_call(void (*action)(void *), void *argument, uint64_t *rsp_out);
void trap_c(struct frame *frame);

static uint64_t attempt_rsp;
static struct fault last;

struct fault attempt(void (*action)(void *), void *argument)
{
    last = (struct fault){0};
    attempt_call(action, argument, &attempt_rsp);
    attempt_rsp = 0;
    return last;
}

void trap_c(struct frame *frame)
{
    uint64_t cr2 = shared_info()->vcpu_info[0].arch.cr2;
    if (attempt_rsp != 0) {
        last = (struct fault){true, frame->vector, frame->error, cr2, frame->rip};
        frame->rip = (uint64_t)attempt_out;
        /* Also out of user mode. */
        frame->cs = GUEST_CS & ~3ul;
        frame->rsp = attempt_rsp;
        attempt_rsp = 0;
        return;
    }
    expect(false, "exception %lu, error code 0x%lx, at 0x%lx, cr2 0x%lx, rsp 0x%lx", frame->vector, frame->error,
           frame->rip, cr2, frame->rsp);
    shut_down(SHUTDOWN_crash);
}

void traps_init(void)
{
    static struct trap_info table[VECTORS + 1];
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        table[vector].vector = vector;
        table[vector].flags = vector == 3 || vector == 4 ? DPL3 : 0;
        table[vector].cs = GUEST_CS;
        table[vector].address = (unsigned long)trap_stubs + vector * STUB_BYTES;
    }
    long rc = hypercall1(__HYPERVISOR_set_trap_table, table);
    if (rc != 0) {
        print("FAILED set_trap_table: %ld\n", rc);
        shut_down(SHUTDOWN_crash);
    }
}
