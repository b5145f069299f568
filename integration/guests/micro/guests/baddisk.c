/* A frontend that does what none should: the backend says so by the protocol's own errors, closes the device at worst, and
   serves the domain's other disk, and a new start of this one, as if nothing had been. Both disks hold in each sector the
   sector's number.

   images: plain */
#include "front.h"

#define SECTORS 2048

static struct disk bad = {.device = {"vbd", "51712"}}, good = {.device = {"vbd", "51728"}};
static unsigned char *page;
static uint64_t seed;

static unsigned any(unsigned below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(seed >> 33) % below;
}

static bool holds_sectors(const unsigned char *data, uint64_t first)
{
    for (unsigned i = 0; i < 8; i++) {
        if (*(const uint64_t *)&data[512 * i] != first + i) {
            return false;
        }
    }
    return true;
}

static bool serves(struct disk *disk)
{
    uint64_t sector = 8 * any(SECTORS / 8);
    memset(page, 0xee, PAGE_SIZE);
    int status = disk_read(disk, sector, page);
    return expect(status == BLKIF_RSP_OKAY && holds_sectors(page, sector), "disk %s answers %d for sector %lu, which holds %lu",
                  disk->device.number, status, sector, *(uint64_t *)page);
}

/* Behind each attack: the other disk is as it was, and this one has a new start. */
static void all_is_well(void)
{
    serves(&good);
    disk_close(&bad);
    expect(disk_connect(&bad, 0), "no new start: the backend is at %s", device_backend(&bad.device, "state"));
    serves(&bad);
}

/* The device is closed, and its backend said why. */
static void is_closed(const char *how)
{
    expect(device_awaits(&bad.device, XenbusStateClosing), "%s: the backend is at %s", how, device_backend(&bad.device, "state"));
    const char *error = device_backend(&bad.device, "error");
    expect(error != NULL && *error != 0, "%s: no error is told", how);
}

static void answers(const char *what, int expected)
{
    int status = disk_send(&bad);
    expect(status == expected, "%s: answer %d, should be %d", what, status, expected);
}

static void one_page(unsigned operation, uint64_t sector, grant_ref_t ref, unsigned first, unsigned last)
{
    disk_segment(disk_request(&bad, operation, sector), 0, ref, first, last);
}

static void bad_places(void)
{
    static const uint64_t sectors[] = {SECTORS - 7, SECTORS, SECTORS + 1, 1ul << 32, 1ul << 55, ~0ul >> 9, ~0ul - 6, ~0ul,
                                       1ul << 63};
    law("sectors beyond the end are refused");
    grant_ref_t ref = grant_page(page, 0);
    memset(page, 0xee, PAGE_SIZE);
    for (unsigned i = 0; i < sizeof sectors / sizeof *sectors; i++) {
        one_page(BLKIF_OP_READ, sectors[i], ref, 0, 7);
        answers("a read", BLKIF_RSP_ERROR);
        one_page(BLKIF_OP_WRITE, sectors[i], ref, 0, 7);
        answers("a write", BLKIF_RSP_ERROR);
        blkif_request_discard_t *discard = (void *)disk_request(&bad, BLKIF_OP_DISCARD, sectors[i]);
        discard->nr_sectors = 8;
        answers("a discard", BLKIF_RSP_ERROR);
    }
    expect(page[0] == 0xee && page[PAGE_SIZE - 1] == 0xee, "a refused read wrote to the page");
    blkif_request_discard_t *discard = (void *)disk_request(&bad, BLKIF_OP_DISCARD, 8);
    discard->nr_sectors = ~0ul;
    answers("a discard of too much", BLKIF_RSP_ERROR);
    grant_end(ref);
    all_is_well();
}

static void bad_shapes(void)
{
    static const unsigned char parts[][2] = {{3, 2}, {0, 8}, {8, 8}, {0, 255}, {255, 255}, {255, 0}};
    law("segments and operations that are none are refused");
    grant_ref_t ref = grant_page(page, 0);
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        one_page(BLKIF_OP_READ, 0, ref, parts[i][0], parts[i][1]);
        answers("sectors of a page", BLKIF_RSP_ERROR);
    }
    static const unsigned char counts[] = {0, 12, 255};
    for (unsigned i = 0; i < sizeof counts; i++) {
        disk_request(&bad, BLKIF_OP_WRITE, 0)->nr_segments = counts[i];
        answers("a count of segments", BLKIF_RSP_ERROR);
    }
    static const unsigned char operations[] = {4, 7, 100, 255};
    for (unsigned i = 0; i < sizeof operations; i++) {
        one_page(operations[i], 0, ref, 0, 7);
        answers("an operation", BLKIF_RSP_EOPNOTSUPP);
    }
    grant_end(ref);
    all_is_well();
}

