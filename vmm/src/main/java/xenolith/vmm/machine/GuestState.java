package xenolith.vmm.machine;

import xenolith.vmm.domain.GuestMemory;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.CpuidPolicy;
import xenolith.vmm.emul.PrivilegedState;
import xenolith.vmm.guest.MachineMemory;

/// The virtual system registers that privileged instructions of the guest reach (`pv/emul-priv-op.c` has the rules, and
/// [xenolith.vmm.emul.PrivilegedOps] applies them).
final class GuestState implements PrivilegedState {
    private static final long XCR0_AT_START = 1;
    private static final int GP = 13;
    private static final int MSR_TSC_AUX = 0xc000_0103;

    private final Vcpu vcpu;
    private final GuestCpu cpu;
    private final CpuidPolicy cpuid;
    private long cr2;
    private long xcr0 = XCR0_AT_START;
    private long tscAux;

    GuestState(Vcpu vcpu, GuestCpu cpu, CpuidPolicy cpuid) {
        this.vcpu = vcpu;
        this.cpu = cpu;
        this.cpuid = cpuid;
    }

    @Override
    public int virtualCpl() {
        if (!cpu.inKernel()) {
            return 3;
        }
        return vcpu.domain().assists().architecturalIopl() ? 0 : 1;
    }

    @Override
    public int iopl() {
        return vcpu.iopl();
    }

    /// Bits of the guest's own map, two bytes of it as the processor reads them; a map that is not there permits nothing.
    @Override
    public boolean portsPermitted(int port, int byteLength) {
        if (vcpu.ioBitmapVa() == 0 || port + byteLength > vcpu.ioBitmapPorts()) {
            return false;
        }
        long root = vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
        GuestMemory memory = vcpu.domain().guestMemory();
        int low = memory.readByte(root, vcpu.ioBitmapVa() + (port >>> 3));
        int last = port + byteLength - 1;
        int high = last >>> 3 == port >>> 3 ? 0 : memory.readByte(root, vcpu.ioBitmapVa() + (last >>> 3));
        int wanted = (1 << byteLength) - 1 << (port & 7);
        return low >= 0 && high >= 0 && ((low | high << 8) & wanted) == 0;
    }

    @Override
    public boolean hasGpHandler() {
        return vcpu.traps().handler(GP) != 0;
    }

    @Override
    public int vcpuId() {
        return vcpu.id();
    }

    @Override
    public boolean taskSwitched() {
        return vcpu.taskSwitched();
    }

    @Override
    public void taskSwitched(boolean set) {
        vcpu.taskSwitched(set);
        cpu.taskSwitched(set);
    }

    @Override
    public long cr2() {
        return cr2;
    }

    @Override
    public void cr2(long value) {
        cr2 = value;
    }

    @Override
    public long cr3() {
        return vcpu.domain().roots().kernelMfn(vcpu.id()) << MachineMemory.PAGE_SHIFT;
    }

    /// Roots are changed by `mmuext_op`; only a reload of the present one is accepted here.
    @Override
    public boolean cr3(long value) {
        if ((value & -MachineMemory.PAGE_SIZE) != cr3()) {
            return false;
        }
        vcpu.domain().commits().flush();
        return true;
    }

    @Override
    public long cr4() {
        return vcpu.cr4();
    }

    @Override
    public void cr4(long value) {
        vcpu.cr4(value);
    }

    @Override
    public long debugRegister(int number) {
        return vcpu.debug().get(number);
    }

    @Override
    public boolean debugRegister(int number, long value) {
        return vcpu.setDebugRegister(number, value) == 0;
    }

    @Override
    public long fsBase() {
        return cpu.fsBase();
    }

    @Override
    public void fsBase(long base) {
        cpu.fsBase(base);
    }

    @Override
    public long gsBase() {
        return cpu.gsBase();
    }

    @Override
    public void gsBase(long base) {
        cpu.gsBase(base);
    }

    @Override
    public long shadowGsBase() {
        return vcpu.window().userGs();
    }

    @Override
    public void shadowGsBase(long base) {
        vcpu.window().userGs(base);
    }

    @Override
    public long xcr0() {
        return xcr0;
    }

    @Override
    public void xcr0(long value) {
        xcr0 = value;
        cpu.xcr0(value);
    }

    @Override
    public long tsc() {
        return vcpu.domain().clock().guestTsc();
    }

    @Override
    public long tscAux() {
        return tscAux;
    }

    @Override
    public void tscAux(long value) {
        tscAux = value;
        cpu.msr(MSR_TSC_AUX, value);
    }

    @Override
    public void invalidatePage(long virtualAddress) {
        vcpu.domain().commits().flush();
    }

    @Override
    public void cpuid(int leaf, int subleaf, int[] out) {
        cpuid.lookup(leaf, subleaf, out);
    }
}
