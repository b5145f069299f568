/* Start of day: what a guest finds when it begins, by each way of being a kernel ("start-of-day" in xen.h, and the order
   that Xen's domain builder keeps).

   Options: pages=N, the domain's size; initrd=BYTES, of which byte i is i*7+3 modulo 251.
   images: plain linux high nobase section grub legacy legacyhigh */
#include "micro.h"
#include <xen/grant_table.h>

#define REGION_ROUND (4ul << 20)
#define PADDING (512ul << 10)

static uint64_t region_end; /* one past the last pfn of the first region */

static void registers(void)
{
    law("registers are as at the start of a domain");
    expect(boot.rax == 0 && boot.rcx == 0 && boot.rdx == 0 && boot.rbx == 0 && boot.rbp == 0 && boot.rdi == 0,
           "a general register is not 0");
    expect(boot.r8 == 0 && boot.r9 == 0 && boot.r10 == 0 && boot.r11 == 0 && boot.r12 == 0 && boot.r13 == 0 &&
               boot.r14 == 0 && boot.r15 == 0,
           "a register from r8 on is not 0");
    expect((boot.rflags & ~0x10000ul) == (RFLAGS_IF | 2), "rflags %lx", boot.rflags);
    expect((boot.cs & ~0xe000ul) == 0x33 && (boot.ss & ~0xe000ul) == 0x2b, "cs %lx ss %lx", boot.cs, boot.ss);
    expect(boot.ds == 0 && boot.es == 0 && boot.fs == 0 && boot.gs == 0, "a data segment is not null");

    law("the stack is the page behind the page tables");
    uint64_t top = start_info->pt_base + (start_info->nr_pt_frames + 1) * PAGE_SIZE;
    expect(boot.rsp == top, "rsp %lx, should be %lx", boot.rsp, top);
    const uint64_t *stack = (const uint64_t *)(top - PAGE_SIZE);
    bool zero = true;
    /* start.S has pushed one word. */
    for (unsigned i = 0; i < PAGE_SIZE / 8 - 1; i++) {
        zero &= stack[i] == 0;
    }
    expect(zero, "it is not empty");
}

static void start_info_fields(void)
{
    bool by_pfn = image_mod_start_pfn && option("initrd", 0) != 0;
    law("start_info says what it should");
    expect(strcmp(start_info->magic, "xen-3.0-x86_64") == 0, "magic %s", start_info->magic);
    expect(start_info->nr_pages == option("pages", 0), "nr_pages %lu", start_info->nr_pages);
    expect((start_info->shared_info & (PAGE_SIZE - 1)) == 0, "shared_info %lx", start_info->shared_info);
    uint32_t flags = SIF_VIRT_P2M_4TOOLS | (by_pfn ? SIF_MOD_START_PFN : 0);
    expect(start_info->flags == flags, "flags %x, should be %x", start_info->flags, flags);
    expect(find((char *)start_info->cmd_line, "last=word") != NULL, "cmd_line: %s", (char *)start_info->cmd_line);

    law("parts follow each other in the builder's order");
    uint64_t pfn = pfn_of(image_end + PAGE_SIZE - 1);
    if (!image_mod_start_pfn) {
        pfn += (start_info->mod_len + PAGE_SIZE - 1) >> PAGE_SHIFT;
    }
    if (image_init_p2m == 0) {
        expect(start_info->mfn_list == (uint64_t)va_of_pfn(pfn), "mfn_list %lx", start_info->mfn_list);
        pfn += (start_info->nr_pages * 8 + PAGE_SIZE - 1) >> PAGE_SHIFT;
    }
    expect(pfn_of(start_info) == pfn, "start_info at %lx, should be pfn %lx", (uint64_t)start_info, pfn);
    expect(((uint64_t)start_info & (PAGE_SIZE - 1)) == 0, "start_info %lx", (uint64_t)start_info);
    expect(p2m[pfn + 1] == start_info->store_mfn, "store_mfn %lx is not pfn %lx", start_info->store_mfn, pfn + 1);
    expect(p2m[pfn + 2] == start_info->console.domU.mfn, "console mfn %lx is not pfn %lx",
           start_info->console.domU.mfn, pfn + 2);
    expect(pfn_of((void *)start_info->pt_base) == pfn + 3, "pt_base %lx", start_info->pt_base);
}

