/* Xen's frame of an exception: RCX R11 [error] RIP CS RFLAGS RSP SS. Each stub makes the same of all: struct frame. */
    .macro stub vector, error
    .balign 16
    pop %rcx
    pop %r11
    .if !\error
    push $0
    .endif
    push $\vector
    jmp trapped
    .endm

    .text
    .globl trap_stubs, attempt_out, attempt_call
    .balign 16
trap_stubs:
    .set .Lvector, 0
    .rept 32
    .if .Lvector == 8 || (.Lvector >= 10 && .Lvector <= 14) || .Lvector == 17 || .Lvector == 21
    stub .Lvector, 1
    .else
    stub .Lvector, 0
    .endif
    .set .Lvector, .Lvector + 1
    .endr
    .balign 16

trapped:
    push %r15
    push %r14
    push %r13
    push %r12
    push %r11
    push %r10
    push %r9
    push %r8
    push %rdi
    push %rsi
    push %rbp
    push %rbx
    push %rdx
    push %rcx
    push %rax
    mov %rsp, %rdi
    cld
    mov %rsp, %rbx
    and $-16, %rsp
    call trap_c
    mov %rbx, %rsp
    pop %rax
    pop %rcx
    pop %rdx
    pop %rbx
    pop %rbp
    pop %rsi
    pop %rdi
    pop %r8
    pop %r9
    pop %r10
    pop %r11
    pop %r12
    pop %r13
    pop %r14
    pop %r15
    add $16, %rsp
    /* The iret hypercall's frame: RAX R11 RCX flags, then what is there. */
    push $0
    push %rcx
    push %r11
    push %rax
    mov $23, %eax
    syscall

/* attempt_call(action, argument, rsp_out): keeps the stack's place in *rsp_out, for a trap to come back by way of
   attempt_out. Both return to attempt_call's caller: 0 and 1. */
attempt_call:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    mov %rsp, (%rdx)
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    xor %eax, %eax
    jmp 1f
attempt_out:
    cld
    mov $1, %eax
1:  add $8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .section .note.GNU-stack, "", @progbits
