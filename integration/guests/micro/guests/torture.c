/* Hypercalls of all numbers with boundary and pseudo-random arguments. Whatever is asked, the answer is 0, a count or an
   errno of Xen's, and the guest goes on.

   Only what ends a guest by design is left out: iret, shutdown and its kin, the last vcpu going down, another root, and
   answers written over the guest itself. So pointers are of a sandbox, or bad; frames are of a pool, or bad.

   Options: seed=N, calls=N, seconds=N (the random calls end by whichever comes first); cpus=2 if a second vcpu shall make
   them at the same time, of buffers of its own and the same frames.
   images: linux */
#include "micro.h"
#include <xen/grant_table.h>
#include <xen/physdev.h>

#define NUMBERS 64
#define SUB_OPS 41
#define BUFFERS 8  /* pages mapped writable, one after the other, nothing behind them */
#define POOL 16    /* frames that are mapped nowhere */
#define READ_ONLY 2
#define ENTRY_COUNT 8
#define STACK_BYTES (2 * PAGE_SIZE)
#define MAX_ERRNO 140
#define ENOSYS 38

struct cpu {
    uint64_t state; /* of its random numbers */
    uint64_t calls;
    char *buffers;
    char *list_page; /* the multicalls', which no answer may change: nothing lies behind it either */
};
static struct cpu cpus[2];
static char *second_stack;
static volatile bool over;
static char *window; /* where pool frames were mapped: addresses for update_va_mapping */
static uint64_t pool[POOL];
static char *read_only[READ_ONLY];
static uint64_t root_mfn;

struct call {
    uint64_t nr, args[5];
};

/* The vcpu that we are on, by its stack: segment bases are the torture's. */
static struct cpu *self(void)
{
    uint64_t at = (uint64_t)__builtin_frame_address(0) - (uint64_t)second_stack;
    return &cpus[second_stack != NULL && at < STACK_BYTES];
}

static uint64_t random64(void)
{
    uint64_t *state = &self()->state;
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dul;
}

static uint64_t below(uint64_t bound)
{
    return (random64() >> 20) % bound;
}

static const uint64_t boundaries[] = {
    0, 1, 2, 3, 7, 8, 0x7f, 0xff, 0xfff, 0x1000, 0x7ff0, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
    0x100000000, 0x7ffffffffffffffful, 0x8000000000000000ul, ~0ul, ~1ul, ~0xffful, DOMID_SELF, DOMID_IO, DOMID_XEN,
};
#define BOUNDARIES (sizeof boundaries / sizeof boundaries[0])

static uint64_t number(void)
{
    switch (below(4)) {
    case 0:
        return boundaries[below(BOUNDARIES)];
    case 1:
        return random64() >> below(64);
    default:
        return below(24);
    }
}

/* An address that answers may be written to. */
static uint64_t good_pointer(void)
{
    uint64_t at = (uint64_t)self()->buffers + below(BUFFERS * PAGE_SIZE);
    switch (below(4)) {
    case 0: /* the last words before nothing */
        return (uint64_t)self()->buffers + BUFFERS * PAGE_SIZE - below(64);
    case 1:
        return at;
    default:
        return at & ~7ul;
    }
}

/* An address that cannot even be read. */
static uint64_t nowhere(void)
{
    switch (below(5)) {
    case 0:
        return 0;
    case 1: /* the hypervisor's: the array, the monitor's window, the end of the hole */
        return (const uint64_t[]){0xffff800000000000ul, 0xffff808000000000ul, 0xffff808000001000ul, 0xffff808000003000ul,
                                  0xffff87fffffffff8ul}[below(5)] + below(64);
    case 2:
        return 0x800000000000ul + below(1ul << 40);
    case 3:
        return ~below(16);
    default:
        return (uint64_t)self()->buffers + BUFFERS * PAGE_SIZE + below(PAGE_SIZE);
    }
}

static uint64_t bad_pointer(void)
{
    switch (below(7)) {
    case 0:
        return (uint64_t)read_only[below(READ_ONLY)] + below(PAGE_SIZE);
    case 1: /* page tables */
        return (uint64_t)start_info->pt_base + below(PAGE_SIZE * start_info->nr_pt_frames);
    default:
        return nowhere();
    }
}

static uint64_t pointer(void)
{
    return below(4) == 0 ? bad_pointer() : good_pointer();
}

