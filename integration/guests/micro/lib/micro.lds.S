/* BASE is the address of pfn 0, FIRST where the kernel begins behind it, PADDR_OFFSET what p_paddr counts from. */
ENTRY(_start)
PHDRS
{
    all PT_LOAD FLAGS(5); /* the builder maps all writable anyway */
#ifdef NOTE_SEGMENT
    note PT_NOTE FLAGS(4);
#endif
}
SECTIONS
{
    . = BASE + FIRST;
    image_start = .;
    .text : AT(PADDR_OFFSET + FIRST) { *(.text.start) *(.text.hypercall_page) *(.text .text.*) } :all
    .rodata : { *(.rodata .rodata.*) } :all
    .note.Xen : { KEEP(*(.note.Xen)) } :all NOTE_PHDR
    __xen_guest : { KEEP(*(__xen_guest)) } :all
    .data : { *(.data .data.*) } :all
    .bss : { *(.bss .bss.*) } :all
    image_end = .;
    /DISCARD/ : { *(.comment) *(.eh_frame) *(.note.GNU-stack) *(.note.gnu.*) }
}
