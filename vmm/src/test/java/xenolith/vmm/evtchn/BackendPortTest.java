package xenolith.vmm.evtchn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import xenolith.abi.DomId;
import xenolith.vmm.port.EventPort;

/// Ports whose other end is a backend's.
class BackendPortTest {
    private final TestPorts p = new TestPorts(3);
    private final EventChannels events = p.events;

    @Test
    void aBackendAndTheGuestTalkThroughTheirPort() {
        int port = events.allocBackend(0);
        EventPort backend = events.backendPort(port);
        AtomicInteger heard = new AtomicInteger();
        backend.onNotification(heard::incrementAndGet);

        assertThat(events.send(port)).isZero();
        assertThat(heard).hasValue(1);
        assertThat(events.isPending(port)).as("what the guest sends is not for itself").isFalse();

        backend.notifyGuest();
        assertThat(events.isPending(port)).isTrue();
        assertThat(p.targets[0].kicks).isOne();
    }

    @Test
    void theGuestMayMoveABackendsPortAndTheListenerMovesWithIt() {
        int port = events.allocBackend(0);
        EventPort backend = events.backendPort(port);
        AtomicInteger heard = new AtomicInteger();
        backend.onNotification(heard::incrementAndGet);

        assertThat(events.bindVcpu(port, 1)).isZero();
        events.send(port);
        backend.notifyGuest();

        assertThat(heard).hasValue(1);
        assertThat(p.targets[1].kicks).isOne();
    }

    @Test
    void aBackendWhoseGuestClosedThePortRaisesNothing() {
        int port = events.allocBackend(0);
        EventPort backend = events.backendPort(port);
        events.close(port);
        assertThat(events.bindIpi(0)).as("the port has another use by now").isEqualTo(port);

        backend.notifyGuest();

        assertThat(events.isPending(port)).isFalse();
    }

    @Test
    void aBackendIsNotToldOfWhatIsSentByThePortsNextOwner() {
        int port = events.allocBackend(0);
        AtomicInteger heard = new AtomicInteger();
        events.backendPort(port).onNotification(heard::incrementAndGet);
        events.close(port);
        events.bindIpi(0);

        events.send(port);

        assertThat(heard).hasValue(0);
    }

    @Test
    void aBackendTakesTheOtherEndOfAPortThatWaitsForDomainZero() {
        int port = (int) events.allocUnbound(DomId.DOMID_SELF, 0);
        EventPort backend = events.bindBackend(port).orElseThrow();
        AtomicInteger heard = new AtomicInteger();
        backend.onNotification(heard::incrementAndGet);

        events.send(port);
        backend.notifyGuest();

        assertThat(heard).hasValue(1);
        assertThat(events.isPending(port)).isTrue();
        assertThat(events.bindBackend(port)).as("it has its other end").isEmpty();
    }

    @Test
    void aBackendsEventfdIsTheHostsToSignalUntilEitherEndCloses() {
        int port = (int) events.allocUnbound(DomId.DOMID_SELF, 0);
        EventPort first = events.bindBackend(port).orElseThrow();
        AtomicInteger heard = new AtomicInteger();
        first.onNotification(heard::incrementAndGet, 77);
        assertThat(p.bells.connected).containsExactly(Map.entry(port, 77));
        assertThat(events.bindVcpu(port, 1)).isZero();
        events.send(port);
        assertThat(heard).as("who is called all the same").hasValue(1);

        first.close();
        assertThat(p.bells.connected).isEmpty();
        events.bindBackend(port).orElseThrow().onNotification(heard::incrementAndGet, 78);
        first.close();
        assertThat(p.bells.connected).containsExactly(Map.entry(port, 78));
        events.close(port);
        assertThat(p.bells.connected).isEmpty();
    }

    @Test
    void theFirstEventfdStaysUntilTheEnd() {
        int port = events.allocBackend(0);
        EventPort backend = events.backendPort(port);
        AtomicInteger heard = new AtomicInteger();
        backend.onNotification(() -> { }, 77);
        backend.onNotification(heard::incrementAndGet, 78);
        assertThat(p.bells.connected).containsExactly(Map.entry(port, 77));
        events.send(port);
        assertThat(heard).as("the listener is the later one").hasValue(1);
    }

    @Test
    void anEventfdThatCannotBeTakenBackIsNotTriedTwice() {
        int port = events.allocBackend(0);
        EventPort backend = events.backendPort(port);
        backend.onNotification(() -> { }, 77);
        p.bells.failing = true;
        assertThatIllegalStateException().isThrownBy(backend::close);
        backend.close();
        assertThat(events.close(port)).isZero();
    }

    @Test
    void aResetOfAllPortsTakesBackWhatTheHostSignals() {
        int port = events.allocBackend(0);
        events.backendPort(port).onNotification(() -> { }, 77);
        events.closeSome(0, Integer.MAX_VALUE);
        assertThat(p.bells.connected).isEmpty();
    }

    @Test
    void aPortThatTheHostCannotSignalIsHeardAsBefore() {
        int port = events.allocBackend(0);
        EventPort backend = events.backendPort(port);
        AtomicInteger heard = new AtomicInteger();
        p.bells.full = true;
        backend.onNotification(heard::incrementAndGet, 77);
        events.send(port);
        backend.close();
        assertThat(heard).hasValue(1);
    }

    @Test
    void aBackendsEndThatGoesLeavesThePortUnbound() {
        int port = (int) events.allocUnbound(DomId.DOMID_SELF, 0);
        EventPort first = events.bindBackend(port).orElseThrow();
        AtomicInteger heard = new AtomicInteger();
        first.onNotification(heard::incrementAndGet);

        first.close();
        assertThat(events.send(port)).isZero();
        assertThat(heard).hasValue(0);
        EventPort second = events.bindBackend(port).orElseThrow();
        first.close();
        first.notifyGuest();
        assertThat(events.isPending(port)).as("an end that is closed does nothing more").isFalse();
        second.notifyGuest();
        assertThat(events.isPending(port)).isTrue();
    }

    @Test
    void aBackendTakesNoPortThatIsNotForIt() {
        int own = (int) events.allocUnbound(DomId.DOMID_SELF, TestPorts.DOMID);
        int ipi = (int) events.bindIpi(0);
        for (int port : new int[] {own, ipi, 0, -1, 77, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(events.bindBackend(port)).as("port %d", port).isEmpty();
        }
    }

    @Test
    void onlyABackendsPortHasABackendsEnd() {
        int port = (int) events.bindIpi(0);

        assertThatIllegalArgumentException().isThrownBy(() -> events.backendPort(port));
    }
}
