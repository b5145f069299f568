/* Page tables and descriptor tables in uses that stock kernels do not make: one root for both modes, roots that map
   themselves and each other, an LDT, a tree of more tables than one call validates.

   images: plain linux */
#include "micro.h"
#include <xen/callback.h>

#define GUEST_CS 0xe033
#define GUEST_SS 0xe02b
#define SLOT_SELF 301ul
#define SLOT_OTHER 302ul
#define SLOT_NEW 300ul
#define LEAVES 80
#define LDT_SELECTOR 7
#define DATA_SEGMENT 0x00cff2000000fffful
#define CALL_GATE 0x00008c00e0330000ul
#define TASK_GATE 0x0000850000000000ul

static uint64_t root_mfn;

static long mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};
    return hypercall4(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long set_entry(uint64_t table_mfn, uint64_t slot, uint64_t value)
{
    struct mmu_update update = {.ptr = table_mfn << PAGE_SHIFT | slot * 8, .val = value};
    return hypercall4(__HYPERVISOR_mmu_update, &update, 1, 0, DOMID_SELF);
}

/* A page of our own that is to become a table: no longer writable. */
static uint64_t table_of(void *page)
{
    expect(remap(page, mfn_of(page) << PAGE_SHIFT | PTE_P | PTE_US) == 0, "a page stays writable");
    return mfn_of(page);
}

static void flush(void)
{
    mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

/* ---- to user mode and back: reads the word at `va` there */
uint64_t kernel_rsp;
uint64_t entry_rsp;
uint64_t user_reads(const volatile void *va);
void from_user(void);
extern char user_code[];
__asm__(".text\n"
        "user_reads:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, kernel_rsp(%rip)\n"
        "  push $0xe02b\n  push %rsp\n  push $0x202\n  push $0xe033\n"
        "  lea user_code(%rip), %rax\n  push %rax\n"
        "  push $0\n  push $0\n  push $0\n  push $0\n"
        "  mov $23, %eax\n  syscall\n"
        "user_code:\n"
        "  mov (%rdi), %rdi\n  syscall\n  ud2\n"
        "from_user:\n"
        "  mov %rsp, entry_rsp(%rip)\n"
        "  mov kernel_rsp(%rip), %rsp\n  mov %rdi, %rax\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n  ret\n");

static void user_reads_there(void *va)
{
    user_reads(va);
}

static void both_modes(void)
{
    static uint64_t word = 0x1234567890abcdef;
    struct callback_register callback = {.type = CALLBACKTYPE_syscall, .address = (unsigned long)from_user};
    law("the kernel's root is user mode's too");
    expect(hypercall2(__HYPERVISOR_callback_op, CALLBACKOP_register, &callback) == 0, "no callback");
    hypercall2(__HYPERVISOR_stack_switch, GUEST_SS, (char *)new_page() + PAGE_SIZE);
    expect(mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn, 0) == 0, "it is refused");
    for (int i = 0; i < 100; i++) {
        uint64_t got = user_reads(&word);
        expect(got == word, "user mode reads %lx", got);
        word++;
    }
    uint64_t cr3;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    expect(cr3 == root_mfn << PAGE_SHIFT, "the kernel's cr3 is %lx", cr3);

    law("stack_switch says where a trap from user mode begins, aligned, by a call of its own as by a multicall");
    for (unsigned i = 0; i < 32; i++) {
        uint64_t top = (uint64_t)new_page() + PAGE_SIZE - i;
        struct multicall_entry call = {.op = __HYPERVISOR_stack_switch, .args = {GUEST_SS, top}};
        long rc = i % 2 ? hypercall2(__HYPERVISOR_stack_switch, GUEST_SS, top)
                        : hypercall2(__HYPERVISOR_multicall, &call, 1) | (long)call.result;
        expect(rc == 0, "%ld", rc);
        expect(user_reads(&word) == word, "user mode reads something else");
        expect(entry_rsp == (top & ~15ul) - 7 * 8, "it begins at %lx, given %lx", entry_rsp, top);
    }

    law("user mode sees what changes in that root");
    uint64_t l4 = *entry_of(image_start, 4);
    const uint64_t low = image_virt_base & ((1ul << 39) - 1);
    const uint64_t *there = (uint64_t *)(0xffff000000000000ul | SLOT_NEW << 39 | low) + pfn_of(&word) * ENTRIES
                            + ((uint64_t)&word & (PAGE_SIZE - 1)) / 8;
    for (int i = 0; i < 3; i++) {
        expect(set_entry(root_mfn, SLOT_NEW, l4) == 0, "no entry");
        expect(user_reads(there) == word, "it reads something else");
        expect(set_entry(root_mfn, SLOT_NEW, 0) == 0, "the entry stays");
        flush();
        struct fault fault = attempt(user_reads_there, (void *)there);
        expect(fault.happened && fault.vector == 14 && (fault.error & 5) == 4, "it still reads there");
    }
}

static void user_root(void)
{
    law("no root is user mode's, and the kernel goes on");
    expect(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0) == 0, "it is refused");
    expect(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0) == 0, "the second time it is refused");
    expect(mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn, 0) == 0, "back again: refused");
    expect(mmuext(MMUEXT_NEW_BASEPTR, root_mfn, 0) == 0, "the same kernel root again: refused");

    law("the root of user mode becomes the kernel's");
    uint64_t *copy = new_page();
    memcpy(copy, (void *)start_info->pt_base, PAGE_SIZE);
    uint64_t other = table_of(copy);
    expect(mmuext(MMUEXT_NEW_USER_BASEPTR, other, 0) == 0, "not user mode's");
    expect(mmuext(MMUEXT_NEW_BASEPTR, other, 0) == 0, "not the kernel's");
    expect(user_reads(&root_mfn) == root_mfn, "user mode does not run");
    expect(mmuext(MMUEXT_NEW_BASEPTR, root_mfn, 0) == 0, "the way back is barred");
    expect(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0) == 0, "it is still user mode's");
    expect(remap(copy, other << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) == 0, "it is still a table");
}

