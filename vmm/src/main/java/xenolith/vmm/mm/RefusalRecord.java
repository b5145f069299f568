package xenolith.vmm.mm;

import xenolith.vmm.guest.MachineMemory;

/// The last refusal of one domain's validator, and how often each reason occurred.
///
/// Filled in place, so that a guest which provokes refusals in a loop costs no memory; the text is made only when
/// somebody asks. Guarded by the domain's mm lock.
public final class RefusalRecord {
    private final FrameTable frames;
    private final long[] counts = new long[Refusal.values().length];

    private Runnable listener;
    private Refusal reason;
    private long mfn;
    private int identity;
    private int typeCount;
    private int refCount;
    private long entryMa;
    private long value;
    private int level;

    RefusalRecord(FrameTable frames) {
        this.frames = frames;
    }

    /// Notes a refusal and returns the negative errno for it.
    ///
    /// @param mfn the frame that was asked for
    /// @param entryMa the entry that asked for it, or 0 (a pin, a base)
    /// @param value the entry's value
    /// @param level 1–4 of the entry's table or of the pin; 0 for none
    long refuse(Refusal reason, long mfn, long entryMa, long value, int level) {
        this.reason = reason;
        this.mfn = mfn;
        this.entryMa = entryMa;
        this.value = value;
        this.level = level;
        int i = frames.index(mfn);
        this.identity = i < 0 ? 0 : frames.identity[i];
        this.typeCount = i < 0 ? 0 : frames.typeCount[i];
        this.refCount = i < 0 ? 0 : frames.refCount[i];
        counts[reason.ordinal()]++;
        if (listener != null && reason.isGuestsError()) {
            listener.run();
        }
        return reason.negativeErrno();
    }

    /// Has `whenRefused` called at each refusal that is an error of the guest's, while the record shows it.
    public void listener(Runnable whenRefused) {
        listener = whenRefused;
    }

    /// The last reason, or null if nothing was ever refused.
    public Refusal reason() {
        return reason;
    }

    public long mfn() {
        return mfn;
    }

    public long entryMa() {
        return entryMa;
    }

    public long value() {
        return value;
    }

    public int level() {
        return level;
    }

    public long count(Refusal reason) {
        return counts[reason.ordinal()];
    }

    /// The guest's errors since the domain was made.
    public long total() {
        long sum = 0;
        for (Refusal each : Refusal.values()) {
            sum += each.isGuestsError() ? count(each) : 0;
        }
        return sum;
    }

    /// The guest's errors by reason, those that occurred, for example `TYPE_CONFLICT 2, NOT_PINNED 1`.
    public String formatCounts() {
        StringBuilder text = new StringBuilder();
        for (Refusal each : Refusal.values()) {
            if (each.isGuestsError() && count(each) != 0) {
                text.append(text.isEmpty() ? "" : ", ").append(each).append(' ').append(count(each));
            }
        }
        return text.toString();
    }

    /// One line for the log, for example
    /// `TYPE_CONFLICT: mfn 100005 owner 1 type l1 count 1/2, by l1 entry 100003000[0] = 8000000100005067`.
    public String format() {
        if (reason == null) {
            return "nothing refused";
        }
        StringBuilder line = new StringBuilder(120).append(reason).append(": mfn ").append(Long.toHexString(mfn));
        if (frames.index(mfn) >= 0) {
            line.append(" owner ").append(FrameTable.ownerOf(identity));
            line.append(" type ").append(PageType.name(FrameTable.typeOf(identity)));
            line.append(" count ").append(typeCount).append('/').append(refCount);
        }
        if (entryMa != 0) {
            line.append(", by l").append(level).append(" entry ");
            line.append(Long.toHexString(entryMa & -MachineMemory.PAGE_SIZE)).append('[');
            line.append(PteBits.slot(entryMa)).append("] = ").append(Long.toHexString(value));
        } else if (level != 0) {
            line.append(", as l").append(level);
        }
        return line.toString();
    }
}
