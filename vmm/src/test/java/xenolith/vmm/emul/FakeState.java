package xenolith.vmm.emul;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A vCPU in guest-kernel mode with plain fields, IOPL 0 and a #GP handler.
final class FakeState implements PrivilegedState {
    int virtualCpl = 1;
    int iopl;
    boolean hasGpHandler = true;
    int vcpuId;
    boolean refuseCr3;
    final BitSet ports = new BitSet();
    final List<Long> invalidated = new ArrayList<>();
    /// EAX, EBX, ECX, EDX of leaf 1; other leaves have every bit set.
    int[] leaf1 = {-1, -1, -1, -1};

    private boolean taskSwitched;
    private long cr2;
    private long cr3 = 0x1234000;
    private long cr4 = 0x40660;
    private final long[] debug = new long[8];
    private long fsBase;
    private long gsBase;
    private long shadowGsBase;
    private long xcr0 = 1;
    private long tscAux;

    @Override
    public int virtualCpl() {
        return virtualCpl;
    }

    @Override
    public int iopl() {
        return iopl;
    }

    @Override
    public boolean portsPermitted(int port, int byteLength) {
        return ports.get(port, port + byteLength).cardinality() == byteLength;
    }

    @Override
    public boolean hasGpHandler() {
        return hasGpHandler;
    }

    @Override
    public int vcpuId() {
        return vcpuId;
    }

    @Override
    public boolean taskSwitched() {
        return taskSwitched;
    }

    @Override
    public void taskSwitched(boolean set) {
        taskSwitched = set;
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
        return cr3;
    }

    @Override
    public boolean cr3(long value) {
        if (!refuseCr3) {
            cr3 = value;
        }
        return !refuseCr3;
    }

    @Override
    public long cr4() {
        return cr4;
    }

    @Override
    public void cr4(long value) {
        cr4 = value;
    }

    @Override
    public long debugRegister(int number) {
        return debug[number];
    }

    @Override
    public boolean debugRegister(int number, long value) {
        debug[number] = value;
        return true;
    }

    @Override
    public long fsBase() {
        return fsBase;
    }

    @Override
    public void fsBase(long value) {
        fsBase = value;
    }

    @Override
    public long gsBase() {
        return gsBase;
    }

    @Override
    public void gsBase(long value) {
        gsBase = value;
    }

    @Override
    public long shadowGsBase() {
        return shadowGsBase;
    }

    @Override
    public void shadowGsBase(long value) {
        shadowGsBase = value;
    }

    @Override
    public long xcr0() {
        return xcr0;
    }

    @Override
    public void xcr0(long value) {
        xcr0 = value;
    }

    @Override
    public long tsc() {
        return 0x1122_3344_5566_7788L;
    }

    @Override
    public long tscAux() {
        return tscAux;
    }

    @Override
    public void tscAux(long value) {
        tscAux = value;
    }

    @Override
    public void invalidatePage(long virtualAddress) {
        invalidated.add(virtualAddress);
    }

    @Override
    public void cpuid(int leaf, int subleaf, int[] out) {
        int xcr0Supported = 0xe7;
        for (int i = 0; i < 4; i++) {
            out[i] = leaf == 1 ? leaf1[i] : -1;
        }
        if (leaf == 0xd) {
            out[0] = xcr0Supported;
            out[3] = 0;
        }
    }
}
