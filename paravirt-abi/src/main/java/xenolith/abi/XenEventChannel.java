package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Event channel operations, from xen/include/public/event_channel.h.
///
/// The hypercall takes a command and the guest address of the matching struct here; answers are written into the same
/// struct. The structs of the queued interface stand in [XenEventFifo].
public final class XenEventChannel {
    public static final int EVTCHNOP_BIND_INTERDOMAIN = 0;
    public static final int EVTCHNOP_BIND_VIRQ = 1;
    public static final int EVTCHNOP_BIND_PIRQ = 2;
    public static final int EVTCHNOP_CLOSE = 3;
    public static final int EVTCHNOP_SEND = 4;
    public static final int EVTCHNOP_STATUS = 5;
    public static final int EVTCHNOP_ALLOC_UNBOUND = 6;
    public static final int EVTCHNOP_BIND_IPI = 7;
    public static final int EVTCHNOP_BIND_VCPU = 8;
    public static final int EVTCHNOP_UNMASK = 9;
    public static final int EVTCHNOP_RESET = 10;
    public static final int EVTCHNOP_INIT_CONTROL = 11;
    public static final int EVTCHNOP_EXPAND_ARRAY = 12;
    public static final int EVTCHNOP_SET_PRIORITY = 13;

    public static final int EVTCHNSTAT_CLOSED = 0;
    public static final int EVTCHNSTAT_UNBOUND = 1;
    public static final int EVTCHNSTAT_INTERDOMAIN = 2;
    public static final int EVTCHNSTAT_PIRQ = 3;
    public static final int EVTCHNSTAT_VIRQ = 4;
    public static final int EVTCHNSTAT_IPI = 5;

    /// Flag of bind_pirq.
    public static final int BIND_PIRQ__WILL_SHARE = 1;
    /// Ports of the two-level interface: 64 words of 64 bits in shared_info.
    public static final int EVTCHN_2L_NR_CHANNELS = 4096;

    private XenEventChannel() {
    }