static void bad_grants(void)
{
    law("pages that are not granted so are refused");
    grant_ref_t refs[] = {400, 511, 512, 1000, 1u << 20, ~0u, 1u << 31};
    for (unsigned i = 0; i < sizeof refs / sizeof *refs; i++) {
        one_page(BLKIF_OP_READ, 0, refs[i], 0, 7);
        answers("a number that grants nothing", BLKIF_RSP_ERROR);
    }
    grant_ref_t ref = grant_page(page, GTF_readonly);
    one_page(BLKIF_OP_READ, 0, ref, 0, 7);
    answers("a page granted for reading", BLKIF_RSP_ERROR);
    one_page(BLKIF_OP_WRITE, 0, ref, 0, 0);
    *(uint64_t *)page = 0;
    answers("and written from", BLKIF_RSP_OKAY);
    expect(grant_end(ref), "it is still in use");
    one_page(BLKIF_OP_WRITE, 0, ref, 0, 7);
    answers("a grant that was ended", BLKIF_RSP_ERROR);
    ref = grant_page(page, 0);
    grant_entry(ref)->domid = 7;
    one_page(BLKIF_OP_READ, 0, ref, 0, 7);
    answers("a grant to another domain", BLKIF_RSP_ERROR);
    grant_entry(ref)->flags = GTF_accept_transfer;
    grant_entry(ref)->domid = 0;
    one_page(BLKIF_OP_READ, 0, ref, 0, 7);
    answers("a grant of a transfer", BLKIF_RSP_ERROR);
    grant_entry(ref)->flags = 0;
    uint64_t frames[] = {0, 1, 0xfffff, 0xffffffff, start_info->shared_info >> PAGE_SHIFT, mfn_of((void *)start_info->pt_base),
                         (*entry_of(page, 2) & PTE_ADDRESS) >> PAGE_SHIFT};
    for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
        ref = grant(frames[i], 0);
        one_page(BLKIF_OP_READ, 0, ref, 0, 7);
        int status = disk_send(&bad);
        /* Shared info is the domain's to grant, and what is read into it confuses only the domain: not done here. */
        expect(status == BLKIF_RSP_ERROR || i == 4, "frame %lx: answer %d", frames[i], status);
        grant_end(ref);
    }
    all_is_well();
}

/* The page's own mapping goes, so that it can be a table of no entries; then it is data again, at once. */
static void a_page_that_was_a_table(void)
{
    law("a page that was a page table a moment ago is served");
    unsigned char *table = new_page();
    uint64_t mfn = mfn_of(table);
    for (unsigned i = 0; i < 20; i++) {
        memset(table, 0, PAGE_SIZE);
        expect(remap(table, mfn << PAGE_SHIFT | PTE_P | PTE_US) == 0, "no read-only mapping");
        struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = mfn};
        expect(hypercall4(__HYPERVISOR_mmuext_op, &op, 1, NULL, DOMID_SELF) == 0, "no pin");
        grant_ref_t ref = grant(mfn, 0);
        one_page(BLKIF_OP_READ, 8, ref, 0, 7);
        answers("while it is a table", BLKIF_RSP_ERROR);
        op.cmd = MMUEXT_UNPIN_TABLE;
        expect(hypercall4(__HYPERVISOR_mmuext_op, &op, 1, NULL, DOMID_SELF) == 0, "no unpin");
        one_page(BLKIF_OP_READ, 8, ref, 0, 7);
        answers("afterwards", BLKIF_RSP_OKAY);
        expect(grant_end(ref), "still in use");
        expect(remap(table, mfn << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) == 0, "no writable mapping");
        expect(holds_sectors(table, 8), "it holds something else");
    }
    all_is_well();
}

static blkif_request_indirect_t *indirect(unsigned operation, unsigned count, uint64_t sector, grant_ref_t list)
{
    blkif_request_indirect_t *request = (void *)disk_request(&bad, BLKIF_OP_INDIRECT, 0);
    uint64_t id = disk_request(&bad, 0, 0)->id;
    bad.ring.req_prod_pvt--;
    memset(request, 0, sizeof *request);
    request->operation = BLKIF_OP_INDIRECT;
    request->indirect_op = (uint8_t)operation;
    request->nr_segments = (uint16_t)count;
    request->id = id;
    request->sector_number = sector;
    for (unsigned i = 0; i < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; i++) {
        request->indirect_grefs[i] = list;
    }
    return request;
}

