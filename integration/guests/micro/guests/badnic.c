/* A network frontend that does what none should: the backend answers by the interface's own errors, closes the device at
   worst, and serves the domain's other interface, and a new start of this one, as if nothing had been. Both are on one
   bridge, so that what the good one sends comes to the bad one.

   images: plain */
#include "front.h"

#define FRAME 60
#define SLOTS 256

static struct nic bad = {.device = {"vif", "0"}}, good = {.device = {"vif", "1"}};
static unsigned char *page;
static uint64_t seed;

static unsigned any(unsigned below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(seed >> 33) % below;
}

/* To everybody, of a kind for experiments (0x88b5). */
static void make_frame(void)
{
    memset(page, 0, PAGE_SIZE);
    memset(page, 0xff, 6);
    page[6] = 2;
    page[12] = 0x88;
    page[13] = 0xb5;
}

static void sends(struct nic *nic)
{
    make_frame();
    grant_ref_t ref = grant_page(page, GTF_readonly);
    nic_slot(nic, ref, 0, FRAME, 0);
    nic_push(nic);
    int status = nic_answer(nic);
    expect(status == NETIF_RSP_OKAY, "interface %s answers %d for a good frame", nic->device.number, status);
    expect(grant_end(ref), "the page is still in use");
}

static void all_is_well(void)
{
    sends(&good);
    nic_close(&bad);
    expect(nic_connect(&bad), "no new start: the backend is at %s", device_backend(&bad.device, "state"));
    sends(&bad);
}

static void is_closed(const char *how)
{
    expect(device_awaits(&bad.device, XenbusStateClosing), "%s: the backend is at %s", how,
           device_backend(&bad.device, "state"));
    const char *error = device_backend(&bad.device, "error");
    expect(error != NULL && *error != 0, "%s: no error is told", how);
}

/* What was put into the ring has `slots` answers, all of them `expected`, or also NETIF_RSP_NULL. */
static void answers(const char *what, unsigned slots, int expected)
{
    nic_push(&bad);
    for (unsigned i = 0; i < slots; i++) {
        int status = nic_answer(&bad);
        expect(status == expected || (i > 0 && status == NETIF_RSP_NULL), "%s: answer %d is %d, should be %d", what, i, status,
               expected);
    }
}

static void bad_slots(void)
{
    static const unsigned parts[][2] = {{0, 0}, {0, 13}, {4095, 60}, {4096, 60}, {65535, 65535}, {1, 4096}, {0, 4097}};
    law("pieces that are none are refused");
    make_frame();
    grant_ref_t ref = grant_page(page, 0);
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        nic_slot(&bad, ref, parts[i][0], parts[i][1], 0);
        answers("a piece", 1, NETIF_RSP_ERROR);
    }
    all_is_well();
    law("pages that are not granted are refused");
    const grant_ref_t refs[] = {400, 511, 512, 1u << 20, ~0u};
    for (unsigned i = 0; i < sizeof refs / sizeof *refs; i++) {
        nic_slot(&bad, refs[i], 0, FRAME, 0);
        answers("a number that grants nothing", 1, NETIF_RSP_ERROR);
    }
    grant_entry(ref)->domid = 7;
    nic_slot(&bad, ref, 0, FRAME, 0);
    answers("a grant to another domain", 1, NETIF_RSP_ERROR);
    grant_entry(ref)->domid = 0;
    const uint64_t frames[] = {0, 1, 0xffffffff};
    for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++) {
        grant_ref_t none = grant(frames[i], 0);
        nic_slot(&bad, none, 0, FRAME, 0);
        answers("no frame of ours", 1, NETIF_RSP_ERROR);
        grant_end(none);
    }
    grant_end(ref);
    all_is_well();
}

