/* What a micro-guest needs to play the frontend of a device: the store, grants, channels to a backend, and a disk's ring.
   Nothing here is clever: one request at a time, and whoever waits looks again every millisecond. */
#ifndef FRONT_H
#define FRONT_H

#include "micro.h"
#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()
#include <xen/grant_table.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>
#include <xen/io/netif.h>

/* ---- store.c: paths are below the domain's own directory unless they begin with a slash */
/* The value, until the next call; null if it cannot be read. */
const char *store_read(const char *path);
/* 0, or 1 if the store refused. */
int store_write(const char *path, const char *value);
int store_write_number(const char *path, uint64_t value);
int store_remove(const char *path);
/* A number in decimal, or `otherwise`. */
uint64_t store_number(const char *path, uint64_t otherwise);
/* "a/b": two of these are valid at once. */
const char *path_of(const char *directory, const char *name);

/* ---- grants.c */
grant_entry_v1_t *grant_entry(grant_ref_t ref);
/* Grants domain 0 a machine frame. */
grant_ref_t grant(uint64_t mfn, unsigned flags);
grant_ref_t grant_page(const void *page, unsigned flags);
/* Ends a grant if nobody uses it; says whether. The number may be given out again. */
bool grant_end(grant_ref_t ref);
/* A port that waits for domain 0. */
unsigned backend_port(void);
void port_send(unsigned port);
void port_close(unsigned port);
void pause_ms(unsigned ms);

/* ---- device.c: what is the same for every kind of device */
struct device {
    const char *kind, *number; /* of its directory: "vbd", "51712" */
};
/* A node of the frontend's, as "device/vbd/51712/state". */
const char *device_node(const struct device *device, const char *name);
int device_state(const struct device *device, enum xenbus_state state);
/* What the backend's node says; null if it has none. */
const char *device_backend(const struct device *device, const char *name);
/* Waits up to five seconds for the backend to be at `state`. */
bool device_awaits(const struct device *device, enum xenbus_state state);
/* Begins anew; says whether the backend offers to connect. */
bool device_offered(const struct device *device);
/* From its offer to the connection, once the nodes are written. */
bool device_connected(const struct device *device);

/* ---- disk.c */
#define MOST_RING_PAGES 4
struct disk {
    struct device device;
    blkif_front_ring_t ring;
    void *pages[MOST_RING_PAGES];
    grant_ref_t refs[MOST_RING_PAGES];
    unsigned order;
    unsigned port;
    uint64_t next_id;
};
#define NO_ANSWER (-1000)
/* A fresh ring with its nodes, for a backend that offers to connect; then the handshake. */
void disk_make_ring(struct disk *disk, unsigned order);
bool disk_connect(struct disk *disk, unsigned order);
/* Closes what there is and lets go of the ring. */
bool disk_close(struct disk *disk);
/* An empty request, to be filled and sent. */
blkif_request_t *disk_request(struct disk *disk, unsigned operation, uint64_t sector);
void disk_segment(blkif_request_t *request, unsigned i, grant_ref_t ref, unsigned first, unsigned last);
void disk_push(struct disk *disk);
/* The status of the oldest request, or NO_ANSWER after a while. */
int disk_answer(struct disk *disk);
int disk_send(struct disk *disk);
/* Reads eight sectors into a page that is granted for it. */
int disk_read(struct disk *disk, uint64_t sector, void *page);


/* ---- nic.c: a network interface with one queue and one channel */
struct nic {
    struct device device;
    netif_tx_front_ring_t tx;
    netif_rx_front_ring_t rx;
    void *pages[2];
    grant_ref_t refs[2];
    unsigned port;
};
void nic_make_rings(struct nic *nic);
bool nic_connect(struct nic *nic);
bool nic_close(struct nic *nic);
/* The next slot of the transmit ring, filled; not yet published. */
struct netif_tx_request *nic_slot(struct nic *nic, grant_ref_t ref, unsigned offset, unsigned size, unsigned flags);
struct netif_extra_info *nic_extra(struct nic *nic, unsigned type, unsigned flags);
void nic_push(struct nic *nic);
/* The status of the oldest slot that is not answered, or NO_ANSWER after a while. */
int nic_answer(struct nic *nic);
/* Offers a page for a frame to come. */
void nic_offer(struct nic *nic, grant_ref_t ref);

#endif
