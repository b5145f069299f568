/* Drives Xen's own ring macros by a script on standard input: one step a line, one line of answers for each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define __XEN_TOOLS__ 1
#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()
#include <xen/xen.h>
#include <xen/io/blkif.h>

#define MAX_BYTES (16 * 4096)

static _Alignas(4096) unsigned char page[MAX_BYTES];
static blkif_front_ring_t front;
static blkif_back_ring_t back;
static unsigned int byte_length;
static uint64_t id;

static uint64_t hash(const void *from, size_t n) {
    const unsigned char *at = from;
    uint64_t h = 0;
    while (n--)
        h = h * 31 + *at++;
    return h;
}

static void reset(unsigned int pages, RING_IDX start) {
    blkif_sring_t *sring = (blkif_sring_t *)page;
    memset(page, 0, sizeof page);
    byte_length = pages * 4096;
    id = 0;
    XEN_FRONT_RING_INIT(&front, sring, byte_length);
    front.req_prod_pvt = front.rsp_cons = start;
    sring->req_prod = sring->rsp_prod = start;
    sring->req_event = sring->rsp_event = start + 1;
    BACK_RING_ATTACH(&back, sring, sring->rsp_prod, byte_length);
}

static void request(int n) {
    int notify, done = 0;
    for (; done < n && !RING_FULL(&front); done++)
        memset(RING_GET_REQUEST(&front, front.req_prod_pvt++), (int)(++id & 0xff), sizeof(struct blkif_request));
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
    printf("%d %d", done, notify);
}

static void consume(int n) {
    struct blkif_request copy;
    uint64_t h = 0;
    int done = 0;
    for (; done < n && RING_HAS_UNCONSUMED_REQUESTS(&back); done++) {
        RING_COPY_REQUEST(&back, back.req_cons, &copy);
        back.req_cons++;
        h = h * 31 + hash(&copy, sizeof copy);
    }
    printf("%d %llu", done, (unsigned long long)h);
}

static void answer(int n) {
    int notify, done = 0;
    for (; done < n && back.rsp_prod_pvt != back.req_cons; done++)
        memset(RING_GET_RESPONSE(&back, back.rsp_prod_pvt++), (int)(++id & 0xff), sizeof(struct blkif_response));
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
    printf("%d %d", done, notify);
}

static void collect(int n) {
    struct blkif_response copy;
    uint64_t h = 0;
    int done = 0;
    for (; done < n && RING_HAS_UNCONSUMED_RESPONSES(&front); done++) {
        RING_COPY_RESPONSE(&front, front.rsp_cons, &copy);
        front.rsp_cons++;
        h = h * 31 + hash(&copy, sizeof copy);
    }
    printf("%d %llu", done, (unsigned long long)h);
}

/* What a frontend claims: more than fits, or less than it has claimed before, which the macros do not look for. */
static void claim_requests(int by) {
    front.sring->req_prod += by;
    printf("%s", RING_REQUEST_PROD_OVERFLOW(&back, front.sring->req_prod) || by < 0 ? "broken" : "fine");
}

/* What a backend claims. Our front half also refuses what it has not asked for. */
static void claim_responses(int by) {
    RING_IDX new = front.sring->rsp_prod += by;
    int unasked = (int)(new - front.req_prod_pvt) > 0;
    printf("%s", RING_RESPONSE_PROD_OVERFLOW(&front, new) || by < 0 || unasked ? "broken" : "fine");
}

int main(void) {
    char op[16];
    unsigned int a, b;
    while (scanf("%15s %u %u", op, &a, &b) == 3) {
        int work;
        if (!strcmp(op, "reset"))
            reset(a, b);
        else if (!strcmp(op, "request"))
            request((int)a);
        else if (!strcmp(op, "consume"))
            consume((int)a);
        else if (!strcmp(op, "answer"))
            answer((int)a);
        else if (!strcmp(op, "collect"))
            collect((int)a);
        else if (!strcmp(op, "backsleep")) {
            RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
            printf("%d", work);
        } else if (!strcmp(op, "frontsleep")) {
            RING_FINAL_CHECK_FOR_RESPONSES(&front, work);
            printf("%d", work);
        } else if (!strcmp(op, "req_event"))
            front.sring->req_event = front.req_prod_pvt + a - 20;
        else if (!strcmp(op, "rsp_event"))
            front.sring->rsp_event = front.rsp_cons + a - 20;
        else if (!strcmp(op, "claimreq"))
            claim_requests((int)a - 40);
        else if (!strcmp(op, "claimrsp"))
            claim_responses((int)a - 40);
        else
            return 1;
        printf(" size %u page %llu\n", RING_SIZE(&back), (unsigned long long)hash(page, byte_length));
    }
    return 0;
}
