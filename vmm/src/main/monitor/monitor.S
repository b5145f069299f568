/* The ring-0 monitor and its ring-3 stubs (stubs.S): see README.md beside this file for the whole picture.
 *
 * Four pages leave this file. Each exists in one of two flavours, "u" for the guest's user page tables and "k" for
 * its kernel page tables; the two flavours of a page are mapped at the same address, so a `mov cr3` in one page
 * continues in the other. Which flavour is mapped IS the mode of the vcpu: nothing has to ask.
 *
 *   handlers_u, handlers_k   W_HANDLERS   ring 0       gates of the IDT
 *   lstar_u,    lstar_k      W_LSTAR      ring 3       target of SYSCALL, and everything that needs no ring 0
 *
 * On hosts without virtualisation an instruction at ring 0 costs about a microsecond and one at ring 3 nothing, so
 * ring 0 does only what it must: load CR3, fetch CR2, IRETQ. RSP serves as its scratch register, since the gate has
 * saved the guest's and the last instruction before IRETQ sets it anyway; thus no register of the guest is touched.
 *
 * The guest kernel may write W_MAILBOX and nothing else here; what ring 0 trusts lies in W_SUPER.
 */
#include "monitor_abi.h"

/* Between the pieces of code lies HLT: whoever gets there by mistake stops, at ring 0 as at ring 3. */
#define FILL 0xf4

    .code64
    .section .monitor, "ax", @progbits

/* Where a field lies, seen from code linked into page `page` which is mapped at window offset `at`. */
#define SUPER(page, at, field)   (page - (at) + W_SUPER + (field))(%rip)
#define ALIAS(field)             (lstar_k - W_LSTAR + W_ALIAS + (field))(%rip)
#define MBOX(field)              (lstar_k - W_LSTAR + W_MAILBOX + (field))(%rip)
#define CALL_BELL(code)          (lstar_k - W_LSTAR + W_CALL_BELL + (code))(%rip)

/* ------------------------------------------------------------------------------------------------ ring 0, user -- */
    .balign 4096
    .globl handlers_u
handlers_u:
    /* One stub a vector: the address written tells the vector, so no register is needed. The VMM never resumes
     * after the write: it continues the vcpu elsewhere. */
    .set vector, 0
    .rept 256
    .org handlers_u + vector * STUB_BYTES, FILL
    mov     %al, (handlers_u - W_HANDLERS + W_TRAP_BELL + vector)(%rip)
    hlt
    .set vector, vector + 1
    .endr

    .org handlers_u + H_GATE4, FILL               /* SYSCALL of the guest's user, by way of lstar_u */
    mov     SUPER(handlers_u, W_HANDLERS, S_KERNEL_CR3), %rsp
    mov     %rsp, %cr3                      /* ... continues in handlers_k */
    /* ... from handlers_k: to the user. RIP is the only word of the frame that the gate did not push as the user
     * wants it: RSP and RFLAGS are the stub's, CS and SS were saved at CPL 3, so nothing here can raise privilege. */
    lea     SUPER(handlers_u, W_HANDLERS, S_IST_RIP + 8), %rsp
    pushq   (handlers_u - W_HANDLERS + W_MAILBOX + M_USER_RIP)(%rip)
    iretq

    .org handlers_u + H_GATE14, FILL              /* page fault of the guest's user */
    mov     %cr2, %rsp
    mov     %rsp, SUPER(handlers_u, W_HANDLERS, S_CR2)
    mov     SUPER(handlers_u, W_HANDLERS, S_KERNEL_CR3), %rsp
    mov     %rsp, %cr3                      /* ... continues in handlers_k */

    .org handlers_u + H_GATE13, FILL              /* the user did: the VMM sorts it out */
    mov     %al, (handlers_u - W_HANDLERS + W_TRAP_BELL + 13)(%rip)
    hlt

    .org handlers_u + H_GATE0, FILL               /* divide error of the guest's user: the kernel's to handle */
    mov     %al, (handlers_u - W_HANDLERS + W_TRAP_BELL)(%rip)
    hlt
    .org handlers_u + 4096, FILL

/* ---------------------------------------------------------------------------------------------- ring 0, kernel -- */
    .globl handlers_k
handlers_k:
    .set vector, 0
    .rept 256
    .org handlers_k + vector * STUB_BYTES, FILL
    mov     %al, (handlers_k - W_HANDLERS + W_TRAP_BELL + vector)(%rip)
    hlt
    .set vector, vector + 1
    .endr

    .org handlers_k + H_GATE4, FILL               /* the iret stub below: RSP, RFLAGS and registers are the user's */
    mov     SUPER(handlers_k, W_HANDLERS, S_USER_CR3), %rsp
    mov     %rsp, %cr3                      /* ... continues in handlers_u */
    /* ... from handlers_u: a system call; ring 3 does the rest. */
    lea     SUPER(handlers_k, W_HANDLERS, S_FRAME_SYSCALL), %rsp
    iretq

    .org handlers_k + H_GATE14, FILL              /* page fault of the guest's kernel */
    mov     %cr2, %rsp
    mov     %rsp, SUPER(handlers_k, W_HANDLERS, S_CR2)
    lea     SUPER(handlers_k, W_HANDLERS, S_FRAME_KERNEL_FAULT), %rsp
    iretq
    .org handlers_k + H_GATE14 + 20, FILL         /* ... from handlers_u: a page fault of the user */
    lea     SUPER(handlers_k, W_HANDLERS, S_FRAME_USER_FAULT), %rsp
    iretq

    .org handlers_k + H_GATE13, FILL              /* the guest's kernel executed something privileged */
    lea     SUPER(handlers_k, W_HANDLERS, S_FRAME_KERNEL_GP), %rsp
    iretq

    .org handlers_k + H_GATE0, FILL               /* divide error: how a stub asks for a commit (or a bug of the kernel) */
    mov     SUPER(handlers_k, W_HANDLERS, S_COMMIT_LIST), %rsp
    jmp     *SUPER(handlers_k, W_HANDLERS, S_COMMIT_RIP)
    .org handlers_k + 4096, FILL

/* ------------------------------------------------------------------------------------------------ ring 3, user -- */
    .globl lstar_u
lstar_u:
    int     $4
    .globl lstar_u_after
lstar_u_after:
    .org lstar_u + L_CSTAR, FILL            /* SYSCALL of 32-bit code; the stub knows it by the address */
    int     $4
    .org lstar_u + 4096, FILL

/* ---------------------------------------------------------------------------------------------- ring 3, kernel -- */
#include "stubs.S"

/* --------------------------------------------------------------------------------------------- ring 0: commits -- */
/* RSP: n addresses of page-table entries, CR3, address and new value of S_COMMIT_RIP, a frame for IRETQ. Entered n entries before the tail. The locked
 * OR of nothing leaves the word as it is, with whatever accessed and dirty bits it has by now, but lets the host see
 * a write by the guest and drop what it derived from the entry's former value. */
    .globl commits, commits_tail, commits_end
commits:
    .rept COMMIT_MAX
    pop     %rdi
    lock orq $0, (%rdi)
    .endr
commits_tail:
    pop     %rdi
    mov     %rdi, %cr3
    pop     %rdi                            /* S_COMMIT_RIP: from now on a divide error is one again, */
    popq    (%rdi)                          /* and Java sees that the list was run down */
    iretq
    .balign 4096
commits_end:

/* Checked against Java by MonitorAbiTest: a stale image cannot pass. */
    .globl monitor_abi_version
    .set monitor_abi_version, MONITOR_ABI_CHECKSUM
    .section .note.GNU-stack, "", @progbits
