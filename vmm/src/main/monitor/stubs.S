/* The page where SYSCALL of the guest's kernel lands, and its stubs, on the root of the guest's kernel. All of it runs at
 * ring 3, but for the few instructions by which it leaves ring 0 where SYSCALL enters that; what it may not do it asks of
 * the gates in monitor.S. Part of monitor.S, whose macros it uses.
 */

/* What stands in RSI is Java's to judge if it is no canonical address. */
.macro POST_UNLESS_CANONICAL
    mov     %rsi, %rcx
    shl     $16, %rcx
    sar     $16, %rcx
    cmp     %rsi, %rcx
    jne     post
.endm

    .globl lstar_k
lstar_k:
    /* A hypercall: RAX number, RDI RSI RDX R10 R8 arguments, RCX return address, R11 flags. RCX and R11 are ours. */
    mov     %rcx, MBOX(M_RIP)
    mov     %rsp, MBOX(M_RSP)
    mov     %cs, %ecx
    test    $3, %cl
    jz      from_ring0
hypercall:
    cmp     $HYPERVISOR_IRET, %eax
    je      iret
    cmp     $HYPERVISOR_STACK_SWITCH, %rax
    je      stack_switch
    cmp     $HYPERVISOR_SET_SEGMENT_BASE, %rax
    je      segment_base
    cmp     $HYPERVISOR_XEN_VERSION, %rax
    je      version
    cmp     $HYPERVISOR_EVENT_CHANNEL_OP, %rax
    je      event_channel
    .globl post_hypercall
post_hypercall:
post:
    mov     %rax, MBOX(M_NR)
    mov     %rdi, MBOX(M_ARG0)
    mov     %rsi, MBOX(M_ARG1)
    mov     %rdx, MBOX(M_ARG2)
    mov     %r10, MBOX(M_ARG3)
    mov     %r8, MBOX(M_ARG4)
    mov     MBOX(M_SEQ), %rcx
    inc     %rcx
    mov     %rcx, MBOX(M_SEQ)               /* the poller reads the arguments only after it saw this store */
    cmpq    $0, ALIAS(S_POLLER)
    je      ring
    mov     $SPINS, %eax
1:  pause
    cmp     %rcx, MBOX(M_ANSWER)            /* written after M_RESULT and M_ACTION */
    je      act
    dec     %eax
    jnz     1b
    jmp     ring                            /* the poller has lost its core: an exit is quicker by now */
act:
    mov     MBOX(M_ACTION), %ecx
    test    %ecx, %ecx
    jnz     actions
finished:
    mov     ALIAS(S_VCPU_INFO), %rcx
    cmpb    $0, 1(%rcx)                     /* evtchn_upcall_mask */
    jne     return
    cmpb    $0, (%rcx)                      /* evtchn_upcall_pending */
    jne     upcall
return:
    mov     MBOX(M_RESULT), %rax
    jmp     *MBOX(M_RIP)

/* What every context switch asks, and each time that events are unmasked: answered here, for an exit costs as much as all
 * the rest of a switch. What is wrong with them is Java's to say. */
stack_switch:
    incq    MBOX(M_COUNT_STACK_SWITCH)
    mov     %rsi, MBOX(M_KERNEL_SP)
    xor     %eax, %eax
    jmp     answered
segment_base:
    POST_UNLESS_CANONICAL
    cmp     $SEGBASE_GS_USER, %edi
    je      1f
    cmp     $SEGBASE_FS, %edi
    jne     post
    wrfsbase %rsi
    jmp     2f
1:  mov     %rsi, MBOX(M_USER_GS)
2:  incq    MBOX(M_COUNT_SEGMENT_BASE)
    xor     %eax, %eax
    jmp     answered
version:
    test    %edi, %edi                      /* XENVER_version: what a guest asks that wants its events */
    jnz     post
    incq    MBOX(M_COUNT_VERSION)
    mov     $XEN_VERSION, %eax
answered:
    mov     %rax, MBOX(M_RESULT)
    jmp     finished

/* Every send that no poller takes, for all ports look alike here. For one of a backend's KVM signals the eventfd, by
 * the port that is written to this bell, and goes on in a tenth of an exit's time. It exits for a port that has none,
 * as those of IPIs and of the guest's own pairs; the VMM then posts the call. */
event_channel:
    cmp     $EVTCHNOP_SEND, %edi
    jne     post
    cmpq    $0, ALIAS(S_POLLER)
    jne     post
    POST_UNLESS_CANONICAL
    .globl send_reads
send_reads:
    mov     (%rsi), %ecx                    /* after a fault here it goes on at post_hypercall */
    movq    $0, MBOX(M_RESULT)
    mov     %ecx, CALL_BELL(BELL_SEND)
    incq    MBOX(M_COUNT_SEND)              /* not those that exit, which go on at hypercall_answered */
    jmp     finished

