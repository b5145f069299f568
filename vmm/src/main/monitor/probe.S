/* The guest of the start-up probes (xenolith.vmm.host): what does this /dev/kvm do with the tricks that the monitor
 * plays? Each probe is a few instructions at ring 3 which end in a write to the doorbell page; the address written
 * tells Java which end it was. Every vector of the IDT rings too, with its own number.
 *
 * This file is the only place where the layout is written: Java reads the symbols. Offsets are from the base of the
 * monitor's L4 slot, so the probes run where the monitor will.
 */
    .code64
    .section .monitor, "ax", @progbits

    .globl handlers, ring3, data, stack0, gdt, idt, tss, bell, tables, first_page, second_page
    .set data,        0x2000                /* ring 3 RW: stack, and words to touch */
    .set stack0,      0x3000                /* ring 0 RW: the interrupt stack is this page, from its end down */
    .set gdt,         0x4000
    .set idt,         0x5000                /* one page */
    .set tss,         0x6000
    .set bell,        0x7000                /* ring 0 and 3: no memory behind it */
    .set tables,      0x8000                /* ring 0 RW: the table that maps first_page */
    .set first_page,  0x200000              /* ring 3: what a leaf entry under test maps */
    .set second_page, 0x400000              /* ring 3: what a level-2 entry under test leads to */

    .globl bell_done, bell_exit
    .set bell_done, 0x200                   /* a probe came to its end at ring 3 (or 0, where SYSCALL leads there) */
    .set bell_exit, 0x208

    .globl trap_rounds, gate_nops, stub_bytes
    .set trap_rounds, 16
    .set gate_nops, 16
    .set stub_bytes, 8

/* ---- ring 0 */
handlers:
    .set vector, 0
    .rept 256
    .org handlers + vector * stub_bytes
    mov     %al, (handlers + bell + vector)(%rip)
    hlt
    .set vector, vector + 1
    .endr

    .globl gate_return, gate_padded, gate_flush, gate_commit
    .balign 64
gate_return:
    iretq
    .balign 64
gate_padded:                                /* what gate_nops instructions more cost */
    .rept gate_nops
    nop
    .endr
    iretq
gate_flush:
    mov     %cr3, %rcx
    mov     %rcx, %cr3
    iretq
gate_commit:                                /* RDX: address of an entry; as the monitor commits */
    lock orq $0, (%rdx)
    mov     %cr3, %rcx
    mov     %rcx, %cr3
    iretq
    .org handlers + 4096

/* ---- ring 3. RSI: address to touch. RAX: answer. */
ring3:
    .globl done, done_after
done:
    mov     %al, (handlers + bell + bell_done)(%rip)
done_after:
    jmp     done

    .globl probe_exit, probe_exit_after
probe_exit:                                 /* again and again */
    mov     %al, (handlers + bell + bell_exit)(%rip)
probe_exit_after:
    jmp     probe_exit

    .globl probe_read, probe_write
probe_read:
    mov     (%rsi), %rax
    jmp     done
probe_write:
    mov     %rax, (%rsi)
    jmp     done

    .globl probe_gate_read, probe_gate_write
probe_gate_read:                            /* gate 4 first, whatever Java has made of it */
    int     $4
    mov     (%rsi), %rax
    jmp     done
probe_gate_write:
    int     $4
    mov     %rax, (%rsi)
    jmp     done

    .globl probe_syscall, lstar
probe_syscall:
    syscall
1:  jmp     1b
lstar:
    mov     %cs, %eax
    jmp     done

    .globl probe_cpuid
probe_cpuid:                                /* RAX: leaf */
    xor     %ecx, %ecx
    cpuid
    jmp     done

    .globl probe_tls, tls_selector
    .set tls_selector, 0x63                 /* GDT entry 12 at RPL 3, as 32-bit programs use it */
probe_tls:
    mov     $tls_selector, %eax
    mov     %eax, %fs
    mov     %fs, %eax
    jmp     done

    .globl probe_int80
probe_int80:
    int     $0x80
1:  jmp     1b

    .globl probe_tsc
probe_tsc:
    rdtsc
    shl     $32, %rdx
    or      %rdx, %rax
    jmp     done

    .globl probe_trap
probe_trap:                                 /* RAX: cycles of trap_rounds traps to gate 4 and back */
    rdtsc
    shl     $32, %rdx
    lea     (%rdx, %rax), %rbx
    mov     $trap_rounds, %ecx
1:  int     $4
    dec     %ecx
    jnz     1b
    rdtsc
    shl     $32, %rdx
    or      %rdx, %rax
    sub     %rbx, %rax
    jmp     done

    .globl probe_spin
probe_spin:                                 /* never ends: what a hung probe looks like */
    jmp     probe_spin
    .org ring3 + 4096
    .section .note.GNU-stack, "", @progbits
