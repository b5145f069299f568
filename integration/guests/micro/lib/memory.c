/* The builder's address space: pfn n lies at the image's VIRT_BASE + n pages, up to a multiple of 4 MiB. */
#include "micro.h"

struct start_info *start_info;
uint64_t *p2m;
const uint64_t *m2p;
uint64_t m2p_max_mfn;

static char *free_page;
static struct shared_info *shared;

void memory_init(void)
{
    struct xen_machphys_mapping mapping = {0};
    start_info = (struct start_info *)boot.rsi;
    p2m = (uint64_t *)start_info->mfn_list;
    /* Behind the boot stack there are 512 KiB that nobody uses. */
    free_page = (char *)start_info->pt_base + (start_info->nr_pt_frames + 1) * PAGE_SIZE;
    long rc = hypercall2(__HYPERVISOR_memory_op, XENMEM_machphys_mapping, &mapping);
    if (rc != 0) {
        print("FAILED XENMEM_machphys_mapping: %ld\n", rc);
        shut_down(SHUTDOWN_crash);
    }
    m2p = (const uint64_t *)mapping.v_start;
    m2p_max_mfn = mapping.max_mfn;
}

uint64_t pfn_of(const void *va)
{
    return ((uint64_t)va - image_virt_base) >> PAGE_SHIFT;
}

void *va_of_pfn(uint64_t pfn)
{
    return (void *)(image_virt_base + (pfn << PAGE_SHIFT));
}

uint64_t mfn_of(const void *va)
{
    return p2m[pfn_of(va)];
}

static uint64_t *slot(uint64_t table_mfn, const void *va, int level)
{
    uint64_t *table = va_of_pfn(m2p[table_mfn]);
    return &table[(uint64_t)va >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1)];
}

uint64_t *entry_of(const void *va, int level)
{
    uint64_t *entry = slot(mfn_of((void *)start_info->pt_base), va, 4);
    for (int at = 4; at > level; at--) {
        if (!(*entry & PTE_P)) {
            return NULL;
        }
        entry = slot((*entry & PTE_ADDRESS) >> PAGE_SHIFT, va, at - 1);
    }
    return entry;
}

uint64_t entry_ma(const void *va, int level)
{
    uint64_t *entry = entry_of(va, level);
    return mfn_of(entry) << PAGE_SHIFT | ((uint64_t)entry & (PAGE_SIZE - 1));
}

void *new_page(void)
{
    void *page = free_page;
    free_page += PAGE_SIZE;
    memset(page, 0, PAGE_SIZE);
    return page;
}

long remap(const void *va, uint64_t entry)
{
    return hypercall3(__HYPERVISOR_update_va_mapping, va, entry, UVMF_INVLPG | UVMF_LOCAL);
}

void *map_frame(uint64_t mfn, uint64_t flags)
{
    void *va = new_page();
    return remap(va, mfn << PAGE_SHIFT | flags) == 0 ? va : NULL;
}

struct shared_info *shared_info(void)
{
    if (shared == NULL) {
        shared = map_frame(start_info->shared_info >> PAGE_SHIFT, PTE_P | PTE_RW | PTE_US);
    }
    return shared;
}

void *memset(void *to, int value, size_t count)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(count) : "a"(value) : "memory");
    return to;
}

void *memcpy(void *to, const void *from, size_t count)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(count) : : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < count; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

const char *find(const char *text, const char *part)
{
    for (; *text != 0; text++) {
        size_t i = 0;
        while (part[i] != 0 && text[i] == part[i]) {
            i++;
        }
        if (part[i] == 0) {
            return text;
        }
    }
    return NULL;
}
