package xenolith.vmm.evtchn;

import java.util.Arrays;
import java.util.Optional;
import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.abi.XenVirq;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.port.EventPort;

/// A domain's event channels. Operations return a port or 0, or a negative errno as `xen/event_channel.h` names it.
public final class EventChannels {
    /// Ports of the two-level interface on 64 bits, with which every domain begins; port 0 is never used.
    public static final int PORTS = TwoLevelWords.PORTS;
    private static final Channel FREE = new Channel.Free();
    private static final int VIRQS = 24;
    /// Xen keeps what it knows of ports in lumps of this many: all ports of a lump exist once one of them was used.
    private static final int LUMP = 64;
    private static final int CONTROL = 0;

    private final int domid;
    private final EventForm form;
    /// Grown by whole copies, under the lock: readers without it may miss a change of the last moment, as ever.
    private volatile Channel[] channels = freeChannels(new Channel[0], PORTS);
    private final EventTarget[] targets;
    private final SendBells bells;
    private final int[][] virqPort;
    private int open;
    /// All ports below are open, but for port 0.
    private int firstFree = 1;
    private int scanned;
    /// One past the highest port that exists, open or not.
    private volatile int existing = LUMP;

    public EventChannels(int domid, MachineMemory memory, long sharedInfoMa, EventTarget[] targets,
            SendBells bells) {
        this.domid = domid;
        this.form = new EventForm(memory, sharedInfoMa, targets.length);
        this.targets = targets;
        this.bells = bells;
        this.virqPort = new int[targets.length][VIRQS];
    }

    /// One past the highest port of the interface that the domain uses now.
    public int ports() {
        return form.words().ports();
    }

    /// `EVTCHNOP_alloc_unbound` for the domain itself.
    public synchronized long allocUnbound(int dom, int remoteDom) {
        if (dom != DomId.DOMID_SELF && dom != domid) {
            return dom == CONTROL ? -XenErrno.EPERM : -XenErrno.ESRCH;
        }
        return allocate(new Channel.Unbound(0, remoteDom == DomId.DOMID_SELF ? domid : remoteDom));
    }

    /// A port for a backend of this process, as the toolstack makes for the console and xenstore.
    public synchronized int allocBackend(int backendDomid) {
        return (int) allocate(new Channel.Backend(0, backendDomid, new Channel.Listener()));
    }

    /// The backend's end of a port made by [#allocBackend].
    public EventPort backendPort(int port) {
        if (!(channels[port] instanceof Channel.Backend backend)) {
            throw new IllegalArgumentException("port=" + port + " is not a backend's");
        }
        return new BackendPort(port, backend.listener());
    }

    /// `EVTCHNOP_bind_interdomain` by a backend of this process, in domain 0: takes the other end of a port that waits
    /// for domain 0. `guestPort` may be any number.
    public synchronized Optional<EventPort> bindBackend(int guestPort) {
        if (!(channel(guestPort) instanceof Channel.Unbound unbound) || unbound.remoteDomid() != CONTROL) {
            return Optional.empty();
        }
        Channel.Listener listener = new Channel.Listener();
        channels[guestPort] = new Channel.Backend(unbound.vcpu(), CONTROL, listener);
        return Optional.of(new BackendPort(guestPort, listener));
    }

    private synchronized void connectBell(int port, Channel.Listener listener, int eventFd) {
        if (channel(port) instanceof Channel.Backend backend && backend.listener() == listener) {
            listener.connect(bells, port, eventFd);
        }
    }

    /// The backend's end goes: the guest's is unbound, as in Xen. It may have been closed before.
    private synchronized void closeBackend(int port, Channel.Listener listener) {
        if (channel(port) instanceof Channel.Backend backend && backend.listener() == listener) {
            listener.disconnect(bells, port);
            channels[port] = new Channel.Unbound(backend.vcpu(), backend.remoteDomid());
        }
    }

    /// `EVTCHNOP_bind_interdomain`; only to an unbound port of the same domain so far, as backends are bound by us.
    public synchronized long bindInterdomain(int remoteDom, int remotePort) {
        int remote = remoteDom == DomId.DOMID_SELF ? domid : remoteDom;
        if (remote != domid) {
            // The control domain has no port that waits for a guest.
            return remote == CONTROL ? -XenErrno.EINVAL : -XenErrno.ESRCH;
        }
        if (!(channel(remotePort) instanceof Channel.Unbound unbound) || unbound.remoteDomid() != domid) {
            return -XenErrno.EINVAL;
        }
        long port = allocate(new Channel.Loopback(0, remotePort));
        if (port > 0) {
            channels[remotePort] = new Channel.Loopback(unbound.vcpu(), (int) port);
            raise((int) port);
        }
        return port;
    }

