/* The machine-to-phys array at the address that guests without questions take for granted: MACH2PHYS_VIRT_START. It can
   be read there by whatever compilers make of it, says what it says where XENMEM_machphys_mapping has it, and cannot be
   written.

   images: plain linux */
#include "micro.h"

#define FIXED ((const volatile uint64_t *)0xffff800000000000ul)
#define STATUS 0x8d5ul

static uint64_t mfn, pfn;

/* Runs one instruction with %1 pointing at the fixed array's entry of mfn, and once at a copy of it; results must agree. */
#define SAME(text, before)                                                                                             \
    do {                                                                                                               \
        uint64_t copy[4], got[2], flags[2];                                                                           \
        const volatile void *at[2] = {&FIXED[mfn], copy};                                                              \
        memcpy(copy, &m2p[mfn], sizeof copy);                                                                          \
        for (int i = 0; i < 2; i++) {                                                                                  \
            uint64_t value = (before);                                                                                 \
            __asm__ volatile("test %%rsp, %%rsp\n\t" text "\n\tpushfq\n\tpop %1"                                       \
                             : "+a"(value), "=&r"(flags[i])                                                            \
                             : "b"(at[i]), "c"(pfn), "d"(1ul)                                                          \
                             : "cc", "memory");                                                                        \
            got[i] = value;                                                                                            \
        }                                                                                                              \
        expect(got[0] == got[1], "%s: rax %lx, should be %lx", text, got[0], got[1]);                                  \
        expect((flags[0] & STATUS) == (flags[1] & STATUS), "%s: flags %lx, should be %lx", text, flags[0], flags[1]);  \
    } while (0)

static void instructions(void)
{
    uint64_t junk = 0xdeadbeefcafef00d;
    law("loads of every width");
    SAME("mov (%%rbx), %%rax", junk);
    SAME("mov (%%rbx), %%eax", junk);
    SAME("mov (%%rbx), %%ax", junk);
    SAME("mov (%%rbx), %%al", junk);
    SAME("mov 1(%%rbx), %%ah", junk);
    SAME("mov 4(%%rbx), %%eax", junk);
    SAME("movzbl 1(%%rbx), %%eax", junk);
    SAME("movzwl (%%rbx), %%eax", junk);
    SAME("movzwq (%%rbx), %%rax", junk);
    SAME("movsbq (%%rbx), %%rax", junk);
    SAME("movswl (%%rbx), %%eax", junk);
    SAME("movslq (%%rbx), %%rax", junk);
    law("addresses of every form");
    SAME("mov (%%rbx,%%rdx,1), %%eax", junk);
    SAME("mov 8(%%rbx,%%rdx,8), %%eax", junk);
    SAME("mov -8(%%rbx,%%rdx,8), %%rax", junk);
    SAME("lea -64(%%rbx), %%r9; mov 64(%%r9), %%rax", junk);
    SAME("mov %%rbx, %%r13; mov (%%r13), %%r12; mov %%r12, %%rax", junk);
    law("comparisons");
    SAME("cmp %%rcx, (%%rbx)", junk);
    SAME("cmp (%%rbx), %%rcx", junk);
    SAME("cmp (%%rbx), %%rax", junk);
    SAME("cmp %%eax, (%%rbx)", junk);
    SAME("cmpq $3, (%%rbx)", junk);
    SAME("cmpl $0x12345, (%%rbx)", junk);
    SAME("cmpw $-1, (%%rbx)", junk);
    SAME("cmpb $0x7f, (%%rbx)", junk);
    SAME("test %%rax, (%%rbx)", junk);
    SAME("testb $1, (%%rbx)", junk);
    SAME("testl $0x101, (%%rbx)", junk);
    law("arithmetic with a register");
    SAME("add (%%rbx), %%rax", junk);
    SAME("add (%%rbx), %%eax", junk);
    SAME("adc (%%rbx), %%al", junk);
    SAME("sub (%%rbx), %%rax", junk);
    SAME("sbb (%%rbx), %%eax", junk);
    SAME("and (%%rbx), %%rax", junk);
    SAME("or (%%rbx), %%ax", junk);
    SAME("xor (%%rbx), %%rax", junk);
    law("conditional moves, taken and not");
    SAME("cmp %%rax, %%rax; cmove (%%rbx), %%rax", junk);
    SAME("cmp %%rax, %%rax; cmovne (%%rbx), %%rax", junk);
    SAME("cmp %%rax, %%rax; cmovne (%%rbx), %%eax", junk);
    SAME("cmp %%rax, %%rcx; cmovb (%%rbx), %%rax", junk);
    SAME("cmp %%rax, %%rcx; cmovge (%%rbx), %%rax", junk);
    law("a push");
    SAME("pushq (%%rbx); pop %%rax", junk);
}

static void whole(void)
{
    law("every entry says what it says where XENMEM_machphys_mapping has the array");
    for (uint64_t i = 0; i < start_info->nr_pages; i += 97) {
        if (!expect(FIXED[p2m[i]] == i, "mfn %lx has %lx, should have %lx", p2m[i], FIXED[p2m[i]], i)) {
            return;
        }
    }
    uint64_t shared = start_info->shared_info >> PAGE_SHIFT;
    expect(FIXED[shared] == m2p[shared], "that of shared_info is %lx", FIXED[shared]);

    law("MMU_MACHPHYS_UPDATE is seen there");
    struct mmu_update update = {.ptr = mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, .val = pfn ^ 0x55};
    expect(hypercall4(__HYPERVISOR_mmu_update, &update, 1, 0, DOMID_SELF) == 0, "it is refused");
    expect(FIXED[mfn] == (pfn ^ 0x55), "it is not: %lx", FIXED[mfn]);
    update.val = pfn;
    hypercall4(__HYPERVISOR_mmu_update, &update, 1, 0, DOMID_SELF);
}

static void read_word(void *va)
{
    (void)*(volatile uint64_t *)va;
}

static void write_word(void *va)
{
    *(volatile uint64_t *)va = 0;
}

static void lock_or(void *va)
{
    __asm__ volatile("lock orq $0, (%0)" : : "r"(va) : "memory");
}

static void refused(void (*action)(void *), uint64_t address, uint64_t error)
{
    struct fault fault = attempt(action, (void *)address);
    expect(fault.happened && fault.vector == 14 && fault.address == address && (fault.error & 6) == error,
           "at %lx: vector %u, error %lx, cr2 %lx", address, fault.vector, fault.error, fault.address);
}

static void edges(void)
{
    uint64_t entry = (uint64_t)&FIXED[mfn];
    law("a write there is a page fault, and changes nothing");
    refused(write_word, entry, 2);
    refused(lock_or, entry, 2);
    expect(FIXED[mfn] == pfn, "it has become %lx", FIXED[mfn]);

    law("what is not the array is a page fault");
    refused(read_word, 0xffff800000000000ul, 0);
    refused(read_word, (uint64_t)&FIXED[m2p_max_mfn + 4096], 0);
    refused(read_word, 0xffff807ffffffff8ul, 0);
}

void guest(void)
{
    pfn = pfn_of(image_start) + 3;
    mfn = p2m[pfn];
    instructions();
    whole();
    edges();
}
