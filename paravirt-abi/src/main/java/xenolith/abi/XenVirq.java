package xenolith.abi;

/// Virtual interrupt numbers, from xen/include/public/xen.h.
///
/// A guest binds one to an event channel with EVTCHNOP_bind_virq.
public final class XenVirq {
    /// One-shot or periodic timer of a virtual CPU; bound once per virtual CPU.
    public static final int VIRQ_TIMER = 0;
    /// Asks the guest to print its state; per virtual CPU.
    public static final int VIRQ_DEBUG = 1;
    /// Input on the emergency console; global.
    public static final int VIRQ_CONSOLE = 2;
    /// A domain died or was suspended; global, for the control domain.
    public static final int VIRQ_DOM_EXC = 3;
    public static final int VIRQ_TBUF = 4;
    public static final int VIRQ_DEBUGGER = 6;
    /// Per virtual CPU.
    public static final int VIRQ_XENOPROF = 7;
    public static final int VIRQ_CON_RING = 8;
    public static final int VIRQ_PCPU_STATE = 9;
    public static final int VIRQ_MEM_EVENT = 10;
    public static final int VIRQ_ARGO = 11;
    public static final int VIRQ_ENOMEM = 12;
    /// Per virtual CPU.
    public static final int VIRQ_XENPMU = 13;
    public static final int VIRQ_ARCH_0 = 16;
    public static final int VIRQ_ARCH_1 = 17;
    public static final int VIRQ_ARCH_2 = 18;
    public static final int VIRQ_ARCH_3 = 19;
    public static final int VIRQ_ARCH_4 = 20;
    public static final int VIRQ_ARCH_5 = 21;
    public static final int VIRQ_ARCH_6 = 22;
    public static final int VIRQ_ARCH_7 = 23;
    /// One past the last number; a larger one is -EINVAL.
    public static final int NR_VIRQS = 24;

    private XenVirq() {
    }

    /// Whether each virtual CPU binds its own channel to `virq`; the others exist once per domain.
    public static boolean isPerVcpu(int virq) {
        return switch (virq) {
            case VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF, VIRQ_XENPMU -> true;
            default -> false;
        };
    }
}