static void p2m_and_m2p(void)
{
    law("the P2M list names nr_pages machine frames, each once");
    if (image_init_p2m != 0) {
        expect(start_info->mfn_list == image_init_p2m, "mfn_list %lx", start_info->mfn_list);
        uint64_t first = start_info->first_p2m_pfn, count = start_info->nr_p2m_frames;
        expect(first >= region_end, "first_p2m_pfn %lx lies in the mapped region, to %lx", first, region_end);
        uint64_t list = (start_info->nr_pages * 8 + PAGE_SIZE - 1) >> PAGE_SHIFT;
        expect(count >= list + 2 && first + count <= start_info->nr_pages, "first_p2m_pfn %lx, nr_p2m_frames %lx", first, count);
        for (uint64_t i = 0; i < list; i++) {
            const void *page = map_frame(p2m[first + i], PTE_P | PTE_US);
            if (!expect(memcmp(page, (char *)p2m + i * PAGE_SIZE, PAGE_SIZE) == 0, "page %lu of it is not there", i)) {
                break;
            }
        }
    } else {
        expect(start_info->first_p2m_pfn == 0 && start_info->nr_p2m_frames == 0, "first_p2m_pfn %lx, nr_p2m_frames %lx",
               start_info->first_p2m_pfn, start_info->nr_p2m_frames);
    }
    for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn++) {
        uint64_t mfn = p2m[pfn];
        if (!expect(mfn != 0 && mfn <= m2p_max_mfn, "pfn %lx has mfn %lx of at most %lx", pfn, mfn, m2p_max_mfn) ||
            !expect(m2p[mfn] == pfn, "pfn %lx has mfn %lx, and that has pfn %lx", pfn, mfn, m2p[mfn])) {
            return;
        }
    }
    expect(start_info->shared_info >> PAGE_SHIFT <= m2p_max_mfn &&
               m2p[start_info->shared_info >> PAGE_SHIFT] >= start_info->nr_pages,
           "shared_info has a pfn");
}

static bool is_table(uint64_t pfn)
{
    uint64_t first = pfn_of((void *)start_info->pt_base);
    return pfn >= first && pfn < first + start_info->nr_pt_frames;
}

/* Counts the tables that the table of `level` leads to, itself included, but not those of the P2M list. */
static uint64_t count_tables(uint64_t mfn, int level, bool *inside)
{
    uint64_t pfn = m2p[mfn];
    if (pfn - start_info->first_p2m_pfn < start_info->nr_p2m_frames) {
        return 0;
    }
    *inside &= is_table(pfn);
    uint64_t count = 1;
    const uint64_t *table = va_of_pfn(pfn);
    for (unsigned i = 0; is_table(pfn) && level > 1 && i < ENTRIES; i++) {
        bool hypervisors = level == 4 && i >= 256 && i < 272;
        if ((table[i] & PTE_P) && !hypervisors) {
            count += count_tables((table[i] & PTE_ADDRESS) >> PAGE_SHIFT, level - 1, inside);
        }
    }
    return count;
}

