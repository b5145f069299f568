package xenolith.vmm.emul;

/// Registers in an array.
final class PlainRegisters implements GuestRegisters {
    final long[] values = new long[16];
    private long rip;
    private long rflags = 2;

    static PlainRegisters at(long rip) {
        PlainRegisters regs = new PlainRegisters();
        regs.rip = rip;
        return regs;
    }

    PlainRegisters with(int register, long value) {
        values[register] = value;
        return this;
    }

    @Override
    public long get(int register) {
        return values[register];
    }

    @Override
    public void set(int register, long value) {
        values[register] = value;
    }

    @Override
    public long rip() {
        return rip;
    }

    @Override
    public void rip(long value) {
        rip = value;
    }

    @Override
    public long rflags() {
        return rflags;
    }

    @Override
    public void rflags(long value) {
        rflags = value;
    }
}
