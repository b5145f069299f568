package xenolith.vmm.domain;

/// A vcpu's exception handlers, as `set_trap_table` gave them (`trap_info`, `arch-x86/xen.h`), and its callbacks.
///
/// Lock: the domain's.
public final class TrapTable {
    public static final int VECTORS = 256;
    /// `CALLBACKTYPE_*` of `xen/callback.h` run from 0 to 7.
    public static final int CALLBACK_TYPES = 8;
    private static final int DPL_MASK = 3;
    private static final int MASK_EVENTS = 4;

    private final long[] address = new long[VECTORS];
    private final byte[] flags = new byte[VECTORS];
    private final long[] callback = new long[CALLBACK_TYPES];
    private final boolean[] callbackMasks = new boolean[CALLBACK_TYPES];

    public void set(int vector, int trapFlags, long handlerVa) {
        address[vector] = handlerVa;
        flags[vector] = (byte) trapFlags;
    }

    public void clear() {
        for (int vector = 0; vector < VECTORS; vector++) {
            set(vector, 0, 0);
        }
    }

    /// 0 if the guest has set none.
    public long handler(int vector) {
        return address[vector];
    }

    /// Whether event delivery is masked while the handler runs.
    public boolean masksEvents(int vector) {
        return (flags[vector] & MASK_EVENTS) != 0;
    }

    /// The least privileged ring that may raise `vector` by an INT instruction.
    public int dpl(int vector) {
        return flags[vector] & DPL_MASK;
    }

    public void setCallback(int type, long va, boolean masksEvents) {
        callback[type] = va;
        callbackMasks[type] = masksEvents;
    }

    public long callback(int type) {
        return callback[type];
    }

    public boolean callbackMasksEvents(int type) {
        return callbackMasks[type];
    }
}
