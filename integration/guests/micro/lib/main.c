/* From start.S to the guest's own code; the command line, events and the clock. */
#include "micro.h"

void micro_main(void);

void micro_main(void)
{
    memory_init();
    traps_init();
    guest();
    done();
}

uint64_t option(const char *name, uint64_t otherwise)
{
    const char *at = find((const char *)start_info->cmd_line, name);
    if (at == NULL) {
        return otherwise;
    }
    while (*at != 0 && *at != '=') {
        at++;
    }
    unsigned base = 10;
    uint64_t value = 0;
    at++;
    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2;
    }
    for (;; at++) {
        unsigned digit = *at >= 'a' ? *at - 'a' + 10u : *at - '0' + 0u;
        if (digit >= base) {
            return value;
        }
        value = value * base + digit;
    }
}

bool event_pending(unsigned port)
{
    return shared_info()->evtchn_pending[port / 64] >> port % 64 & 1;
}

/* Clears the pending bit and says whether it was set. */
bool event_take(unsigned port)
{
    unsigned long bit = 1ul << port % 64;
    return __atomic_fetch_and(&shared_info()->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

/* Sleeps until the port is pending or the time is over. */
long event_wait(unsigned port, uint64_t timeout_ns)
{
    evtchn_port_t ports[1] = {port};
    struct sched_poll poll = {.nr_ports = 1, .timeout = timeout_ns == 0 ? 0 : now_ns() + timeout_ns};
    set_xen_guest_handle(poll.ports, ports);
    return hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}

uint64_t now_ns(void)
{
    const volatile struct vcpu_time_info *time = &shared_info()->vcpu_info[0].time;
    uint32_t version;
    uint64_t ns;
    do {
        version = time->version;
        __asm__ volatile("lfence" : : : "memory");
        uint64_t ticks = __builtin_ia32_rdtsc() - time->tsc_timestamp;
        ticks = time->tsc_shift < 0 ? ticks >> -time->tsc_shift : ticks << time->tsc_shift;
        ns = time->system_time + (uint64_t)((unsigned __int128)ticks * time->tsc_to_system_mul >> 32);
        __asm__ volatile("lfence" : : : "memory");
    } while ((version & 1) || version != time->version);
    return ns;
}