from_ring0:
    /* Hosts where SYSCALL really enters ring 0: leave it at once; R11 holds the flags that SYSRET wants. */
    lea     hypercall(%rip), %rcx
    sysretq

actions:
    test    $ACT_RING, %cl
    jnz     ring
    test    $ACT_FS_BASE, %cl
    jz      3f
    mov     MBOX(M_FS_BASE), %rax
    wrfsbase %rax
3:  testb   $ACT_COMMIT, MBOX(M_ACTION)
    jz      finished
commit:
    movq    $1, MBOX(M_COMMITTING)
    xor     %eax, %eax
    div     %eax                            /* gate 0: the commit's frame continues at commit_done */
    .globl commit_done
commit_done:
    cmpq    $0, MBOX(M_COMMITTING)
    je      5f
    movq    $0, MBOX(M_COMMITTING)
    mov     MBOX(M_ARG0), %rdi              /* the commit's only casualty besides RSP */
    testb   $ACT_AGAIN, MBOX(M_ACTION)
    jz      4f
    mov     $COMMIT_AGAIN, %eax             /* the list was too long for one commit */
    jmp     post
4:
    testb   $ACT_RESUME, MBOX(M_ACTION)
    jz      finished
    /* Not in a hypercall: back to where the VMM interrupted the guest's kernel. */
    mov     MBOX(M_RESUME_RAX), %rax
    mov     MBOX(M_RESUME_RCX), %rcx
    lea     MBOX(M_RESUME_FRAME), %rsp
    iretq
5:  mov     %al, CALL_BELL(BELL_DIVIDE)     /* nobody asked: the guest's kernel divided by zero */
    jmp     5b

    .globl resume_with_commit
resume_with_commit:                         /* the VMM sends the vcpu here; RSP and RAX, RCX, RDI are in the mailbox */
    jmp     commit

ring:
    mov     %eax, CALL_BELL(BELL_HYPERCALL) /* exit; the answer is there when the VMM resumes us */
    .globl hypercall_answered
hypercall_answered:
    jmp     act

upcall:
    cmpq    $0, ALIAS(S_EVENT_ENTRY)
    je      return                          /* it has no handler */
    movb    $1, 1(%rcx)
    incq    MBOX(M_COUNT_UPCALL)
    and     $-16, %rsp
    pushq   $GUEST_SS
    pushq   MBOX(M_RSP)
    push    %r11                            /* RFLAGS; IF is set: events were unmasked */
    mov     ALIAS(S_FRAME_FLAGS), %rcx
    or      %rcx, (%rsp)
    pushq   $GUEST_CS_RPL0
    pushq   MBOX(M_RIP)
    push    %r11
    pushq   MBOX(M_RIP)                     /* RCX, as after SYSRET */
    mov     MBOX(M_RESULT), %rax
    mov     MBOX(M_RIP), %rcx
    jmp     *ALIAS(S_EVENT_ENTRY)

/* The iret hypercall. RSP: rax r11 rcx flags rip cs rflags rsp ss. */
iret:
    cmpq    $0, ALIAS(S_SLOW_IRET)
    jne     iret_slow
    testb   $3, 40(%rsp)
    jz      iret_kernel
    cmpq    $0, ALIAS(S_USER_CR3)
    je      iret_slow
    testl   $SLOW_FLAGS, 48(%rsp)
    jnz     iret_slow
    testl   $0x200, 48(%rsp)
    jz      iret_slow
    mov     40(%rsp), %rax
    cmp     $0x33, %ax
    je      1f
    cmp     $0xe033, %ax
    jne     iret_slow
1:  mov     32(%rsp), %rax                  /* RIP and RSP must be of the lower half: canonical beyond doubt */
    mov     %rax, MBOX(M_USER_RIP)
    mov     56(%rsp), %rcx
    mov     %rcx, MBOX(M_USER_RSP)
    or      %rcx, %rax
    shr     $47, %rax
    jnz     iret_slow
    mov     ALIAS(S_VCPU_INFO), %rax
    movb    $0, 1(%rax)
    cmpb    $0, (%rax)                      /* an event raised after this finds the vcpu running and kicks it */
    jne     iret_slow
    incq    MBOX(M_COUNT_IRET_USER)
    rdgsbase %rax
    mov     %rax, MBOX(M_KERNEL_GS)
    mov     MBOX(M_USER_GS), %rax
    wrgsbase %rax
    mov     8(%rsp), %r11
    mov     16(%rsp), %rcx
    mov     (%rsp), %rax
    pushq   48(%rsp)
    popfq
    mov     MBOX(M_USER_RSP), %rsp
    int     $4                              /* handlers_k, H_GATE4 */
2:  jmp     2b

