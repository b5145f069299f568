package xenolith.vmm.domain;

import xenolith.abi.XenErrno;
import xenolith.vmm.mm.PageWalk;

/// A vcpu's DR0–DR7 as its guest sees them, with nothing in them that a guest may not have: a breakpoint in the
/// hypervisor's addresses would stop ring 0, and general detect is ours alone.
///
/// Where the host's debug registers work for guests, what is set here is loaded before the next entry; elsewhere it is
/// only remembered. Lock: the domain's.
public final class DebugRegisters {
    private static final int STATUS = 6;
    private static final int CONTROL = 7;
    private static final long STATUS_ALWAYS_ONE = 0xffff0ff0L;
    /// B0–B3, BD, BS, BT.
    private static final long STATUS_WRITABLE = 0xe00fL;
    private static final long CONTROL_ALWAYS_ONE = 0x400L;
    private static final long CONTROL_WRITABLE = 0xffff_27ffL;
    private static final long GENERAL_DETECT = 0x2000;
    /// L0, G0 to L3, G3.
    private static final long ENABLES = 0xff;
    private static final int FIRST_CONDITION_SHIFT = 16;
    private static final int CONDITION_IO = 2;
    private static final long SINGLE_STEP = 0x4000;

    private final long[] registers = {0, 0, 0, 0, 0, 0, STATUS_ALWAYS_ONE, CONTROL_ALWAYS_ONE};
    private boolean loadable;
    private boolean stale;

    /// Says that the host loads them.
    public void loadIntoHardware() {
        loadable = true;
    }

    public boolean isLoaded() {
        return loadable;
    }

    /// `number` is 0 to 3, 6 or 7.
    public long get(int number) {
        return registers[number];
    }

    /// Sets DR0–3, 6 or 7; bits that are fixed stay as they are.
    ///
    /// @return 0, or -EPERM for an address that no guest has, for general detect, and for a breakpoint on a port
    public long set(int number, long value) {
        switch (number) {
            case STATUS -> registers[STATUS] = value & STATUS_WRITABLE | STATUS_ALWAYS_ONE;
            case CONTROL -> {
                if ((value & GENERAL_DETECT) != 0 || hasPortBreakpoint(value)) {
                    return -XenErrno.EPERM;
                }
                registers[CONTROL] = value & CONTROL_WRITABLE | CONTROL_ALWAYS_ONE;
            }
            default -> {
                if (value != 0 && !PageWalk.isGuestAddress(value)) {
                    return -XenErrno.EPERM;
                }
                registers[number] = value;
            }
        }
        stale = true;
        return 0;
    }

    /// Takes note of why a debug exception came: B0–B3 and BS of `causes` are added to DR6, as the processor adds them.
    public void hit(long causes) {
        registers[STATUS] |= causes & STATUS_WRITABLE;
        stale = true;
    }

    public void hitSingleStep() {
        hit(SINGLE_STEP);
    }

    /// Whether a breakpoint is enabled.
    public boolean isActive() {
        return (registers[CONTROL] & ENABLES) != 0;
    }

    /// Whether the vcpu's own registers must be loaded before it runs on; asked once for each change.
    public boolean takeStale() {
        boolean load = loadable && stale;
        stale = false;
        return load;
    }

    private static boolean hasPortBreakpoint(long control) {
        for (int n = 0; n < 4; n++) {
            boolean enabled = (control >>> 2 * n & 3) != 0;
            if (enabled && (control >>> FIRST_CONDITION_SHIFT + 4 * n & 3) == CONDITION_IO) {
                return true;
            }
        }
        return false;
    }
}