static void bad_lists(void)
{
    law("indirect requests may be nonsense");
    struct blkif_request_segment *list = new_page();
    grant_ref_t list_ref = grant_page(list, 0), ref = grant_page(page, 0);
    for (unsigned i = 0; i < PAGE_SIZE / sizeof *list; i++) {
        list[i] = (struct blkif_request_segment){.gref = ref, .first_sect = 0, .last_sect = 7};
    }
    static const unsigned counts[] = {0, 257, 512, 513, 0xffff};
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        indirect(BLKIF_OP_READ, counts[i], 0, list_ref);
        answers("a count of segments", BLKIF_RSP_ERROR);
    }
    static const unsigned char operations[] = {2, 3, 5, 6, 100};
    for (unsigned i = 0; i < sizeof operations; i++) {
        indirect(operations[i], 1, 0, list_ref);
        answers("an operation within", BLKIF_RSP_ERROR);
    }
    indirect(BLKIF_OP_READ, 1, 0, 400);
    answers("a list that is not granted", BLKIF_RSP_ERROR);
    indirect(BLKIF_OP_READ, 256, 0, list_ref);
    answers("one page 256 times", BLKIF_RSP_OKAY);
    expect(holds_sectors(page, 255 * 8) || holds_sectors(page, 0), "the page holds neither first nor last");
    list[3].gref = list_ref;
    list[4].first_sect = 9;
    indirect(BLKIF_OP_READ, 4, 0, list_ref);
    answers("a list that is read into", BLKIF_RSP_OKAY);
    expect(holds_sectors((unsigned char *)list, 24), "it holds something else");
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < 256; i++) {
            list[i] = (struct blkif_request_segment){.gref = ref, .first_sect = 0, .last_sect = 7};
        }
        indirect(BLKIF_OP_READ, 256, 0, list_ref);
        disk_push(&bad);
        for (unsigned i = 0; bad.ring.sring->rsp_prod == bad.ring.rsp_cons && i < 100000; i++) {
            list[any(256)].gref = any(2) ? ref : ~0u;
            list[any(256)].last_sect = (uint8_t)any(256);
        }
        int status = disk_answer(&bad);
        expect(status == BLKIF_RSP_OKAY || status == BLKIF_RSP_ERROR, "a list that changes: answer %d", status);
    }
    grant_end(list_ref);
    grant_end(ref);
    all_is_well();
}

static void bad_indices(void)
{
    static const uint32_t jumps[] = {33, 100, 1u << 16, 1u << 31, ~0u, ~0u - 5};
    for (unsigned i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        law(i == 0 ? "a ring that promises more than it can hold closes the device" :
            i == 4 ? "a ring that goes back closes the device" :
            i == 1 ? "so does one that promises 100" : i == 2 ? "or 65536" : i == 3 ? "or half of all" : "or goes back further");
        bad.ring.sring->req_prod += jumps[i];
        port_send(bad.port);
        is_closed("an index");
        all_is_well();
    }
    law("what the backend wrote may be overwritten");
    for (unsigned i = 0; i < 50; i++) {
        bad.ring.sring->rsp_prod = any(~0u);
        bad.ring.sring->req_event = any(~0u);
        bad.ring.sring->rsp_event = any(~0u);
        port_send(bad.port);
    }
    all_is_well();
    law("a ring may be its own data");
    for (unsigned i = 0; i < 8; i++) {
        grant_ref_t ref = grant_page(bad.pages[0], 0);
        one_page(BLKIF_OP_READ, 8 * i, ref, 0, 7);
        disk_push(&bad);
        pause_ms(10);
        port_send(bad.port);
        pause_ms(10);
        all_is_well();
        expect(grant_end(ref), "still in use");
    }
}

static void bad_rings(void)
{
    law("a ring that is a page table is refused");
    disk_close(&bad);
    expect(device_offered(&bad.device), "no offer");
    disk_make_ring(&bad, 0);
    store_write_number(device_node(&bad.device, "ring-ref"), grant(mfn_of((void *)start_info->pt_base), 0));
    device_state(&bad.device, XenbusStateInitialised);
    is_closed("a root as ring");
    all_is_well();

    law("a ring in use becomes no page table");
    uint64_t mfn = mfn_of(bad.pages[0]);
    memset(bad.pages[0], 0, PAGE_SIZE);
    expect(remap(bad.pages[0], mfn << PAGE_SHIFT | PTE_P | PTE_US) == 0, "no read-only mapping");
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = mfn};
    expect(hypercall4(__HYPERVISOR_mmuext_op, &op, 1, NULL, DOMID_SELF) < 0, "it was pinned");
    expect(remap(bad.pages[0], mfn << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) == 0, "no writable mapping");
    all_is_well();

    law("a ring may be the same page twice");
    for (unsigned order = 1; order <= 2; order++) {
        disk_close(&bad);
        expect(device_offered(&bad.device), "no offer");
        disk_make_ring(&bad, order);
        store_write_number(device_node(&bad.device, "ring-ref1"), bad.refs[0]);
        device_state(&bad.device, XenbusStateInitialised);
        expect(device_awaits(&bad.device, XenbusStateConnected) || device_awaits(&bad.device, XenbusStateClosing), "at %s",
               device_backend(&bad.device, "state"));
        for (unsigned i = 0; i < 200; i++) {
            bad.ring.sring->req_prod++;
            port_send(bad.port);
        }
        all_is_well();
    }
}