    /// `EVTCHNOP_bind_virq`. A global one is bound on vcpu 0, and may be moved later.
    public synchronized long bindVirq(int virq, int vcpu) {
        if (virq < 0 || virq >= VIRQS || isGlobal(virq) && vcpu != 0) {
            return -XenErrno.EINVAL;
        }
        if (vcpu < 0 || vcpu >= targets.length) {
            return -XenErrno.ENOENT;
        }
        if (virqPort[vcpu][virq] != 0) {
            return -XenErrno.EEXIST;
        }
        long port = allocate(new Channel.Virq(vcpu, virq));
        if (port > 0) {
            virqPort[vcpu][virq] = (int) port;
        }
        return port;
    }

    /// `EVTCHNOP_bind_ipi`.
    public synchronized long bindIpi(int vcpu) {
        if (vcpu < 0 || vcpu >= targets.length) {
            return -XenErrno.ENOENT;
        }
        return allocate(new Channel.Ipi(vcpu));
    }

    /// `EVTCHNOP_close`.
    public synchronized long close(int port) {
        if (!isOpen(port)) {
            return -XenErrno.EINVAL;
        }
        switch (channels[port]) {
            case Channel.Virq virq -> virqPort[boundOn(virq)][virq.virq()] = 0;
            case Channel.Loopback pair ->
                channels[pair.remotePort()] = new Channel.Unbound(channels[pair.remotePort()].vcpu(), domid);
            case Channel.Backend backend -> backend.listener().disconnect(bells, port);
            case Channel.Unbound _, Channel.Ipi _, Channel.Free _ -> { }
        }
        channels[port] = FREE;
        open--;
        firstFree = Math.min(firstFree, port);
        form.words().clear(port);
        return 0;
    }

    /// A piece of `EVTCHNOP_reset`: closes the open ones of `count` ports from `first` on. False when none is left
    /// behind them.
    public synchronized boolean closeSome(int first, int count) {
        int end = Math.min(first + count, existing);
        for (int port = Math.max(first, 1); port < end; port++) {
            if (channels[port] != FREE) {
                close(port);
            }
        }
        return open != 0 && end < existing;
    }

    /// The end of `EVTCHNOP_reset`: returns to the two-level interface; -EAGAIN if a port was opened meanwhile.
    public synchronized long reset(GuestFrames frames) {
        if (open != 0) {
            return -XenErrno.EAGAIN;
        }
        form.reset(frames);
        return 0;
    }

    /// What is bound to a port, for `EVTCHNOP_status`; null if there is no such port.
    public PortStatus status(int port) {
        return exists(port) ? PortStatus.of(channel(port), port, domid) : null;
    }

    /// `EVTCHNOP_send`.
    public long send(int port) {
        switch (channel(port)) {
            case Channel.Backend backend -> backend.listener().run();
            case Channel.Loopback pair -> raise(pair.remotePort());
            case Channel.Ipi _ -> raise(port);
            case Channel.Unbound _ -> { }
            case Channel.Virq _, Channel.Free _ -> {
                return -XenErrno.EINVAL;
            }
        }
        return 0;
    }

    /// `EVTCHNOP_unmask`: no error for a port that is closed, as long as there is such a port.
    public long unmask(int port) {
        Channel channel = channel(port);
        if (channel != FREE) {
            form.words().unmask(port, targets[channel.vcpu()]);
            return 0;
        }
        return exists(port) ? 0 : -XenErrno.EINVAL;
    }

    /// `EVTCHNOP_bind_vcpu`.
    public synchronized long bindVcpu(int port, int vcpu) {
        if (vcpu < 0 || vcpu >= targets.length) {
            return -XenErrno.ENOENT;
        }
        if (!isOpen(port)) {
            return -XenErrno.EINVAL;
        }
        Channel moved = switch (channels[port]) {
            case Channel.Unbound unbound -> new Channel.Unbound(vcpu, unbound.remoteDomid());
            case Channel.Backend backend -> new Channel.Backend(vcpu, backend.remoteDomid(), backend.listener());
            case Channel.Loopback pair -> new Channel.Loopback(vcpu, pair.remotePort());
            case Channel.Virq virq when isGlobal(virq.virq()) -> new Channel.Virq(vcpu, virq.virq());
            case Channel.Virq _, Channel.Ipi _, Channel.Free _ -> null;
        };
        if (moved == null) {
            return -XenErrno.EINVAL;
        }
        channels[port] = moved;
        return 0;
    }

    /// Raises a virtual interrupt (`VIRQ_TIMER` …) on the vcpu that bound it; nothing happens if none did.
    public void raiseVirq(int vcpu, int virq) {
        int port = virqPort[vcpu][virq];
        if (port != 0) {
            raise(port);
        }
    }

    /// After the guest moved a `vcpu_info`.
    public void raiseAll(int vcpu) {
        form.words().raiseAll(targets[vcpu]);
    }

