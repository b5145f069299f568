/* One way to come to an end each run: option how=N. None of these prints a law; the test looks at the reason that the
   VMM gives, and that it gives one. Stock kernels do none of this.

   images: linux */
#include "micro.h"

#define GUEST_CS 0xe033
#define GUEST_SS 0xe02b

struct iret_frame {
    uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};

static void iret(struct iret_frame *frame)
{
    __asm__ volatile("mov %0, %%rsp\n\tsyscall" : : "r"(frame), "a"(__HYPERVISOR_iret) : "memory");
}

static void with_stack(uint64_t rsp, unsigned nr, uint64_t argument)
{
    __asm__ volatile("mov %0, %%rsp\n\tsyscall\n\tud2" : : "r"(rsp), "a"(nr), "D"(argument), "S"(0ul) : "memory");
}

static void fault_with_stack(uint64_t rsp)
{
    __asm__ volatile("mov %0, %%rsp\n\tmov 8, %%rax" : : "r"(rsp) : "rax", "memory");
}

/* Sets one handler for vector 14. */
static void page_faults_to(uint64_t address)
{
    struct trap_info table[2] = {{.vector = 14, .cs = GUEST_CS, .address = address}, {0}};
    hypercall1(__HYPERVISOR_set_trap_table, table);
}

static void empty_root(void)
{
    void *page = new_page();
    uint64_t mfn = mfn_of(page);
    remap(page, 0);
    struct mmuext_op op = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = mfn};
    hypercall4(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}

static void by_number(uint64_t how)
{
    static struct iret_frame frame = {.cs = GUEST_CS & ~3, .ss = GUEST_SS, .rflags = RFLAGS_IF | 2};
    frame.rsp = boot.rsp;
    switch (how) {
    case 1:
        shut_down(SHUTDOWN_crash);
    case 2: /* a kernel's exception and no handler */
        hypercall1(__HYPERVISOR_set_trap_table, 0);
        __asm__ volatile("ud2");
        break;
    case 3:
        iret((struct iret_frame *)0x1000);
        break;
    case 4:
        iret((struct iret_frame *)0x8000000000000000ul);
        break;
    case 5: /* to user mode without a user's root */
        frame.cs = GUEST_CS;
        iret(&frame);
        break;
    case 6: /* into the monitor */
        frame.rip = 0xffff808000000000ul;
        iret(&frame);
        break;
    case 8:
        empty_root();
        break;
    case 10: /* a fault with a stack that is none, as XTF's arch_crash_hard does */
        fault_with_stack(0x800000000000beeful);
        break;
    case 11: /* with one that is not mapped */
        fault_with_stack(0x2000);
        break;
    case 12: /* with the monitor for a stack */
        fault_with_stack(0xffff808000002000ul);
        break;
    case 13: /* a jump into the monitor's stubs */
        ((void (*)(void))0xffff808000004100ul)();
        break;
    case 14: /* the same into its handlers, which are not ours to run */
        ((void (*)(void))0xffff808000000000ul)();
        break;
    case 15: /* a handler that is not there: faults without end, unless the stack gives out */
        page_faults_to(0x3000);
        fault_with_stack(boot.rsp);
        break;
    case 16: /* a hypercall with a stack that is none */
        with_stack(0x800000000000beeful, __HYPERVISOR_sched_op, SCHEDOP_yield);
        break;
    default:
        break;
    }
}

void guest(void)
{
    uint64_t how = option("how", 0);
    by_number(how);
    print("survived %lu\n", how);
}