    /// Opens a port of `dom` to which `remote_dom` may bind; answers `port`.
    public static final class AllocUnbound {
        public static final StructLayout LAYOUT = struct("evtchn_alloc_unbound",
                u16("dom"), u16("remote_dom"), u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long REMOTE_DOM = offsetOf(LAYOUT, "remote_dom");
        private static final long PORT = offsetOf(LAYOUT, "port");

        private AllocUnbound() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int remoteDom(MemorySegment s, long base) { return getU16(s, base + REMOTE_DOM); }
        public static void remoteDom(MemorySegment s, long base, int v) { setU16(s, base + REMOTE_DOM, v); }
        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Binds to a port that the remote domain opened for us; answers `local_port`.
    public static final class BindInterdomain {
        public static final StructLayout LAYOUT = struct("evtchn_bind_interdomain",
                u16("remote_dom"), u32("remote_port"), u32("local_port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long REMOTE_DOM = offsetOf(LAYOUT, "remote_dom");
        private static final long REMOTE_PORT = offsetOf(LAYOUT, "remote_port");
        private static final long LOCAL_PORT = offsetOf(LAYOUT, "local_port");

        private BindInterdomain() {
        }

        public static int remoteDom(MemorySegment s, long base) { return getU16(s, base + REMOTE_DOM); }
        public static void remoteDom(MemorySegment s, long base, int v) { setU16(s, base + REMOTE_DOM, v); }
        public static int remotePort(MemorySegment s, long base) { return s.get(JAVA_INT, base + REMOTE_PORT); }
        public static void remotePort(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + REMOTE_PORT, v); }
        public static int localPort(MemorySegment s, long base) { return s.get(JAVA_INT, base + LOCAL_PORT); }
        public static void localPort(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + LOCAL_PORT, v); }
    }

    /// Binds a [XenVirq] to a virtual CPU; answers `port`. Global ones allow virtual CPU 0 only.
    public static final class BindVirq {
        public static final StructLayout LAYOUT = struct("evtchn_bind_virq", u32("virq"), u32("vcpu"), u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long VIRQ = offsetOf(LAYOUT, "virq");
        private static final long VCPU = offsetOf(LAYOUT, "vcpu");
        private static final long PORT = offsetOf(LAYOUT, "port");

        private BindVirq() {
        }

        public static int virq(MemorySegment s, long base) { return s.get(JAVA_INT, base + VIRQ); }
        public static void virq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VIRQ, v); }
        public static int vcpu(MemorySegment s, long base) { return s.get(JAVA_INT, base + VCPU); }
        public static void vcpu(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VCPU, v); }
        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Binds a physical interrupt; for driver domains.
    public static final class BindPirq {
        public static final StructLayout LAYOUT = struct("evtchn_bind_pirq", u32("pirq"), u32("flags"), u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PIRQ = offsetOf(LAYOUT, "pirq");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long PORT = offsetOf(LAYOUT, "port");

        private BindPirq() {
        }

        public static int pirq(MemorySegment s, long base) { return s.get(JAVA_INT, base + PIRQ); }
        public static void pirq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PIRQ, v); }
        public static int flags(MemorySegment s, long base) { return s.get(JAVA_INT, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + FLAGS, v); }
        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Opens a port by which the domain interrupts one of its virtual CPUs; answers `port`.
    public static final class BindIpi {
        public static final StructLayout LAYOUT = struct("evtchn_bind_ipi", u32("vcpu"), u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long VCPU = offsetOf(LAYOUT, "vcpu");
        private static final long PORT = offsetOf(LAYOUT, "port");

        private BindIpi() {
        }

        public static int vcpu(MemorySegment s, long base) { return s.get(JAVA_INT, base + VCPU); }
        public static void vcpu(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VCPU, v); }
        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Closes a port, whatever it is bound to.
    public static final class Close {
        public static final StructLayout LAYOUT = struct("evtchn_close", u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PORT = offsetOf(LAYOUT, "port");

        private Close() {
        }

        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Raises the other end of a port.
    public static final class Send {
        public static final StructLayout LAYOUT = struct("evtchn_send", u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PORT = offsetOf(LAYOUT, "port");

        private Send() {
        }

        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Asks what a port is. The union is read by `status`: unbound has a domain, interdomain a domain and a port.
    public static final class Status {
        public static final StructLayout LAYOUT = struct("evtchn_status",
                u16("dom"), u32("port"), u32("status"), u32("vcpu"),
                union("u",
                        struct("unbound", u16("dom")),
                        struct("interdomain", u16("dom"), u32("port")),
                        u32("pirq"), u32("virq")));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long PORT = offsetOf(LAYOUT, "port");
        private static final long STATUS = offsetOf(LAYOUT, "status");
        private static final long VCPU = offsetOf(LAYOUT, "vcpu");
        private static final long UNBOUND_DOM = offsetOf(LAYOUT, "u", "unbound", "dom");
        private static final long INTERDOMAIN_DOM = offsetOf(LAYOUT, "u", "interdomain", "dom");
        private static final long INTERDOMAIN_PORT = offsetOf(LAYOUT, "u", "interdomain", "port");
        private static final long PIRQ = offsetOf(LAYOUT, "u", "pirq");
        private static final long VIRQ = offsetOf(LAYOUT, "u", "virq");

        private Status() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_INT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + STATUS, v); }
        public static int vcpu(MemorySegment s, long base) { return s.get(JAVA_INT, base + VCPU); }
        public static void vcpu(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VCPU, v); }
        public static int unboundDom(MemorySegment s, long base) { return getU16(s, base + UNBOUND_DOM); }
        public static void unboundDom(MemorySegment s, long base, int v) { setU16(s, base + UNBOUND_DOM, v); }
        public static int interdomainDom(MemorySegment s, long base) { return getU16(s, base + INTERDOMAIN_DOM); }
        public static void interdomainDom(MemorySegment s, long base, int v) { setU16(s, base + INTERDOMAIN_DOM, v); }
        public static int interdomainPort(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + INTERDOMAIN_PORT);
        }
        public static void interdomainPort(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + INTERDOMAIN_PORT, v);
        }
        public static int pirq(MemorySegment s, long base) { return s.get(JAVA_INT, base + PIRQ); }
        public static void pirq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PIRQ, v); }
        public static int virq(MemorySegment s, long base) { return s.get(JAVA_INT, base + VIRQ); }
        public static void virq(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VIRQ, v); }
    }

    /// Chooses the virtual CPU that a port notifies.
    public static final class BindVcpu {
        public static final StructLayout LAYOUT = struct("evtchn_bind_vcpu", u32("port"), u32("vcpu"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PORT = offsetOf(LAYOUT, "port");
        private static final long VCPU = offsetOf(LAYOUT, "vcpu");

        private BindVcpu() {
        }

        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
        public static int vcpu(MemorySegment s, long base) { return s.get(JAVA_INT, base + VCPU); }
        public static void vcpu(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VCPU, v); }
    }

    /// Unmasks a port and delivers what is pending on it.
    public static final class Unmask {
        public static final StructLayout LAYOUT = struct("evtchn_unmask", u32("port"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PORT = offsetOf(LAYOUT, "port");

        private Unmask() {
        }

        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
    }

    /// Closes all ports of a domain.
    public static final class Reset {
        public static final StructLayout LAYOUT = struct("evtchn_reset", u16("dom"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");

        private Reset() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
    }
}