static uint64_t frame(void)
{
    switch (below(8)) {
    case 0:
        return root_mfn;
    case 1:
        return m2p_max_mfn + below(3);
    case 2:
        return number();
    default:
        return pool[below(POOL)];
    }
}

static uint64_t entry(void)
{
    uint64_t flags = below(4) == 0 ? random64() & ~PTE_ADDRESS : below(128);
    /* Shared info may be mapped, but is no frame of the sandbox: a descriptor written to it could stop the clock. */
    uint64_t mfn = below(16) == 0 ? start_info->shared_info >> PAGE_SHIFT : frame();
    return mfn << PAGE_SHIFT | flags;
}

static uint64_t word(void)
{
    switch (below(8)) {
    case 0:
    case 1:
        return pointer();
    case 2:
        return frame();
    case 3:
        return entry();
    case 4:
        return DOMID_SELF;
    default:
        return number();
    }
}

/* What structures are made of. */
static void fill(void)
{
    uint64_t *at = (uint64_t *)(self()->buffers + (below(BUFFERS) * PAGE_SIZE));
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++) {
        at[i] = below(3) == 0 ? word() : word() << 32 | (uint32_t)word();
    }
}

/* ---- arguments that make sense now and then, and cannot hurt the guest */

static uint64_t mmu_updates(void)
{
    struct mmu_update *list = (struct mmu_update *)self()->buffers;
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        /* Entries of frames of the pool, which may be tables by now; never of a live table. */
        list[i].ptr = (below(8) == 0 ? number() << 40 : pool[below(POOL)] << PAGE_SHIFT) + below(ENTRIES) * 8 + below(5);
        list[i].val = below(4) == 0 ? number() : entry();
    }
    return (uint64_t)list;
}

static uint64_t mmuext_ops(void)
{
    struct mmuext_op *list = (struct mmuext_op *)self()->buffers;
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        list[i].cmd = below(SUB_OPS) + (below(32) == 0 ? number() : 0);
        list[i].arg1.mfn = frame();
        list[i].arg2.nr_ents = number();
        bool root = list[i].cmd == MMUEXT_NEW_BASEPTR;
        bool writes = list[i].cmd == MMUEXT_CLEAR_PAGE || list[i].cmd == MMUEXT_COPY_PAGE;
        if (root) {
            list[i].arg1.mfn = below(2) == 0 ? root_mfn : m2p_max_mfn + 1 + below(100);
        } else if (writes) {
            list[i].arg1.mfn = pool[below(POOL)];
            list[i].arg2.src_mfn = frame();
        } else if (list[i].cmd == MMUEXT_INVLPG_LOCAL || list[i].cmd == MMUEXT_SET_LDT) {
            list[i].arg1.linear_addr = word();
        } else if (list[i].cmd == MMUEXT_TLB_FLUSH_MULTI || list[i].cmd == MMUEXT_INVLPG_MULTI) {
            set_xen_guest_handle(list[i].arg2.vcpumask, (const void *)pointer());
        }
    }
    return (uint64_t)list;
}

/* An address whose mapping may change. */
static uint64_t changeable(void)
{
    switch (below(4)) {
    case 0:
        return 0x800000000000ul + below(1ul << 40);
    case 1:
        return 0xffff800000000000ul + below(1ul << 43);
    default:
        return (uint64_t)window + below(POOL * PAGE_SIZE);
    }
}

/* A structure of a few small fields, as most sub-operations take: domids, ports, references, frames. */
static uint64_t structure(void)
{
    uint32_t *at = (uint32_t *)(self()->buffers + below(BUFFERS * PAGE_SIZE / 64 - 1) * 64);
    for (unsigned i = 0; i < 16; i++) {
        switch (below(6)) {
        case 0:
            at[i] = DOMID_SELF | (below(2) == 0 ? below(8) << 16 : 0);
            break;
        case 1:
            at[i] = pool[below(POOL)];
            at[++i & 15] = 0;
            break;
        case 2:
            at[i] = number();
            break;
        default:
            at[i] = below(8);
        }
    }
    if (below(3) == 0) {
        *(uint64_t *)(at + 2 * below(8)) = pointer();
    }
    return (uint64_t)at;
}

