/* Where the builder enters, and what the file says of itself. The macros are build.sh's: one set for each kind of image.
   Addresses are relative to RIP throughout, so one object serves every link address. */
#include <xen/elfnote.h>

    .macro save register, at
    mov %\register, boot+\at*8(%rip)
    .endm

    .section .text.start, "ax"
    .globl _start
_start:
    save rax, 0
    save rcx, 1
    save rdx, 2
    save rbx, 3
    save rsp, 4
    save rbp, 5
    save rsi, 6
    save rdi, 7
    save r8, 8
    save r9, 9
    save r10, 10
    save r11, 11
    save r12, 12
    save r13, 13
    save r14, 14
    save r15, 15
    pushfq
    pop %rax
    save rax, 16
    mov %cs, %eax
    save rax, 17
    mov %ss, %eax
    save rax, 18
    mov %ds, %eax
    save rax, 19
    mov %es, %eax
    save rax, 20
    mov %fs, %eax
    save rax, 21
    mov %gs, %eax
    save rax, 22
    cld
    lea stack_top(%rip), %rsp
    xor %ebp, %ebp
    call micro_main
    ud2

    .text
    .globl hypercall_by_page
hypercall_by_page:
    push %rbx
    push %r12
    mov %rcx, %r12
    lea hypercall_page(%rip), %rax
    shl $5, %edi
    add %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov $0x1122334455667788, %rcx
    mov $0x8877665544332211, %r11
    mov %rcx, %rdx
    mov %r11, %rbx
    call *%rax
    cmp %rcx, %rdx
    jne 1f
    cmp %r11, %rbx
1:  sete (%r12)
    pop %r12
    pop %rbx
    ret

    .section .rodata
    .globl image_virt_base, image_init_p2m, image_hypercall_page, image_mod_start_pfn
    .balign 8
image_virt_base:
    .quad BASE
#ifdef INIT_P2M
image_init_p2m: .quad INIT_P2M
#else
image_init_p2m: .quad 0
#endif
#ifdef HYPERCALL_PAGE
image_hypercall_page: .quad hypercall_page
#else
image_hypercall_page: .quad 0
#endif
#ifdef MOD_START_PFN
image_mod_start_pfn: .quad 1
#else
image_mod_start_pfn: .quad 0
#endif

    .bss
    .globl boot
    .balign 4096
    .skip 16384
stack_top:
    .balign 16
boot:
    .skip 23*8

    .section .text.hypercall_page, "ax"
    .balign 4096
hypercall_page:
#ifdef HYPERCALL_PAGE
    .fill 4096, 1, 0xf4
#endif

/* ---- what the file says */
    .macro note_text type, text
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 4, 2f-1f, \type
    .asciz "Xen"
1:  .asciz "\text"
2:  .balign 4
    .popsection
    .endm

    .macro note_number type, number
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 4, 8, \type
    .asciz "Xen"
    .quad \number
    .popsection
    .endm

#if defined LEGACY
    .section __xen_guest, "a"
    .asciz "GUEST_OS=micro,XEN_VER=xen-3.0,VIRT_BASE=0x0,ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x1,LOADER=generic"
#elif defined LEGACY_HIGH
    .section __xen_guest, "a"
    .ascii "GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,"
    .asciz "ELF_PADDR_OFFSET=0xffffffff80000000,HYPERCALL_PAGE=1,PAE=yes"
#else
    note_text XEN_ELFNOTE_GUEST_OS, "micro"
    note_text XEN_ELFNOTE_XEN_VERSION, "xen-3.0"
    note_text XEN_ELFNOTE_LOADER, "generic"
    note_number XEN_ELFNOTE_ENTRY, _start
#ifdef VIRT_BASE
    note_number XEN_ELFNOTE_VIRT_BASE, BASE
    note_number XEN_ELFNOTE_PADDR_OFFSET, PADDR_OFFSET
#endif
#ifdef HYPERCALL_PAGE
    note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page
#endif
#ifdef INIT_P2M
    note_number XEN_ELFNOTE_INIT_P2M, INIT_P2M
#endif
#ifdef MOD_START_PFN
    note_text XEN_ELFNOTE_FEATURES, "!writable_page_tables"
    .pushsection .note.Xen
    .balign 4
    .long 4, 4, XEN_ELFNOTE_MOD_START_PFN
    .asciz "Xen"
    .long 1
    .popsection
#endif
#endif
    .section .note.GNU-stack, "", @progbits