static void page_tables(void)
{
    law("the first region is mapped one to one, to a multiple of 4 MiB");
    uint64_t pfn = 0;
    while (pfn < start_info->nr_pages) {
        uint64_t *entry = entry_of(va_of_pfn(pfn), 1);
        if (entry == NULL || !(*entry & PTE_P)) {
            break;
        }
        if (!expect((*entry & PTE_ADDRESS) >> PAGE_SHIFT == p2m[pfn], "pfn %lx: entry %lx, mfn %lx", pfn, *entry, p2m[pfn])) {
            return;
        }
        pfn++;
    }
    expect(pfn == region_end, "it ends at pfn %lx, should at %lx", pfn, region_end);

    law("page tables are mapped read-only, all else writable");
    for (pfn = 0; pfn < region_end; pfn++) {
        bool writable = *entry_of(va_of_pfn(pfn), 1) & PTE_RW;
        if (!expect(writable != is_table(pfn), "pfn %lx: entry %lx", pfn, *entry_of(va_of_pfn(pfn), 1))) {
            break;
        }
    }

    law("nr_pt_frames counts the tables, the root first");
    bool inside = true;
    uint64_t cr3;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    expect(cr3 >> PAGE_SHIFT == mfn_of((void *)start_info->pt_base), "cr3 %lx", cr3);
    uint64_t count = count_tables(cr3 >> PAGE_SHIFT, 4, &inside);
    expect(count == start_info->nr_pt_frames, "%lu tables, nr_pt_frames %lu", count, start_info->nr_pt_frames);
    expect(inside, "a table lies elsewhere");
}

static void write_word(void *va)
{
    *(volatile uint64_t *)va = 0;
}

static void protection(void)
{
    law("a store to the root table is a page fault");
    struct fault fault = attempt(write_word, entry_of(image_start, 4));
    expect(fault.happened && fault.vector == 14 && (fault.error & 7) == 3, "vector %u error %lx", fault.vector, fault.error);
    expect(fault.address == (uint64_t)entry_of(image_start, 4), "cr2 %lx", fault.address);

    law("a root table cannot be mapped writable");
    void *root = (void *)start_info->pt_base;
    expect(remap(root, mfn_of(root) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) < 0, "it can");

    law("what lies behind the region is a page fault");
    fault = attempt(write_word, va_of_pfn(region_end));
    expect(fault.happened && fault.vector == 14 && (fault.error & 5) == 0, "vector %u error %lx", fault.vector, fault.error);
}

static void shared_page(void)
{
    law("events are masked on every vcpu, and the clock runs");
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        const struct vcpu_info *vcpu = &shared_info()->vcpu_info[i];
        expect(vcpu->evtchn_upcall_mask == 1 && vcpu->evtchn_upcall_pending == 0, "vcpu %u: mask %u pending %u", i,
               vcpu->evtchn_upcall_mask, vcpu->evtchn_upcall_pending);
    }
    expect(shared_info()->vcpu_info[0].time.tsc_to_system_mul != 0, "no scale");
    expect(shared_info()->wc_sec != 0 && !(shared_info()->wc_version & 1), "no wall clock");
    uint64_t before = now_ns();
    expect(now_ns() >= before, "it goes backwards");

    law("the console and xenstore have event channels of domain 0");
    uint32_t ports[2] = {start_info->store_evtchn, start_info->console.domU.evtchn};
    for (unsigned i = 0; i < 2; i++) {
        struct evtchn_status status = {.dom = DOMID_SELF, .port = ports[i]};
        long rc = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_status, &status);
        bool bound = status.status == EVTCHNSTAT_interdomain && status.u.interdomain.dom == 0;
        bool waiting = status.status == EVTCHNSTAT_unbound && status.u.unbound.dom == 0;
        expect(rc == 0 && (bound || waiting), "port %u: %ld, status %u", ports[i], rc, status.status);
    }

    law("the rings are granted to domain 0");
    uint64_t frame = 0;
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};
    set_xen_guest_handle(setup.frame_list, &frame);
    long rc = hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &setup, 1);
    if (expect(rc == 0 && setup.status == GNTST_okay, "setup_table: %ld, %d", rc, setup.status)) {
        const grant_entry_v1_t *grants = map_frame(frame, PTE_P | PTE_RW | PTE_US);
        if (expect(grants != NULL, "the table cannot be mapped")) {
            expect(grants[GNTTAB_RESERVED_CONSOLE].frame == start_info->console.domU.mfn, "the console's is frame %x",
                   grants[GNTTAB_RESERVED_CONSOLE].frame);
            expect(grants[GNTTAB_RESERVED_XENSTORE].frame == start_info->store_mfn, "xenstore's is frame %x",
                   grants[GNTTAB_RESERVED_XENSTORE].frame);
        }
    }
}

