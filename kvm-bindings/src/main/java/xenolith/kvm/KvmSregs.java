package xenolith.kvm;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct kvm_sregs` of `<asm/kvm.h>`: segment, descriptor-table and control registers, for KVM_GET_SREGS,
/// KVM_SET_SREGS and `kvm_run.s.regs`.
///
/// Accessors take the segment that holds the struct at its start. A segment register's fields are read with
/// [KvmSegment] at the offsets [#CS] to [#LDT]; the few that hot paths need have accessors here.
public final class KvmSregs {
    /// `KVM_NR_INTERRUPTS` bits, of which at most one is set: an interrupt that KVM has yet to deliver.
    private static final int INTERRUPT_BITMAP_WORDS = 256 / Long.SIZE;

    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            KvmSegment.LAYOUT.withName("cs"),
            KvmSegment.LAYOUT.withName("ds"),
            KvmSegment.LAYOUT.withName("es"),
            KvmSegment.LAYOUT.withName("fs"),
            KvmSegment.LAYOUT.withName("gs"),
            KvmSegment.LAYOUT.withName("ss"),
            KvmSegment.LAYOUT.withName("tr"),
            KvmSegment.LAYOUT.withName("ldt"),
            KvmDtable.LAYOUT.withName("gdt"),
            KvmDtable.LAYOUT.withName("idt"),
            JAVA_LONG.withName("cr0"),
            JAVA_LONG.withName("cr2"),
            JAVA_LONG.withName("cr3"),
            JAVA_LONG.withName("cr4"),
            JAVA_LONG.withName("cr8"),
            JAVA_LONG.withName("efer"),
            JAVA_LONG.withName("apic_base"),
            MemoryLayout.sequenceLayout(INTERRUPT_BITMAP_WORDS, JAVA_LONG).withName("interrupt_bitmap"))
            .withName("kvm_sregs");
    public static final long SIZEOF = LAYOUT.byteSize();

    public static final long CS = LAYOUT.byteOffset(groupElement("cs"));
    public static final long DS = LAYOUT.byteOffset(groupElement("ds"));
    public static final long ES = LAYOUT.byteOffset(groupElement("es"));
    public static final long FS = LAYOUT.byteOffset(groupElement("fs"));
    public static final long GS = LAYOUT.byteOffset(groupElement("gs"));
    public static final long SS = LAYOUT.byteOffset(groupElement("ss"));
    public static final long TR = LAYOUT.byteOffset(groupElement("tr"));
    public static final long LDT = LAYOUT.byteOffset(groupElement("ldt"));
    public static final long GDT = LAYOUT.byteOffset(groupElement("gdt"));
    public static final long IDT = LAYOUT.byteOffset(groupElement("idt"));

    private static final long CR0 = LAYOUT.byteOffset(groupElement("cr0"));
    private static final long CR2 = LAYOUT.byteOffset(groupElement("cr2"));
    private static final long CR3 = LAYOUT.byteOffset(groupElement("cr3"));
    private static final long CR4 = LAYOUT.byteOffset(groupElement("cr4"));
    private static final long CR8 = LAYOUT.byteOffset(groupElement("cr8"));
    private static final long EFER = LAYOUT.byteOffset(groupElement("efer"));
    private static final long APIC_BASE = LAYOUT.byteOffset(groupElement("apic_base"));
    private static final long INTERRUPT_BITMAP = LAYOUT.byteOffset(groupElement("interrupt_bitmap"));

    private KvmSregs() {
    }

    /// Fills CS with a flat 64-bit code segment. Changing ring needs [#data] with the same `dpl` too: KVM takes the
    /// current privilege level from SS.
    public static void code64(MemorySegment s, int selector, int dpl) {
        KvmSegment.code64(s, CS, selector, dpl);
    }

    /// Fills SS with a flat data segment.
    public static void data(MemorySegment s, int selector, int dpl) {
        KvmSegment.data(s, SS, selector, dpl);
    }

    public static long csBase(MemorySegment s) {
        return KvmSegment.base(s, CS);
    }

    public static int csSelector(MemorySegment s) {
        return KvmSegment.selector(s, CS);
    }

    public static int csDpl(MemorySegment s) {
        return KvmSegment.dpl(s, CS);
    }

    public static int ssSelector(MemorySegment s) {
        return KvmSegment.selector(s, SS);
    }

    public static int ssDpl(MemorySegment s) {
        return KvmSegment.dpl(s, SS);
    }

    public static long fsBase(MemorySegment s) {
        return KvmSegment.base(s, FS);
    }

    public static void fsBase(MemorySegment s, long value) {
        KvmSegment.base(s, FS, value);
    }

    public static long gsBase(MemorySegment s) {
        return KvmSegment.base(s, GS);
    }

    public static void gsBase(MemorySegment s, long value) {
        KvmSegment.base(s, GS, value);
    }

    public static long gdtBase(MemorySegment s) {
        return KvmDtable.base(s, GDT);
    }

    public static void gdtBase(MemorySegment s, long value) {
        KvmDtable.base(s, GDT, value);
    }

    public static int gdtLimit(MemorySegment s) {
        return KvmDtable.limit(s, GDT);
    }

    public static void gdtLimit(MemorySegment s, int value) {
        KvmDtable.limit(s, GDT, value);
    }

    public static long idtBase(MemorySegment s) {
        return KvmDtable.base(s, IDT);
    }

    public static void idtBase(MemorySegment s, long value) {
        KvmDtable.base(s, IDT, value);
    }

    public static int idtLimit(MemorySegment s) {
        return KvmDtable.limit(s, IDT);
    }

    public static void idtLimit(MemorySegment s, int value) {
        KvmDtable.limit(s, IDT, value);
    }

    public static long cr0(MemorySegment s) {
        return s.get(JAVA_LONG, CR0);
    }

    public static void cr0(MemorySegment s, long value) {
        s.set(JAVA_LONG, CR0, value);
    }

    public static long cr2(MemorySegment s) {
        return s.get(JAVA_LONG, CR2);
    }

    public static void cr2(MemorySegment s, long value) {
        s.set(JAVA_LONG, CR2, value);
    }

    public static long cr3(MemorySegment s) {
        return s.get(JAVA_LONG, CR3);
    }

    public static void cr3(MemorySegment s, long value) {
        s.set(JAVA_LONG, CR3, value);
    }

    public static long cr4(MemorySegment s) {
        return s.get(JAVA_LONG, CR4);
    }

    public static void cr4(MemorySegment s, long value) {
        s.set(JAVA_LONG, CR4, value);
    }

    public static long cr8(MemorySegment s) {
        return s.get(JAVA_LONG, CR8);
    }

    public static void cr8(MemorySegment s, long value) {
        s.set(JAVA_LONG, CR8, value);
    }

    public static long efer(MemorySegment s) {
        return s.get(JAVA_LONG, EFER);
    }

    public static void efer(MemorySegment s, long value) {
        s.set(JAVA_LONG, EFER, value);
    }

    public static long apicBase(MemorySegment s) {
        return s.get(JAVA_LONG, APIC_BASE);
    }

    public static void apicBase(MemorySegment s, long value) {
        s.set(JAVA_LONG, APIC_BASE, value);
    }

    /// Word 0 to 3 of the 256-bit set of interrupts that KVM holds for the guest.
    public static long interruptBitmap(MemorySegment s, int word) {
        return s.get(JAVA_LONG, INTERRUPT_BITMAP + (long) word * Long.BYTES);
    }

    public static void interruptBitmap(MemorySegment s, int word, long value) {
        s.set(JAVA_LONG, INTERRUPT_BITMAP + (long) word * Long.BYTES, value);
    }
}