iret_slow:
    mov     $HYPERVISOR_IRET, %eax
    movq    $HYPERVISOR_IRET, MBOX(M_NR)
    mov     %eax, CALL_BELL(BELL_HYPERCALL)
3:  jmp     3b

iret_kernel:
    mov     ALIAS(S_VCPU_INFO), %rcx
    testl   $0x200, 48(%rsp)
    jz      4f
    movb    $0, 1(%rcx)
    cmpb    $0, (%rcx)
    jne     iret_slow
    jmp     5f
4:  movb    $1, 1(%rcx)
5:  incq    MBOX(M_COUNT_IRET_KERNEL)
    movq    $GUEST_CS, 40(%rsp)
    movq    $GUEST_SS, 64(%rsp)
    mov     16(%rsp), %rcx
    mov     8(%rsp), %r11
    mov     (%rsp), %rax
    lea     32(%rsp), %rsp
    iretq

/* From handlers_k, every register but RSP the user's. */
    .globl stub_syscall
stub_syscall:
    mov     MBOX(M_KERNEL_SP), %rsp
    and     $-16, %rsp                      /* as a gate aligns it */
    pushq   $GUEST_SS                       /* Xen cannot know the user's CS and SS either, and reports its own */
    pushq   ALIAS(S_IST_RSP)
    push    %r11
    pushq   $GUEST_CS
    push    %rcx
    push    %r11
    push    %rcx
    andl    $SYSCALL_FLAGS, 32(%rsp)        /* R11 is the user's, who may have jumped here with anything in it */
    mov     ALIAS(S_FRAME_FLAGS), %rcx      /* IF, and what the guest may see of its I/O privilege */
    or      %ecx, 32(%rsp)
    lea     (lstar_u_after - lstar_u + lstar_k)(%rip), %rcx
    cmp     %rcx, ALIAS(S_IST_RIP)
    jne     not_syscall
    incq    MBOX(M_COUNT_SYSCALL)
    cmpq    $0, ALIAS(S_SYSCALL_ENTRY)
    je      not_syscall
    rdgsbase %rcx
    mov     %rcx, MBOX(M_USER_GS)
    mov     MBOX(M_KERNEL_GS), %rcx
    wrgsbase %rcx
    mov     ALIAS(S_VCPU_INFO), %rcx
    mov     ALIAS(S_SYSCALL_MASKS), %r11
    or      %r11b, 1(%rcx)
    mov     8(%rsp), %r11
    mov     (%rsp), %rcx
    jmp     *ALIAS(S_SYSCALL_ENTRY)
not_syscall:                                /* `int $4` written by the user, or no handler: the VMM sorts it out */
    mov     8(%rsp), %r11
    mov     (%rsp), %rcx
    mov     %al, CALL_BELL(BELL_USER_GATE4)
1:  jmp     1b

    .globl stub_user_fault
stub_user_fault:
    mov     MBOX(M_KERNEL_SP), %rsp
    and     $-16, %rsp
    pushq   ALIAS(S_IST_SS)
    pushq   ALIAS(S_IST_RSP)
    pushq   ALIAS(S_IST_RFLAGS)
    pushq   ALIAS(S_IST_CS)
    pushq   ALIAS(S_IST_RIP)
    pushq   ALIAS(S_IST_ERROR)
    push    %r11
    push    %rcx
    orb     $4, 16(%rsp)                    /* "user", also where the processor read a descriptor on its behalf */
    mov     ALIAS(S_FRAME_FLAGS), %rcx
    or      %ecx, 40(%rsp)
    cmpq    $0, ALIAS(S_FAULT_ENTRY)
    je      2f
    incq    MBOX(M_COUNT_USER_FAULT)
    rdgsbase %rcx
    mov     %rcx, MBOX(M_USER_GS)
    mov     MBOX(M_KERNEL_GS), %rcx
    wrgsbase %rcx
    mov     ALIAS(S_VCPU_INFO), %rcx
    mov     ALIAS(S_CR2), %r11
    mov     %r11, 16(%rcx)
    mov     ALIAS(S_FAULT_MASKS), %r11
    or      %r11b, 1(%rcx)
    mov     8(%rsp), %r11
    mov     (%rsp), %rcx
    jmp     *ALIAS(S_FAULT_ENTRY)
2:  mov     8(%rsp), %r11
    mov     (%rsp), %rcx
    mov     %al, CALL_BELL(BELL_USER_FAULT)
3:  jmp     3b

/* RSP = top of the scratch stack in the mailbox; the guest's is in the gate's frame. */
    .globl stub_kernel_fault
