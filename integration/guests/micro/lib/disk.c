/* A block frontend (xen/io/blkif.h). */
#include "front.h"

#define PATIENCE_MS 5000

static void write_ring_nodes(struct disk *disk)
{
    char name[] = "ring-ref0";
    store_remove(device_node(&disk->device, "ring-page-order"));
    if (disk->order == 0) {
        store_write_number(device_node(&disk->device, "ring-ref"), disk->refs[0]);
    } else {
        store_write_number(device_node(&disk->device, "ring-page-order"), disk->order);
        for (unsigned i = 0; i < 1u << disk->order; i++) {
            name[8] = (char)('0' + i);
            store_write_number(device_node(&disk->device, name), disk->refs[i]);
        }
    }
    store_write_number(device_node(&disk->device, "event-channel"), disk->port);
    store_write(device_node(&disk->device, "protocol"), "x86_64-abi");
}

void disk_make_ring(struct disk *disk, unsigned order)
{
    if (disk->pages[0] == NULL) {
        /* Pages that are made one after the other lie side by side. */
        for (unsigned i = 0; i < MOST_RING_PAGES; i++) {
            disk->pages[i] = new_page();
        }
    }
    disk->order = order;
    for (unsigned i = 0; i < 1u << order; i++) {
        memset(disk->pages[i], 0, PAGE_SIZE);
        disk->refs[i] = grant_page(disk->pages[i], 0);
    }
    blkif_sring_t *shared = disk->pages[0];
    SHARED_RING_INIT(shared);
    FRONT_RING_INIT(&disk->ring, shared, PAGE_SIZE << order);
    disk->port = backend_port();
    write_ring_nodes(disk);
}

bool disk_connect(struct disk *disk, unsigned order)
{
    if (!device_offered(&disk->device)) {
        return false;
    }
    disk_make_ring(disk, order);
    return device_connected(&disk->device);
}

bool disk_close(struct disk *disk)
{
    device_state(&disk->device, XenbusStateClosed);
    bool closed = device_awaits(&disk->device, XenbusStateClosed);
    for (unsigned i = 0; i < 1u << disk->order; i++) {
        closed &= disk->refs[i] == 0 || grant_end(disk->refs[i]);
        disk->refs[i] = 0;
    }
    port_close(disk->port);
    return closed;
}

blkif_request_t *disk_request(struct disk *disk, unsigned operation, uint64_t sector)
{
    blkif_request_t *request = RING_GET_REQUEST(&disk->ring, disk->ring.req_prod_pvt);
    disk->ring.req_prod_pvt++;
    memset(request, 0, sizeof *request);
    request->operation = (uint8_t)operation;
    request->id = ++disk->next_id;
    request->sector_number = sector;
    return request;
}

void disk_segment(blkif_request_t *request, unsigned i, grant_ref_t ref, unsigned first, unsigned last)
{
    request->seg[i].gref = ref;
    request->seg[i].first_sect = (uint8_t)first;
    request->seg[i].last_sect = (uint8_t)last;
    if (request->nr_segments <= i) {
        request->nr_segments = (uint8_t)(i + 1);
    }
}

void disk_push(struct disk *disk)
{
    int notify;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&disk->ring, notify);
    if (notify) {
        port_send(disk->port);
    }
}

int disk_answer(struct disk *disk)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
        if (disk->ring.sring->rsp_prod != disk->ring.rsp_cons) {
            xen_rmb();
            return RING_GET_RESPONSE(&disk->ring, disk->ring.rsp_cons++)->status;
        }
        disk->ring.sring->rsp_event = disk->ring.rsp_cons + 1;
        xen_mb();
        if (disk->ring.sring->rsp_prod == disk->ring.rsp_cons) {
            event_take(disk->port);
            event_wait(disk->port, 1000000);
        }
    }
    return NO_ANSWER;
}

int disk_send(struct disk *disk)
{
    disk_push(disk);
    return disk_answer(disk);
}

int disk_read(struct disk *disk, uint64_t sector, void *page)
{
    grant_ref_t ref = grant_page(page, 0);
    disk_segment(disk_request(disk, BLKIF_OP_READ, sector), 0, ref, 0, 7);
    int status = disk_send(disk);
    return grant_end(ref) ? status : NO_ANSWER;
}