static void bad_ports(void)
{
    law("event channels that are not for the backend are refused");
    struct evtchn_alloc_unbound own = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &own);
    const uint64_t ports[] = {own.port, good.port, start_info->store_evtchn, 0, 3000, 4095, 4096, 1u << 20, 0x7fffffff,
                              0xffffffff, ~0ul};
    for (unsigned i = 0; i < sizeof ports / sizeof *ports; i++) {
        disk_close(&bad);
        expect(device_offered(&bad.device), "no offer");
        disk_make_ring(&bad, 0);
        store_write_number(device_node(&bad.device, "event-channel"), ports[i]);
        device_state(&bad.device, XenbusStateInitialised);
        is_closed("a port");
    }
    all_is_well();
    law("a channel may be closed while it is used");
    void *read_late = new_page();
    for (unsigned i = 0; i < 20; i++) {
        grant_ref_t ref = grant_page(read_late, 0);
        one_page(BLKIF_OP_READ, 0, ref, 0, 7);
        disk_push(&bad);
        port_close(bad.port);
        unsigned other = backend_port();
        expect(!event_take(other), "an event of a channel that was closed");
        port_close(other);
        all_is_well();
        expect(grant_end(ref), "the page is still in use");
    }
}

static void bad_nodes(void)
{
    static const char *const numbers[] = {"", "abc", "-1", "1e3", "0x10", "4294967296", "99999999999999999999999999", "8 9",
        "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"};
    static const char *const names[] = {"ring-ref", "event-channel", "ring-page-order", "multi-queue-num-queues"};
    law("nodes of nonsense close the device");
    for (unsigned name = 0; name < 4; name++) {
        for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            disk_close(&bad);
            expect(device_offered(&bad.device), "no offer");
            disk_make_ring(&bad, 0);
            store_write(device_node(&bad.device, names[name]), numbers[i]);
            device_state(&bad.device, XenbusStateInitialised);
            /* A text that is longer than any number counts as none, and these two need not be there. */
            if (i == 8 && name >= 2) {
                expect(device_awaits(&bad.device, XenbusStateConnected), "%s: at %s", names[name], device_backend(&bad.device, "state"));
            } else {
                is_closed(names[name]);
            }
            store_remove(device_node(&bad.device, names[name]));
        }
    }
    disk_close(&bad);
    device_offered(&bad.device);
    disk_make_ring(&bad, 0);
    store_write(device_node(&bad.device, "protocol"), "x86_32-abi");
    device_state(&bad.device, XenbusStateInitialised);
    is_closed("a protocol");
    all_is_well();
    law("nodes may be missing");
    for (unsigned name = 0; name < 2; name++) {
        disk_close(&bad);
        device_offered(&bad.device);
        disk_make_ring(&bad, 0);
        store_remove(device_node(&bad.device, names[name]));
        device_state(&bad.device, XenbusStateInitialised);
        is_closed("a missing node");
    }
    all_is_well();
}

static void storms(void)
{
    static const char *const odd[] = {"", "x", "7", "8", "9", "10", "-1", "4 ", "44"};
    law("states may come in any order");
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 60; i++) {
            if (any(5) == 0) {
                store_write(device_node(&bad.device, "state"), odd[any(sizeof odd / sizeof *odd)]);
            } else {
                device_state(&bad.device, any(9));
            }
            if (any(8) == 0) {
                port_close(bad.port);
                bad.port = backend_port();
                store_write_number(device_node(&bad.device, "event-channel"), bad.port);
            }
            if (any(4) == 0) {
                pause_ms(1);
            }
        }
        all_is_well();
    }
    law("the state's node may go");
    store_remove(device_node(&bad.device, "state"));
    expect(device_awaits(&bad.device, XenbusStateClosed), "at %s", device_backend(&bad.device, "state"));
    all_is_well();
}

void guest(void)
{
    seed = option("seed", 1);
    page = new_page();
    law("two disks are connected");
    expect(disk_connect(&good, 0) && disk_connect(&bad, 0), "at %s", device_backend(&bad.device, "state"));
    serves(&good);
    serves(&bad);
    bad_places();
    bad_shapes();
    bad_grants();
    a_page_that_was_a_table();
    bad_lists();
    bad_indices();
    bad_rings();
    bad_ports();
    bad_nodes();
    storms();
    law("both disks are closed");
    expect(disk_close(&bad), "the bad one is at %s", device_backend(&bad.device, "state"));
    expect(disk_close(&good), "the good one is at %s", device_backend(&good.device, "state"));
}