static void bad_chains(void)
{
    law("chains that are too long, or longer than they say, are refused");
    make_frame();
    grant_ref_t ref = grant_page(page, 0);
    for (unsigned slots = 19; slots <= 60; slots += 41) {
        for (unsigned i = 0; i < slots; i++) {
            nic_slot(&bad, ref, 0, i == 0 ? FRAME + slots - 1 : 1, i + 1 < slots ? NETTXF_more_data : 0);
        }
        answers("a chain", slots, NETIF_RSP_ERROR);
    }
    nic_slot(&bad, ref, 0, FRAME, NETTXF_more_data);
    nic_slot(&bad, ref, 0, FRAME + 1, 0);
    answers("more behind than in all", 2, NETIF_RSP_ERROR);
    all_is_well();
    law("a chain without an end closes the device");
    nic_slot(&bad, ref, 0, FRAME, NETTXF_more_data);
    nic_push(&bad);
    is_closed("one slot");
    all_is_well();
    for (unsigned i = 0; i < SLOTS; i++) {
        nic_slot(&bad, ref, 0, i == 0 ? FRAME : 0, NETTXF_more_data);
    }
    nic_push(&bad);
    is_closed("a ring of slots");
    all_is_well();
    grant_end(ref);
}

static void bad_extras(void)
{
    law("extra information may be nonsense");
    make_frame();
    grant_ref_t ref = grant_page(page, 0);
    static const unsigned char types[] = {0, 5, 6, 100, 255};
    for (unsigned i = 0; i < sizeof types; i++) {
        nic_slot(&bad, ref, 0, FRAME, NETTXF_extra_info);
        nic_extra(&bad, types[i], 0);
        answers("a kind of extra", 2, NETIF_RSP_ERROR);
    }
    nic_slot(&bad, ref, 0, FRAME, NETTXF_extra_info);
    nic_extra(&bad, XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE)->u.gso.size = 1000;
    nic_extra(&bad, XEN_NETIF_EXTRA_TYPE_GSO, 0)->u.gso.size = 1000;
    answers("the same twice", 3, NETIF_RSP_ERROR);
    nic_slot(&bad, ref, 0, FRAME, NETTXF_extra_info);
    nic_extra(&bad, XEN_NETIF_EXTRA_TYPE_GSO, 0)->u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
    answers("pieces of no size", 2, NETIF_RSP_ERROR);
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 100; i++) {
            page[any(i < 50 ? 54 : 1500)] = (unsigned char)any(256);
        }
        page[12] = 0x08;
        page[13] = 0;
        page[14] = 0x45;
        page[23] = 6;
        nic_slot(&bad, ref, 0, 14 + any(1500), NETTXF_extra_info | any(4));
        struct netif_extra_info *extra = nic_extra(&bad, XEN_NETIF_EXTRA_TYPE_GSO, 0);
        extra->u.gso.size = (uint16_t)(1 + any(3000));
        extra->u.gso.type = (uint8_t)(1 + any(2));
        nic_push(&bad);
        int status = nic_answer(&bad);
        expect(status == NETIF_RSP_OKAY || status == NETIF_RSP_ERROR || status == NETIF_RSP_DROPPED, "to be cut: %d", status);
        nic_answer(&bad);
    }
    all_is_well();
    law("extra information without an end closes the device");
    nic_slot(&bad, ref, 0, FRAME, NETTXF_extra_info);
    for (unsigned i = 0; i < 20; i++) {
        nic_extra(&bad, XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE);
    }
    nic_push(&bad);
    is_closed("hashes");
    all_is_well();
    grant_end(ref);
}

static void bad_indices(void)
{
    static const uint32_t jumps[] = {SLOTS + 1, 1u << 16, 1u << 31, ~0u};
    law("rings whose indices cannot be true close the device");
    for (unsigned i = 0; i < 2 * sizeof jumps / sizeof *jumps; i++) {
        uint32_t *index = i % 2 == 0 ? &bad.tx.sring->req_prod : &bad.rx.sring->req_prod;
        *index += jumps[i / 2];
        port_send(bad.port);
        /* The receive ring is looked at when a frame comes. */
        sends(&good);
        is_closed(i % 2 == 0 ? "transmit" : "receive");
        all_is_well();
    }
}