/* Frames and pfns, for calls that give memory back and take it. */
static uint64_t reservation(struct xen_memory_reservation *r)
{
    xen_pfn_t *list = (xen_pfn_t *)(self()->buffers + PAGE_SIZE);
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        list[i] = below(8) == 0 ? number() : pool[below(POOL)];
    }
    set_xen_guest_handle(r->extent_start, below(8) == 0 ? (xen_pfn_t *)pointer() : list);
    r->nr_extents = below(8) == 0 ? number() : below(ENTRY_COUNT);
    r->extent_order = below(8) == 0 ? number() : below(2);
    r->mem_flags = below(2) == 0 ? 0 : number();
    r->domid = below(8) == 0 ? number() : DOMID_SELF;
    return (uint64_t)r;
}

static uint64_t memory_argument(uint64_t op)
{
    struct xen_memory_exchange *exchange = (struct xen_memory_exchange *)self()->buffers;
    switch (op & 63) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return reservation((struct xen_memory_reservation *)self()->buffers);
    case XENMEM_exchange:
        reservation(&exchange->in);
        reservation(&exchange->out);
        exchange->nr_exchanged = below(8) == 0 ? number() : 0;
        return (uint64_t)exchange;
    default:
        return structure();
    }
}

static void make(struct call *call, uint64_t nr, uint64_t op, bool nested);

/* At the end of their page, so that a count too high runs into nothing. */
static uint64_t multicalls(void)
{
    struct multicall_entry *list = (struct multicall_entry *)(self()->list_page + PAGE_SIZE) - ENTRY_COUNT;
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        struct call call;
        make(&call, below(NUMBERS), below(SUB_OPS), true);
        list[i].op = call.nr;
        memcpy(list[i].args, call.args, sizeof call.args);
    }
    return (uint64_t)(list + below(ENTRY_COUNT));
}

static void make_sched(struct call *call)
{
    struct sched_poll *poll = (struct sched_poll *)self()->buffers;
    unsigned op = call->args[0];
    if (call->nr == __HYPERVISOR_sched_op_compat && op == SCHEDOP_shutdown) {
        call->args[0] = SCHEDOP_yield; /* any reason would do */
    }
    switch (op) {
    case SCHEDOP_block: /* nothing would wake us */
        call->args[0] = SCHEDOP_yield;
        break;
    case SCHEDOP_poll:
        poll->timeout = below(2) == 0 ? 1 : now_ns() + below(100000);
        poll->nr_ports = below(8) == 0 ? number() : below(4);
        set_xen_guest_handle(poll->ports, (evtchn_port_t *)pointer());
        call->args[1] = below(4) == 0 ? nowhere() : (uint64_t)poll;
        break;
    default: /* shutdown, shutdown_code, watchdog … */
        call->args[1] = nowhere();
    }
}