stub_kernel_fault:
    push    %rax
    push    %rcx
    push    %rdx
    mov     ALIAS(S_IST_ERROR), %eax
    and     $3, %eax
    cmp     $3, %eax                        /* a write to a present page: perhaps to a page table, the VMM knows */
    je      fault_slow
    mov     ALIAS(S_CR2), %rax
    sar     $39, %rax
    cmp     $M2P_SLOT_SIGNED, %rax          /* the machine-to-phys array where it used to be: read for it by the VMM */
    je      fault_slow
    cmpq    $0, ALIAS(S_FAULT_ENTRY)
    je      fault_slow
    mov     ALIAS(S_IST_RIP), %rax
    sar     $39, %rax
    cmp     $WINDOW_SLOT_SIGNED, %rax       /* one of our own stubs: the stack that it was given is bad */
    je      fault_slow
    mov     ALIAS(S_IST_RSP), %rcx
    and     $-16, %rcx
    mov     %rcx, %rax
    sub     $FAULT_FRAME_BYTES, %rax
    mov     %rax, MBOX(M_FAULT_RSP)
    movq    $GUEST_SS, -8(%rcx)
    mov     ALIAS(S_IST_RSP), %rax
    mov     %rax, -16(%rcx)
    mov     ALIAS(S_VCPU_INFO), %rdx
    movzbl  1(%rdx), %eax
    shl     $32, %rax
    or      $GUEST_CS_RPL0, %rax
    mov     %rax, -32(%rcx)
    mov     ALIAS(S_IST_RFLAGS), %rax
    or      ALIAS(S_FRAME_FLAGS), %rax
    cmpb    $0, 1(%rdx)
    je      1f
    and     $~0x200, %eax
1:  mov     %rax, -24(%rcx)
    mov     ALIAS(S_IST_RIP), %rax
    mov     %rax, -40(%rcx)
    mov     ALIAS(S_IST_ERROR), %rax
    and     $~4, %rax                       /* the guest's kernel is not "user", though it runs at CPL 3 */
    mov     %rax, -48(%rcx)
    mov     %r11, -56(%rcx)
    mov     8(%rsp), %rax
    mov     %rax, -64(%rcx)
    mov     ALIAS(S_CR2), %rax
    mov     %rax, 16(%rdx)
    mov     ALIAS(S_FAULT_MASKS), %rax
    or      %al, 1(%rdx)
    incq    MBOX(M_COUNT_KERNEL_FAULT)
    pop     %rdx
    pop     %rcx
    pop     %rax
    mov     MBOX(M_FAULT_RSP), %rsp
    jmp     *ALIAS(S_FAULT_ENTRY)
fault_slow:
    pop     %rdx
    pop     %rcx
    pop     %rax
    mov     %al, CALL_BELL(BELL_KERNEL_FAULT)
2:  jmp     2b

/* As above. CLI and STI are thousands in a boot, and no-ops: what counts is the event mask. S_SKIP_CLI also says that the
 * guest is past its first instructions. */
    .globl stub_kernel_gp
stub_kernel_gp:
    push    %rax
    cmpq    $0, ALIAS(S_SKIP_CLI)
    je      3f
    testb   $1, ALIAS(S_IST_RFLAGS + 1)     /* TF: the step over the instruction is an exception of its own */
    jnz     3f
    mov     ALIAS(S_IST_RIP), %rax
    sar     $47, %rax                       /* some processors fault at a non-canonical target */
    inc     %rax
    cmp     $1, %rax
    ja      3f
    mov     ALIAS(S_IST_RIP), %rax
    cmpb    $0xfa, (%rax)                   /* CLI */
    je      4f
    cmpb    $0xfb, (%rax)                   /* STI */
    je      4f
    cmpw    $0x320f, (%rax)                 /* RDMSR of the user's GS base: two a context switch */
    jne     3f
    cmp     $MSR_KERNEL_GS_BASE, %ecx
    je      6f
3:  pop     %rax
    mov     %al, CALL_BELL(BELL_KERNEL_GP)
5:  jmp     5b
6:  incq    MBOX(M_COUNT_RDMSR)
    mov     MBOX(M_USER_GS), %rdx
    mov     %edx, %eax
    mov     %rax, (%rsp)
    shr     $32, %rdx
    mov     ALIAS(S_IST_RIP), %rax
    add     $2, %rax
    jmp     7f
4:  inc     %rax
    incq    MBOX(M_COUNT_CLI)
7:  pushq   ALIAS(S_IST_SS)
    pushq   ALIAS(S_IST_RSP)
    pushq   ALIAS(S_IST_RFLAGS)
    pushq   ALIAS(S_IST_CS)
    push    %rax
    mov     40(%rsp), %rax
    iretq
    .org lstar_k + L_CSTAR, FILL            /* a guest's kernel in 32-bit code: no hypercall */
    mov     %al, CALL_BELL(BELL_KERNEL_SYSCALL32)
5:  jmp     5b
    .org lstar_k + 4096, FILL
