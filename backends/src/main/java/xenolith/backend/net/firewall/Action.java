package xenolith.backend.net.firewall;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ThreadLocalRandom;

/// What a rule does with a frame that it is for. The first two decide; a frame that a limit or a translation lets pass
/// goes on to the next rule.
sealed interface Action {
    /// The frame passes.
    record Allow() implements Action {
    }

    /// The frame is dropped.
    record Drop() implements Action {
    }

    /// What exceeds the rate is dropped.
    ///
    /// @param countsFrames rather than bits
    record Limit(RateLimit rate, boolean countsFrames) implements Action {
        boolean lets(Packet packet, long nowNs) {
            return rate.take(countsFrames ? 1 : packet.frameBytes * 8L, nowNs);
        }
    }

    /// Sends a connection to another address or port than it asks for, and makes its answers come from where it asked.
    ///
    /// @param address null to leave it
    /// @param port    -1 to leave it
    record Translate(Addresses.Ip address, int port, ConnectionTable connections, FragmentTable sent,
            FragmentTable answered) implements Action {
        Translate(Addresses.Ip address, int port) {
            this(address, port, new ConnectionTable(ThreadLocalRandom.current().nextLong()), new FragmentTable(),
                    new FragmentTable());
        }

        /// Rewrites the destination. Returns false if the packet must be dropped, since its answers could not be told from
        /// another's.
        boolean forward(MemorySegment vnetHeader, Packet packet, long nowNs) {
            if (packet.destinationPort == Packet.NONE || address != null && address.isV4() != isV4(packet)) {
                return true;
            }
            long high = address == null ? packet.destinationHigh : address.high();
            long low = address == null ? packet.destinationLow : address.low();
            int newPort = port < 0 ? packet.destinationPort : port;
            if (!connections.forward(packet, high, low, newPort, nowNs)) {
                return false;
            }
            if (packet.isFragment) {
                sent.remember(packet, high, low, nowNs);
            }
            Rewrite.destination(vnetHeader, packet, high, low, newPort);
            return true;
        }

        /// Rewrites the source if the packet is an answer of one of its connections; returns whether it was.
        boolean reverse(MemorySegment vnetHeader, Packet packet, long[] scratch, long nowNs) {
            boolean mayBe = packet.sourcePort != Packet.NONE && (port < 0 || packet.sourcePort == port)
                    && (address == null || address.low() == packet.sourceLow && address.high() == packet.sourceHigh);
            if (!mayBe || !connections.reverse(packet, scratch, nowNs)) {
                return false;
            }
            if (packet.isFragment) {
                answered.remember(packet, scratch[0], scratch[1], nowNs);
            }
            Rewrite.source(vnetHeader, packet, scratch[0], scratch[1], (int) scratch[2]);
            return true;
        }

        /// Sends a later fragment where its first one went; returns whether this translation has sent that somewhere.
        boolean forwardLater(Packet packet, long[] scratch, long nowNs) {
            if (!sent.lookUp(packet, scratch, nowNs)) {
                return false;
            }
            Rewrite.address(packet, scratch[0], scratch[1], true);
            return true;
        }

        /// Likewise, of an answer.
        boolean reverseLater(Packet packet, long[] scratch, long nowNs) {
            if (!answered.lookUp(packet, scratch, nowNs)) {
                return false;
            }
            Rewrite.address(packet, scratch[0], scratch[1], false);
            return true;
        }

        private static boolean isV4(Packet packet) {
            return packet.etherType == Packet.IPV4;
        }
    }
}