/* Makes call number nr, with op where sub-operations stand. */
static void make(struct call *call, uint64_t nr, uint64_t op, bool nested)
{
    call->nr = nr;
    call->args[0] = op;
    for (unsigned i = 1; i < 5; i++) {
        call->args[i] = word();
    }
    uint64_t count = below(4) == 0 ? number() : below(ENTRY_COUNT + 1);
    unsigned sub_op = op; /* all that most calls look at */
    switch (nr) {
    case __HYPERVISOR_set_trap_table:
        call->args[0] = pointer();
        break;
    case __HYPERVISOR_mmu_update:
        call->args[0] = nested ? nowhere() : mmu_updates();
        call->args[1] = count > 4096 ? ENTRY_COUNT | (count & 1ul << 31) : count % (ENTRY_COUNT + 1);
        call->args[2] = below(2) == 0 ? 0 : pointer();
        call->args[3] = below(8) == 0 ? number() : DOMID_SELF;
        break;
    case __HYPERVISOR_mmuext_op:
        call->args[0] = nested ? nowhere() : mmuext_ops();
        call->args[1] = count > 4096 ? ENTRY_COUNT | (count & 1ul << 31) : count % (ENTRY_COUNT + 1);
        call->args[2] = below(2) == 0 ? 0 : pointer();
        call->args[3] = below(8) == 0 ? number() : DOMID_SELF;
        break;
    case __HYPERVISOR_set_debugreg:
        if (sub_op == 5 || sub_op == 7) {
            call->args[1] &= ~0xfful; /* no breakpoint on: its handler would be the torture's */
        }
        break;
    case __HYPERVISOR_set_gdt:
        call->args[0] = pointer();
        call->args[1] = number();
        break;
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        call->args[0] = changeable();
        call->args[1] = entry();
        call->args[2] = below(2) == 0 ? below(8) : pointer();
        break;
    case __HYPERVISOR_multicall:
        call->args[0] = nested || below(8) == 0 ? nowhere() : multicalls();
        call->args[1] = count;
        break;
    case __HYPERVISOR_console_io:
        /* Nothing to print, for the log is the test's. */
        call->args[2] = below(2) == 0 ? nowhere() : pointer();
        call->args[1] = below(2) == 0 ? 0 : number();
        if (call->args[1] != 0) {
            call->args[2] = nowhere();
        }
        break;
    case __HYPERVISOR_iret:
        call->nr = __HYPERVISOR_xen_version;
        break;
    case __HYPERVISOR_memory_op:
        call->args[1] = below(4) == 0 ? pointer() : memory_argument(op);
        break;
    case __HYPERVISOR_grant_table_op:
        call->args[1] = below(4) == 0 ? pointer() : structure();
        call->args[2] = count;
        break;
    case __HYPERVISOR_event_channel_op:
    case __HYPERVISOR_physdev_op:
    case __HYPERVISOR_callback_op:
    case __HYPERVISOR_xen_version:
        call->args[1] = below(4) == 0 ? pointer() : structure();
        break;
    case __HYPERVISOR_vcpu_op:
        call->args[1] = below(4) == 0 ? number() : 0;
        call->args[2] = below(4) == 0 ? pointer() : structure();
        if (sub_op == VCPUOP_down) {
            call->args[1] = 1 + below(100);
        } else if (sub_op == VCPUOP_register_vcpu_info || sub_op == VCPUOP_send_nmi) {
            /* The event mask would be in the torture's reach; the handler is by now. */
            call->args[1] = 2 + below(100);
        }
        break;
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_sched_op_compat:
        make_sched(call);
        break;
    case __HYPERVISOR_update_descriptor:
        call->args[0] = (below(4) == 0 ? frame() : pool[below(POOL)]) << PAGE_SHIFT | below(PAGE_SIZE);
        break;
    default:
        break;
    }
}

static bool lawful(const struct call *call, long rc)
{
    if (call->nr == __HYPERVISOR_get_debugreg) {
        return true; /* any word that was set */
    }
    if (call->nr >= NUMBERS || (call->nr > 42 && call->nr < 48) || call->nr > 55) {
        return rc == -ENOSYS;
    }
    return rc >= -MAX_ERRNO;
}

static bool perform(const struct call *call)
{
    long rc = hypercall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3], call->args[4]);
    uint64_t count = ++self()->calls;
    return expect(lawful(call, rc), "call %lu of number %lu (%lx, %lx, %lx, %lx, %lx) answered %ld", count, call->nr,
                  call->args[0], call->args[1], call->args[2], call->args[3], call->args[4], rc);
}

static void sandbox(void)
{
    root_mfn = mfn_of((void *)start_info->pt_base);
    shared_info();
    for (unsigned i = 0; i < READ_ONLY; i++) {
        read_only[i] = new_page();
        remap(read_only[i], mfn_of(read_only[i]) << PAGE_SHIFT | PTE_P | PTE_US);
    }
    for (unsigned i = 0; i < 2; i++) {
        cpus[i].buffers = new_page();
        for (unsigned page = 1; page < BUFFERS; page++) {
            new_page();
        }
        expect(remap(new_page(), 0) == 0, "the page behind the buffers stays");
        cpus[i].list_page = new_page();
        expect(remap(new_page(), 0) == 0, "the page behind the list stays");
    }
    second_stack = new_page();
    new_page();
    window = new_page();
    for (unsigned i = 1; i < POOL; i++) {
        new_page();
    }
    for (unsigned i = 0; i < POOL; i++) {
        pool[i] = mfn_of(window + i * PAGE_SIZE);
        expect(remap(window + i * PAGE_SIZE, 0) == 0, "frame %u stays mapped", i);
    }
}

/* Whether arguments other than those of make() cannot hurt: an address there may be written to, or mapped. */
static bool takes_anything(uint64_t nr)
{
    return nr != __HYPERVISOR_sched_op && nr != __HYPERVISOR_sched_op_compat && nr != __HYPERVISOR_vcpu_op &&
           nr != __HYPERVISOR_update_va_mapping && nr != __HYPERVISOR_update_va_mapping_otherdomain &&
           nr != __HYPERVISOR_console_io && nr != __HYPERVISOR_multicall && nr != __HYPERVISOR_set_debugreg;
}