static void hypercalls(void)
{
    law("a hypercall by SYSCALL is answered, an unknown one is -ENOSYS");
    expect(hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0) >= 0x40000, "version");
    expect(hypercall1(63, 0) == -38, "number 63: %ld", hypercall1(63, 0));
    if (image_hypercall_page == 0) {
        return;
    }
    law("stubs of the hypercall page preserve RCX and R11");
    bool kept = false;
    long inlined = hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
    long rc = hypercall_by_page(__HYPERVISOR_xen_version, XENVER_version, 0, &kept);
    expect(rc == inlined, "version %lx by the page, %lx without", rc, inlined);
    expect(kept, "they do not");
    for (unsigned nr = 64; nr < 128; nr++) {
        kept = false;
        rc = hypercall_by_page(nr, 0, 0, &kept);
        expect(rc == -38 && kept, "number %u: %ld", nr, rc);
    }

    law("every stub of the page has its own number");
    for (unsigned nr = 0; nr < 128; nr++) {
        const uint8_t *stub = (const uint8_t *)image_hypercall_page + nr * 32;
        bool found = false;
        for (unsigned i = 0; i < 20; i++) {
            /* mov $nr, %eax */
            found |= stub[i] == 0xb8 && stub[i + 1] == nr && stub[i + 2] == 0 && stub[i + 3] == 0 && stub[i + 4] == 0;
        }
        expect(found, "that of %u has not", nr);
    }
}

static long by_multicall(unsigned nr, uint64_t a, uint64_t b)
{
    struct multicall_entry call = {.op = nr, .args = {a, b}};
    long rc = hypercall2(__HYPERVISOR_multicall, &call, 1);
    return rc ? rc : (long)call.result;
}

static uint64_t fs_word(void)
{
    uint64_t word;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(word));
    return word;
}

static uint64_t user_gs(void)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000102));
    return (uint64_t)high << 32 | low;
}

static long base_of(bool multicall, unsigned which, uint64_t base)
{
    return multicall ? by_multicall(__HYPERVISOR_set_segment_base, which, base)
                     : hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

/* The stub answers the calls that a context switch makes; of a multicall, the VMM does. */
static void answered_by_stubs(void)
{
    static uint64_t words[2] = {0x1111, 0x2222};
    law("what a stub answers is what a multicall answers");
    expect(hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0)
               == by_multicall(__HYPERVISOR_xen_version, XENVER_version, 0), "there are two versions");
    for (unsigned i = 0; i < 4; i++) {
        expect(base_of(i & 1, SEGBASE_FS, (uint64_t)&words[i >> 1]) == 0, "no base of FS");
        expect(fs_word() == words[i >> 1], "FS reads %lx", fs_word());
        expect(base_of(i & 1, SEGBASE_GS_USER, 0x7000 + i) == 0, "no base of the user's GS");
        expect(user_gs() == 0x7000 + i, "the user's GS is at %lx", user_gs());
        long rc = base_of(i & 1, SEGBASE_FS, 1ul << 47);
        expect(rc == -22 && fs_word() == words[i >> 1], "a base that is not canonical: %ld", rc);
        rc = base_of(i & 1, SEGBASE_GS_USER, ~0ul >> 1);
        expect(rc == -22 && user_gs() == 0x7000 + i, "a user's that is not canonical: %ld", rc);
        rc = base_of(i & 1, 4, 0);
        expect(rc == -22, "a segment that there is not: %ld", rc);
        expect(base_of(i & 1, SEGBASE_GS_USER_SEL, 0) == 0 && user_gs() == 0, "the selector's base is %lx", user_gs());
    }
}