static volatile uint64_t *through(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return (volatile uint64_t *)(0xffff000000000000ul | a << 39 | b << 30 | c << 21 | d << 12);
}

static void write_word(void *va)
{
    *(volatile uint64_t *)va = 0;
}

static void linear_maps(void)
{
    law("a root maps itself, for reading");
    uint64_t self = root_mfn << PAGE_SHIFT | PTE_P | PTE_US;
    expect(set_entry(root_mfn, SLOT_SELF, self | PTE_RW) < 0, "even for writing");
    expect(set_entry(root_mfn, SLOT_SELF, self) == 0, "it does not");
    volatile uint64_t *l4 = through(SLOT_SELF, SLOT_SELF, SLOT_SELF, SLOT_SELF);
    expect((l4[SLOT_SELF] & PTE_ADDRESS) == (self & PTE_ADDRESS), "its entry reads %lx", l4[SLOT_SELF]);
    struct fault fault = attempt(write_word, (void *)&l4[0]);
    expect(fault.happened && fault.vector == 14 && (fault.error & 2), "it can be written there");
    expect(set_entry(root_mfn, SLOT_SELF, self | PTE_RW) < 0, "it becomes writable");

    law("a root maps another, which lives on without its pin");
    uint64_t *page = new_page();
    memcpy(page, (void *)start_info->pt_base, PAGE_SIZE);
    page[SLOT_SELF] = 0;
    uint64_t other = table_of(page);
    expect(mmuext(MMUEXT_PIN_L4_TABLE, other, 0) == 0, "no pin");
    expect(set_entry(root_mfn, SLOT_OTHER, other << PAGE_SHIFT | PTE_P | PTE_US) == 0, "no map");
    expect(set_entry(other, SLOT_OTHER, root_mfn << PAGE_SHIFT | PTE_P | PTE_US) < 0, "the other maps back");
    expect(mmuext(MMUEXT_UNPIN_TABLE, other, 0) == 0, "no unpin");
    volatile uint64_t *seen = through(SLOT_SELF, SLOT_SELF, SLOT_SELF, SLOT_OTHER);
    for (uint64_t slot = 0; slot < ENTRIES; slot++) {
        expect(seen[slot] == page[slot], "slot %lu reads %lx", slot, seen[slot]);
    }
    expect(remap(page, other << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) < 0, "it is no table any more");
    expect(set_entry(root_mfn, SLOT_OTHER, 0) == 0 && set_entry(root_mfn, SLOT_SELF, 0) == 0, "the maps stay");
    flush();
    expect(remap(page, other << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) == 0, "it is a table for ever");
}

