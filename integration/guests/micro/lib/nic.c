/* A network frontend (xen/io/netif.h). */
#include "front.h"

#define PATIENCE_MS 2000

void nic_make_rings(struct nic *nic)
{
    for (unsigned i = 0; i < 2; i++) {
        if (nic->pages[i] == NULL) {
            nic->pages[i] = new_page();
        }
        memset(nic->pages[i], 0, PAGE_SIZE);
        nic->refs[i] = grant_page(nic->pages[i], 0);
    }
    netif_tx_sring_t *tx = nic->pages[0];
    netif_rx_sring_t *rx = nic->pages[1];
    SHARED_RING_INIT(tx);
    FRONT_RING_INIT(&nic->tx, tx, PAGE_SIZE);
    SHARED_RING_INIT(rx);
    FRONT_RING_INIT(&nic->rx, rx, PAGE_SIZE);
    nic->port = backend_port();
    store_write_number(device_node(&nic->device, "tx-ring-ref"), nic->refs[0]);
    store_write_number(device_node(&nic->device, "rx-ring-ref"), nic->refs[1]);
    store_write_number(device_node(&nic->device, "event-channel"), nic->port);
    store_write(device_node(&nic->device, "request-rx-copy"), "1");
    store_write(device_node(&nic->device, "feature-rx-notify"), "1");
    store_write(device_node(&nic->device, "feature-sg"), "1");
}

bool nic_connect(struct nic *nic)
{
    if (!device_offered(&nic->device)) {
        return false;
    }
    nic_make_rings(nic);
    return device_connected(&nic->device);
}

bool nic_close(struct nic *nic)
{
    device_state(&nic->device, XenbusStateClosed);
    bool closed = device_awaits(&nic->device, XenbusStateClosed);
    for (unsigned i = 0; i < 2; i++) {
        closed &= nic->refs[i] == 0 || grant_end(nic->refs[i]);
        nic->refs[i] = 0;
    }
    port_close(nic->port);
    return closed;
}

struct netif_tx_request *nic_slot(struct nic *nic, grant_ref_t ref, unsigned offset, unsigned size, unsigned flags)
{
    struct netif_tx_request *slot = RING_GET_REQUEST(&nic->tx, nic->tx.req_prod_pvt);
    *slot = (struct netif_tx_request){.gref = ref, .offset = (uint16_t)offset, .size = (uint16_t)size,
                                      .flags = (uint16_t)flags, .id = (uint16_t)nic->tx.req_prod_pvt++};
    return slot;
}

struct netif_extra_info *nic_extra(struct nic *nic, unsigned type, unsigned flags)
{
    struct netif_extra_info *extra = (void *)RING_GET_REQUEST(&nic->tx, nic->tx.req_prod_pvt);
    nic->tx.req_prod_pvt++;
    memset(extra, 0, sizeof *extra);
    extra->type = (uint8_t)type;
    extra->flags = (uint8_t)flags;
    return extra;
}

void nic_push(struct nic *nic)
{
    int notify;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&nic->tx, notify);
    if (notify) {
        port_send(nic->port);
    }
}

int nic_answer(struct nic *nic)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
        if (nic->tx.sring->rsp_prod != nic->tx.rsp_cons) {
            xen_rmb();
            return RING_GET_RESPONSE(&nic->tx, nic->tx.rsp_cons++)->status;
        }
        nic->tx.sring->rsp_event = nic->tx.rsp_cons + 1;
        xen_mb();
        if (nic->tx.sring->rsp_prod == nic->tx.rsp_cons) {
            event_take(nic->port);
            event_wait(nic->port, 1000000);
        }
    }
    return NO_ANSWER;
}

void nic_offer(struct nic *nic, grant_ref_t ref)
{
    int notify;
    *RING_GET_REQUEST(&nic->rx, nic->rx.req_prod_pvt) =
        (struct netif_rx_request){.id = (uint16_t)nic->rx.req_prod_pvt, .gref = ref};
    nic->rx.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&nic->rx, notify);
    if (notify) {
        port_send(nic->port);
    }
}