/* The stub reads that argument by itself where no poller is awake. */
static void arguments_that_are_none(void)
{
    law("a send whose argument cannot be read is -EFAULT, of a port that is none -EINVAL");
    const uint64_t bad[] = {(uint64_t)va_of_pfn(region_end), (1ul << 47) - 1, (1ul << 47) - 3, 1ul << 47, 1ul << 63, ~0ul, ~0ul << 47, ~0ul << 39};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        long rc = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, bad[i]);
        expect(rc == -14 || (rc == -22 && bad[i] == ~0ul << 47), "at %lx: %ld", bad[i], rc);
    }
    const evtchn_port_t ports[] = {0, 200, 4095, 4096, 1u << 17, ~0u};
    for (unsigned i = 0; i < sizeof ports / sizeof *ports; i++) {
        struct evtchn_send send = {.port = ports[i]};
        long rc = hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &send);
        expect(rc == -22, "port %u: %ld", ports[i], rc);
    }
    struct evtchn_send store = {.port = start_info->store_evtchn};
    expect(hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &store) == 0, "the store's is refused");
}

/* Both the calls that the stub answers and those that the VMM does end where events are looked for. */
static void nobody_takes_events(void)
{
    law("a hypercall returns though an event is pending that has no handler");
    volatile struct vcpu_info *info = &shared_info()->vcpu_info[0];
    info->evtchn_upcall_pending = 1;
    info->evtchn_upcall_mask = 0;
    long version = hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
    long yielded = hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
    expect(version >= 0x40000 && yielded == 0, "version %lx, yield %ld", version, yielded);
    expect(info->evtchn_upcall_mask == 0 && info->evtchn_upcall_pending == 1, "it was taken");
    info->evtchn_upcall_mask = 1;
    info->evtchn_upcall_pending = 0;
}

static void initrd(void)
{
    uint64_t length = option("initrd", 0);
    law("the initrd is where start_info says");
    expect(start_info->mod_len == length, "mod_len %lu, should be %lu", start_info->mod_len, length);
    if (length == 0) {
        expect(start_info->mod_start == 0, "mod_start %lx", start_info->mod_start);
        return;
    }
    for (uint64_t at = 0; at < length; at += PAGE_SIZE) {
        const uint8_t *page = (const uint8_t *)start_info->mod_start + at;
        if (image_mod_start_pfn) {
            expect(start_info->mod_start >= region_end, "pfn %lx is in the mapped region", start_info->mod_start);
            page = map_frame(p2m[start_info->mod_start + (at >> PAGE_SHIFT)], PTE_P | PTE_US);
        }
        for (uint64_t i = 0; i < PAGE_SIZE && at + i < length; i++) {
            uint8_t byte = ((at + i) * 7 + 3) % 251;
            if (!expect(page[i] == byte, "byte %lu is %u, should be %u", at + i, page[i], byte)) {
                return;
            }
        }
    }
}

static uint8_t in_bss[PAGE_SIZE];

static void image(void)
{
    law("what the file does not hold is zero");
    bool zero = true;
    for (unsigned i = 0; i < sizeof in_bss; i++) {
        zero &= in_bss[i] == 0;
    }
    for (const char *at = image_end; at < (const char *)va_of_pfn(pfn_of(image_end + PAGE_SIZE - 1)); at++) {
        zero &= *at == 0;
    }
    expect(zero, "it is not");
}

void guest(void)
{
    /* The whole of it is checked before map_frame makes changes. */
    uint64_t stack_end = start_info->pt_base + (start_info->nr_pt_frames + 1) * PAGE_SIZE - image_virt_base;
    region_end = (stack_end + PADDING + REGION_ROUND - 1) / REGION_ROUND * (REGION_ROUND / PAGE_SIZE);
    registers();
    image();
    start_info_fields();
    page_tables();
    p2m_and_m2p();
    protection();
    shared_page();
    hypercalls();
    answered_by_stubs();
    arguments_that_are_none();
    nobody_takes_events();
    initrd();
}