/* ---- the LDT */
static unsigned loaded;

static void load_selector(void *selector)
{
    unsigned short read;
    __asm__ volatile("mov %1, %%es\n\tmov %%es, %0\n\tmov %2, %%es" : "=r"(read) : "r"((short)(uint64_t)selector), "r"((short)0));
    loaded = read;
}

static void ldt(void)
{
    law("an LDT is set, changed and removed");
    uint64_t *page = new_page();
    uint64_t mfn = mfn_of(page);
    page[1] = CALL_GATE;
    page[3] = DATA_SEGMENT & ~(3ul << 45);
    expect(mmuext(MMUEXT_SET_LDT, (uint64_t)page, 4) < 0, "a writable page is taken");
    table_of(page);
    expect(mmuext(MMUEXT_SET_LDT, (uint64_t)page + 8, 4) < 0, "a table that is not aligned is taken");
    expect(mmuext(MMUEXT_SET_LDT, (uint64_t)page, 8193) < 0, "too long a table is taken");
    expect(mmuext(MMUEXT_SET_LDT, (uint64_t)page, 4) == 0, "it is refused");
    expect((page[3] | 1ul << 40) == (DATA_SEGMENT | 1ul << 40), "a segment of ring 0 stays one: %lx", page[3]);
    expect((page[1] & 3ul << 45) == 0, "a call gate is open: %lx", page[1]);
    expect(hypercall2(__HYPERVISOR_update_descriptor, mfn << PAGE_SHIFT, DATA_SEGMENT) == 0, "no update");
    expect(page[0] == DATA_SEGMENT, "the update is not seen: %lx", page[0]);
    expect(hypercall2(__HYPERVISOR_update_descriptor, mfn << PAGE_SHIFT, TASK_GATE) < 0, "a task gate is taken");
    expect(remap(page, mfn << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) < 0, "a table in use is writable");
    struct fault with = attempt(load_selector, (void *)LDT_SELECTOR);
    expect(!with.happened && (loaded == LDT_SELECTOR || loaded == 0), "its selector loads as %x", loaded);
    print("LDT selectors load as %x\n", loaded);
    expect(mmuext(MMUEXT_SET_LDT, 0, 0) == 0, "it is not removed");
    struct fault without = attempt(load_selector, (void *)LDT_SELECTOR);
    expect(without.happened ? without.vector == 13 : loaded == 0, "its selector still loads as %x", loaded);
    expect(remap(page, mfn << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) == 0, "its page is a table for ever");
}

/* ---- more tables than one call validates */
static void big_tree(void)
{
    static void *leaves[LEAVES];
    law("a tree of many tables is pinned, unpinned, and plain memory again");
    uint64_t *l2 = new_page();
    for (unsigned i = 0; i < LEAVES; i++) {
        uint64_t *leaf = leaves[i] = new_page();
        leaf[i] = mfn_of(&kernel_rsp) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
        l2[i] = table_of(leaf) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
    }
    uint64_t mfn = table_of(l2);
    for (unsigned round = 0; round < 3; round++) {
        expect(mmuext(MMUEXT_PIN_L2_TABLE, mfn, 0) == 0, "no pin");
        expect(remap(leaves[LEAVES - 1], mfn_of(leaves[LEAVES - 1]) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US) < 0,
               "the last is no table");
        expect(mmuext(MMUEXT_UNPIN_TABLE, mfn, 0) == 0, "no unpin");
    }
    for (unsigned i = 0; i < LEAVES; i++) {
        long rc = remap(leaves[i], mfn_of(leaves[i]) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US);
        expect(rc == 0, "table %u stays one: %ld", i, rc);
    }
}

void guest(void)
{
    root_mfn = mfn_of((void *)start_info->pt_base);
    both_modes();
    user_root();
    linear_maps();
    ldt();
    big_tree();
}
