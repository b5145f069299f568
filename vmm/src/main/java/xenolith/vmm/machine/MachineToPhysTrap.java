package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.x86.VirtualLayout;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.Decoder;
import xenolith.vmm.emul.EffectiveAddress;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.emul.Instruction;
import xenolith.vmm.emul.MemoryRead;
import xenolith.vmm.emul.SegmentBases;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.MachineToPhys;

/// A guest kernel's read of the machine-to-phys array at its traditional address (`MACH2PHYS_VIRT_START`), on hosts that
/// keep that L4 slot from ring 3: emulated, from the array itself. Guests that ask where it stands never come here.
///
/// What is no read of the array, or none that [MemoryRead] knows, stays a page fault: so is every write.
final class MachineToPhysTrap {
    private static final long WRITE = 2;

    private final Domain domain;
    private final Vcpu vcpu;
    private final GuestCpu cpu;
    private final SegmentBases bases;
    private final MachineToPhys m2p;
    private final Decoder decoder = new Decoder();
    private final Instruction instruction = new Instruction();
    private final byte[] code = new byte[Decoder.MAX_LENGTH];
    private final MemorySegment pushed = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

    MachineToPhysTrap(Vcpu vcpu, GuestCpu cpu, SegmentBases bases) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.cpu = cpu;
        this.bases = bases;
        this.m2p = domain.m2p();
    }

    /// Emulates the read that faulted at `va`; false if it was none of the array.
    boolean emulate(long error, long va) {
        long offset = va - VirtualLayout.MACH2PHYS_VIRT_START;
        if ((error & WRITE) != 0 || !m2p.covers(offset, 1)) {
            return false;
        }
        long root = vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
        int length = domain.guestMemory().copyInWhatIsThere(root, cpu.rip(), code, code.length);
        if (decoder.decode(code, length, instruction) <= 0 || !instruction.memoryOperand()
                || EffectiveAddress.of(instruction, cpu, bases) != va
                || !m2p.covers(offset, instruction.memorySize())) {
            return false;
        }
        long value = m2p.read(offset, instruction.memorySize());
        if (MemoryRead.isLoad(instruction)) {
            MemoryRead.complete(instruction, cpu, value);
            return true;
        }
        return MemoryRead.isPush(instruction) && push(root, value);
    }

    private boolean push(long root, long value) {
        pushed.set(ValueLayout.JAVA_LONG, 0, value);
        if (!domain.guestMemory().copyOut(root, cpu.get(GuestRegisters.RSP) - Long.BYTES, pushed, 0, Long.BYTES)) {
            return false;
        }
        MemoryRead.completePush(instruction, cpu);
        return true;
    }
}