static void bad_buffers(void)
{
    law("pages for frames to come may be none");
    grant_ref_t readonly = grant_page(page, GTF_readonly), table = grant(mfn_of((void *)start_info->pt_base), 0);
    grant_ref_t ring = grant_page(bad.pages[0], 0);
    const grant_ref_t refs[] = {readonly, table, 400, ~0u, 512};
    for (unsigned i = 0; i < 40; i++) {
        nic_offer(&bad, refs[i % 5]);
        sends(&good);
    }
    for (unsigned ms = 0; ms < 2000 && bad.rx.sring->rsp_prod == 0; ms++) {
        sends(&good);
        pause_ms(1);
    }
    expect(bad.rx.sring->rsp_prod > 0, "no frame came");
    expect(RING_GET_RESPONSE(&bad.rx, 0)->status < 0, "a frame was written: %d", RING_GET_RESPONSE(&bad.rx, 0)->status);
    all_is_well();
    law("a ring may be where frames go");
    nic_offer(&bad, ring);
    for (unsigned i = 0; i < 20; i++) {
        sends(&good);
        pause_ms(1);
    }
    all_is_well();
    expect(grant_end(readonly) && grant_end(table) && grant_end(ring), "a page is still in use");
}

static void bad_nodes(void)
{
    static const char *const names[] = {"tx-ring-ref", "rx-ring-ref", "event-channel", "multi-queue-num-queues"};
    static const char *const numbers[] = {"", "abc", "-1", "4294967296", "99999999999999999999999999"};
    law("nodes of nonsense close the device");
    for (unsigned name = 0; name < 4; name++) {
        for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            nic_close(&bad);
            expect(device_offered(&bad.device), "no offer");
            nic_make_rings(&bad);
            store_write(device_node(&bad.device, names[name]), numbers[i]);
            device_state(&bad.device, XenbusStateInitialised);
            is_closed(names[name]);
            store_remove(device_node(&bad.device, names[name]));
        }
    }
    const uint64_t ports[] = {good.port, start_info->store_evtchn, 3000, 0x7fffffff};
    for (unsigned i = 0; i < sizeof ports / sizeof *ports; i++) {
        nic_close(&bad);
        expect(device_offered(&bad.device), "no offer");
        nic_make_rings(&bad);
        store_write_number(device_node(&bad.device, "event-channel"), ports[i]);
        device_state(&bad.device, XenbusStateInitialised);
        is_closed("a port");
    }
    nic_close(&bad);
    expect(device_offered(&bad.device), "no offer");
    nic_make_rings(&bad);
    store_write_number(device_node(&bad.device, "rx-ring-ref"), grant(mfn_of((void *)start_info->pt_base), 0));
    device_state(&bad.device, XenbusStateInitialised);
    is_closed("a page table");
    nic_close(&bad);
    expect(device_offered(&bad.device), "no offer");
    nic_make_rings(&bad);
    store_write_number(device_node(&bad.device, "rx-ring-ref"), bad.refs[0]);
    device_state(&bad.device, XenbusStateInitialised);
    for (unsigned i = 0; i < 100; i++) {
        bad.tx.sring->req_prod++;
        port_send(bad.port);
    }
    all_is_well();
}

static void storms(void)
{
    law("states may come in any order");
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 50; i++) {
            device_state(&bad.device, any(9));
            if (any(4) == 0) {
                pause_ms(1);
            }
        }
        all_is_well();
    }
}

void guest(void)
{
    seed = option("seed", 1);
    page = new_page();
    law("two interfaces are connected");
    expect(nic_connect(&good) && nic_connect(&bad), "at %s", device_backend(&bad.device, "state"));
    sends(&good);
    sends(&bad);
    bad_slots();
    bad_chains();
    bad_extras();
    bad_indices();
    bad_buffers();
    bad_nodes();
    storms();
    law("both interfaces are closed");
    expect(nic_close(&bad), "the bad one is at %s", device_backend(&bad.device, "state"));
    expect(nic_close(&good), "the good one is at %s", device_backend(&good.device, "state"));
}
