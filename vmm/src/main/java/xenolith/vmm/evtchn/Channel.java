package xenolith.vmm.evtchn;

import xenolith.vmm.port.EventPort;

/// What one port of a domain is bound to (`EVTCHNSTAT_*` of `xen/event_channel.h`).
sealed interface Channel {
    /// Which vcpu gets the event.
    int vcpu();

    record Free() implements Channel {
        @Override
        public int vcpu() {
            return 0;
        }
    }

    /// Waits for `remoteDomid` to bind its end.
    record Unbound(int vcpu, int remoteDomid) implements Channel {
    }

    /// The other end is a backend of this process.
    record Backend(int vcpu, int remoteDomid, Listener listener) implements Channel {
    }

    /// The other end is a port of the same domain.
    record Loopback(int vcpu, int remotePort) implements Channel {
    }

    record Virq(int vcpu, int virq) implements Channel {
    }

    record Ipi(int vcpu) implements Channel {
    }

    /// Who hears what the guest sends: see [EventPort#onNotification].
    final class Listener {
        private static final int NONE = -1;
        private volatile Runnable action = () -> { };
        /// The eventfd that the host's kernel signals for sends; under the lock of [EventChannels].
        private int bell = NONE;

        void set(Runnable runnable) {
            action = runnable;
        }

        /// The first eventfd stays; see [EventPort#onNotification(Runnable, int)].
        void connect(SendBells bells, int port, int eventFd) {
            if (bell == NONE && bells.connect(port, eventFd)) {
                bell = eventFd;
            }
        }

        void disconnect(SendBells bells, int port) {
            if (bell != NONE) {
                try {
                    bells.disconnect(port, bell);
                } finally {
                    bell = NONE;
                }
            }
        }

        void run() {
            action.run();
        }
    }
}