    public boolean isPending(int port) {
        EventWords now = form.words();
        return port > 0 && port < now.ports() && now.isPending(port);
    }

    public boolean isOpen(int port) {
        return channel(port) != FREE;
    }

    // ---- the queued interface

    /// `EVTCHNOP_init_control`: gives a vcpu its control block. The first one switches the domain to queues, and what is
    /// pending is carried over. Who raises without the lock marks the words that it found and looks again which they
    /// are: either it finds the new ones, or its mark came before they were published, and is found here.
    public synchronized long initControl(int vcpu, long mfn, int offset, GuestFrames frames) {
        boolean hadQueues = form.fifo() != null;
        long rc = form.initControl(vcpu, mfn, offset, frames);
        if (rc == 0 && !hadQueues) {
            for (int port = 1; port < channels.length; port++) {
                if (channels[port] != FREE && form.wasPending(port)) {
                    raise(port);
                }
            }
        }
        return rc;
    }

    /// `EVTCHNOP_expand_array`: words for the next 1024 ports.
    public synchronized long expandArray(long mfn, GuestFrames frames) {
        long rc = form.expandArray(mfn, frames);
        if (rc == 0) {
            FifoWords fifo = form.fifo();
            for (int port = fifo.takeEarly(); port >= 0; port = fifo.takeEarly()) {
                raise(port);
            }
        }
        return rc;
    }

    /// `EVTCHNOP_set_priority`: counts from the next raise.
    public synchronized long setPriority(int port, int priority) {
        return exists(port) ? form.setPriority(port, isOpen(port), priority) : -XenErrno.EINVAL;
    }

    /// How many ports the last search for a free one looked at. A guest can keep closed ports busy in its queues.
    public synchronized int scanned() {
        return scanned;
    }

    private boolean exists(int port) {
        return port >= 0 && port < existing;
    }

    /// [#FREE] for whatever is no port.
    private Channel channel(int port) {
        Channel[] now = channels;
        return port > 0 && port < now.length ? now[port] : FREE;
    }

    private static Channel[] freeChannels(Channel[] old, int count) {
        Channel[] grown = Arrays.copyOf(old, count);
        Arrays.fill(grown, old.length, count, FREE);
        return grown;
    }

    /// `SCHEDOP_poll` waits for the pending bit alone: for masked ports too, and on any vcpu.
    private void raise(int port) {
        EventTarget owner = targets[channels[port].vcpu()];
        boolean isNew;
        EventWords before;
        do {
            before = form.words();
            // A reset may have come in between: the bitmap has no words for the high ports of queues.
            if (port >= before.ports()) {
                return;
            }
            isNew = before.raise(port, owner);
        } while (before != form.words());
        if (isNew) {
            for (EventTarget target : targets) {
                target.wakeIfBlocked();
            }
        }
    }

    private long allocate(Channel channel) {
        int limit = form.words().ports();
        while (firstFree < channels.length && channels[firstFree] != FREE) {
            firstFree++;
        }
        scanned = limit - firstFree;
        for (int port = firstFree; port < limit; port++) {
            if (port == channels.length) {
                channels = freeChannels(channels, 2 * channels.length);
            }
            if (channels[port] == FREE && !form.words().isBusy(port)) {
                form.portOpens(port);
                channels[port] = channel;
                open++;
                scanned = port - firstFree;
                existing = Math.max(existing, (port | LUMP - 1) + 1);
                return port;
            }
        }
        return -XenErrno.ENOSPC;
    }

    /// Where a virq is remembered: a global one on vcpu 0, wherever it was moved since.
    private static int boundOn(Channel.Virq virq) {
        return isGlobal(virq.virq()) ? 0 : virq.vcpu();
    }

    /// All but the timer, debug, xenoprof and pmu interrupts belong to the domain rather than to a vcpu.
    private static boolean isGlobal(int virq) {
        return virq != XenVirq.VIRQ_TIMER && virq != XenVirq.VIRQ_DEBUG && virq != XenVirq.VIRQ_XENOPROF
                && virq != XenVirq.VIRQ_XENPMU;
    }

    private final class BackendPort implements EventPort {
        private final int port;
        private final Channel.Listener listener;

        BackendPort(int port, Channel.Listener listener) {
            this.port = port;
            this.listener = listener;
        }

        @Override
        public void notifyGuest() {
            // The port may have been closed, and be somebody else's by now.
            if (channel(port) instanceof Channel.Backend backend && backend.listener() == listener) {
                raise(port);
            }
        }

        @Override
        public void onNotification(Runnable runnable) {
            listener.set(runnable);
        }

        @Override
        public void onNotification(Runnable runnable, int eventFd) {
            listener.set(runnable);
            connectBell(port, listener, eventFd);
        }

        @Override
        public void close() {
            closeBackend(port, listener);
        }
    }
}
