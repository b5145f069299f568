/* Grants of the first version, and channels to backends. */
#include "front.h"

#define FIRST GNTTAB_NR_RESERVED_ENTRIES
#define REFS (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define BACKEND 0

static grant_entry_v1_t *entries;
static grant_ref_t search = FIRST;

grant_entry_v1_t *grant_entry(grant_ref_t ref)
{
    if (entries == NULL) {
        xen_pfn_t frames[1] = {0};
        struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};
        set_xen_guest_handle(setup.frame_list, frames);
        long rc = hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &setup, 1);
        if (rc == 0 && setup.status == GNTST_okay) {
            entries = map_frame(frames[0], PTE_P | PTE_RW | PTE_US);
        }
        if (entries == NULL) {
            print("FAILED GNTTABOP_setup_table: %ld, status %d\n", rc, setup.status);
            shut_down(SHUTDOWN_crash);
        }
    }
    return &entries[ref];
}

grant_ref_t grant(uint64_t mfn, unsigned flags)
{
    for (unsigned i = 0; i < REFS; i++) {
        grant_ref_t ref = search;
        search = search + 1 == REFS ? FIRST : search + 1;
        if (grant_entry(ref)->flags == 0) {
            entries[ref].domid = BACKEND;
            entries[ref].frame = (uint32_t)mfn;
            xen_wmb();
            entries[ref].flags = (uint16_t)(GTF_permit_access | flags);
            return ref;
        }
    }
    print("FAILED no grant is free\n");
    shut_down(SHUTDOWN_crash);
}

grant_ref_t grant_page(const void *page, unsigned flags)
{
    return grant(mfn_of(page), flags);
}

bool grant_end(grant_ref_t ref)
{
    uint16_t flags = grant_entry(ref)->flags;
    return !(flags & (GTF_reading | GTF_writing))
           && __sync_bool_compare_and_swap(&entries[ref].flags, flags, 0);
}

unsigned backend_port(void)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = BACKEND};
    long rc = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc);
    return rc == 0 ? alloc.port : 0;
}

void port_send(unsigned port)
{
    struct evtchn_send send = {.port = port};
    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send);
}

void port_close(unsigned port)
{
    struct evtchn_close close = {.port = port};
    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &close);
}

void pause_ms(unsigned ms)
{
    struct sched_poll poll = {.nr_ports = 0, .timeout = now_ns() + ms * 1000000ul};
    hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}