static void every_number(void)
{
    struct call call;
    law("every number and sub-operation takes boundary values");
    for (uint64_t nr = 0; nr < NUMBERS; nr++) {
        for (uint64_t op = 0; op < SUB_OPS; op++) {
            for (unsigned i = 0; i < 8; i++) {
                fill();
                make(&call, nr, op, false);
                if (i < 2 && takes_anything(nr)) {
                    call.args[1 + below(4)] = boundaries[below(BOUNDARIES)];
                }
                if (!perform(&call)) {
                    return;
                }
            }
        }
    }
    law("numbers that are none are -ENOSYS");
    static const uint64_t odd[] = {64, 255, 0x7fffffff, 0x80000000, 0x100000011, ~0ul};
    for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        make(&call, 63, 0, false);
        call.nr = odd[i];
        perform(&call);
    }
}

static bool random_call(void)
{
    struct call call;
    if (below(8) == 0) {
        fill();
    }
    uint64_t nr = below(4) == 0 ? below(NUMBERS)
                                : (const uint64_t[]){1, 2, 10, 12, 13, 14, 20, 24, 26, 30, 32, 33, 0, 17}[below(14)];
    make(&call, nr, below(64) == 0 ? number() : below(SUB_OPS), false);
    return perform(&call);
}

static void second(void)
{
    while (!over && random_call()) {
    }
    for (;;) {
        hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
    }
}

static void start_second(void)
{
    static struct vcpu_guest_context context;
    context.flags = VGCF_in_kernel;
    context.user_regs.rip = (uint64_t)second;
    context.user_regs.rsp = (uint64_t)second_stack + STACK_BYTES - 8;
    context.user_regs.rflags = RFLAGS_IF | 2;
    context.user_regs.cs = 0xe033;
    context.user_regs.ss = 0xe02b;
    context.ctrlreg[3] = root_mfn << PAGE_SHIFT;
    long rc = hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, &context);
    expect(rc == 0, "vcpu 1 cannot be made: %ld", rc);
    rc = hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0);
    expect(rc == 0, "vcpu 1 does not come up: %ld", rc);
}

static void random_calls(void)
{
    law("random calls are answered");
    bool two = option("cpus", 1) == 2;
    if (two) {
        start_second();
    }
    uint64_t limit = option("calls", 100000), end = now_ns() + option("seconds", 10) * 1000000000ul;
    for (uint64_t i = 0; i < limit && ((i & 63) != 0 || now_ns() < end) && random_call(); i++) {
    }
    over = true;
    end = now_ns() + 10000000000ul;
    while (two && hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0) == 1) {
        if (!expect(now_ns() < end, "vcpu 1 never comes to its end")) {
            break;
        }
        hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
    }
    expect(!two || cpus[1].calls > 0, "vcpu 1 has made no call");
}

static void write_word(void *va)
{
    *(volatile uint64_t *)va = 0;
}

static void afterwards(void)
{
    law("the guest works as before");
    traps_init();
    struct fault fault = attempt(write_word, entry_of(image_start, 4));
    expect(fault.happened && fault.vector == 14, "a fault is vector %u", fault.vector);
    uint64_t *page = new_page();
    *page = 42;
    uint64_t *other = map_frame(mfn_of(page), PTE_P | PTE_US);
    expect(other != NULL && *other == 42, "a frame cannot be mapped twice");
    struct evtchn_bind_ipi bind = {.vcpu = 0};
    long rc = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &bind);
    expect(rc == 0, "no channel can be bound: %ld", rc);
    uint64_t before = now_ns();
    rc = event_wait(bind.port, 1000000);
    expect(rc == 0 && now_ns() > before, "a poll answers %ld", rc);
}

void guest(void)
{
    uint64_t seed = option("seed", 1);
    cpus[0].state = seed * 0x9e3779b97f4a7c15ul + 1;
    cpus[1].state = ~cpus[0].state;
    law("frames leave their addresses");
    sandbox();
    every_number();
    random_calls();
    afterwards();
    print("torture: seed %lu, %lu and %lu calls\n", seed, cpus[0].calls, cpus[1].calls);
}
