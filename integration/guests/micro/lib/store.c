/* The store, by its ring. */
#include "front.h"

#define MOST 2048

static struct xenstore_domain_interface *ring;
static char answer[MOST + 1];
static uint32_t last_request;

static void wait_a_moment(void)
{
    event_take(start_info->store_evtchn);
    event_wait(start_info->store_evtchn, 1000000);
}

static void ring_find(void)
{
    if (ring == NULL) {
        ring = va_of_pfn(m2p[start_info->store_mfn]);
    }
}

static void put(const void *from, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        while (ring->req_prod - ring->req_cons == XENSTORE_RING_SIZE) {
            port_send(start_info->store_evtchn);
            wait_a_moment();
        }
        ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = ((const char *)from)[i];
        xen_wmb();
        ring->req_prod++;
    }
}

static void get(void *to, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        while (ring->rsp_prod == ring->rsp_cons) {
            wait_a_moment();
        }
        xen_rmb();
        ((char *)to)[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
        xen_mb();
        ring->rsp_cons++;
    }
    port_send(start_info->store_evtchn);
}

static unsigned length(const char *text)
{
    unsigned count = 0;
    while (text[count] != 0) {
        count++;
    }
    return count;
}

/* Sends a path and perhaps more; 0 or 1, with the answer's text in `answer`. */
static int ask(unsigned type, const char *path, const char *value)
{
    ring_find();
    unsigned path_bytes = length(path) + 1;
    unsigned value_bytes = value == NULL ? 0 : length(value);
    struct xsd_sockmsg header = {type, ++last_request, 0, path_bytes + value_bytes};
    put(&header, sizeof header);
    put(path, path_bytes);
    if (value_bytes > 0) {
        put(value, value_bytes);
    }
    port_send(start_info->store_evtchn);
    get(&header, sizeof header);
    for (unsigned i = 0; i < header.len; i++) {
        char c;
        get(&c, 1);
        answer[i < MOST ? i : MOST] = c;
    }
    answer[header.len < MOST ? header.len : MOST] = 0;
    return header.type == XS_ERROR;
}

const char *store_read(const char *path)
{
    return ask(XS_READ, path, NULL) == 0 ? answer : NULL;
}

int store_write(const char *path, const char *value)
{
    return ask(XS_WRITE, path, value);
}

int store_write_number(const char *path, uint64_t value)
{
    char digits[24];
    char *at = &digits[23];
    *at = 0;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return store_write(path, at);
}

int store_remove(const char *path)
{
    return ask(XS_RM, path, NULL);
}

uint64_t store_number(const char *path, uint64_t otherwise)
{
    const char *text = store_read(path);
    if (text == NULL || *text < '0' || *text > '9') {
        return otherwise;
    }
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}

const char *path_of(const char *directory, const char *name)
{
    static char paths[2][256];
    static unsigned which;
    char *path = paths[which++ % 2];
    unsigned at = 0;
    for (; *directory != 0 && at < 200; directory++) {
        path[at++] = *directory;
    }
    path[at++] = '/';
    for (; *name != 0 && at < 255; name++) {
        path[at++] = *name;
    }
    path[at] = 0;
    return path;
}
