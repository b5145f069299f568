package xenolith.vmm.evtchn;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.XenErrno.EACCES;
import static xenolith.abi.XenErrno.EAGAIN;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOENT;
import static xenolith.abi.XenErrno.ENOSPC;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EOPNOTSUPP;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.DomId;
import xenolith.abi.XenEventChannel;
import xenolith.abi.XenVirq;

/// A domain that goes over from the bitmap to queues, and back.
class QueuedEventsTest {
    private final TestPorts p = new TestPorts(2);
    private final EventChannels events = p.events;
    private final FifoGuest guest = new FifoGuest(p, 0);
    private final List<Long> held = new ArrayList<>();
    private final GuestFrames frames = new GuestFrames() {
        @Override
        public long getWritable(long mfn) {
            if (mfn < FifoGuest.CONTROL_MFN) {
                return mfn == 0 ? -EAGAIN : -1;
            }
            held.add(mfn);
            return 0;
        }

        @Override
        public void putWritable(long mfn) {
            assertThat(held.remove(mfn)).isTrue();
        }
    };

    private long init(int vcpu) {
        return events.initControl(vcpu, FifoGuest.CONTROL_MFN, FifoGuest.controlOffset(vcpu), frames);
    }

    private long expand(int page) {
        return events.expandArray(FifoGuest.FIRST_ARRAY_MFN + page, frames);
    }

    @Test
    void badControlBlocksAreRefusedAndChangeNothing() {
        assertThat(events.initControl(2, FifoGuest.CONTROL_MFN, 0, frames)).isEqualTo(-ENOENT);
        assertThat(events.initControl(-1, FifoGuest.CONTROL_MFN, 0, frames)).isEqualTo(-ENOENT);
        for (int offset : new int[] {4, 1, 4096 - 64, 4096, -8, Integer.MIN_VALUE}) {
            assertThat(events.initControl(0, FifoGuest.CONTROL_MFN, offset, frames)).isEqualTo(-EINVAL);
        }
        assertThat(events.initControl(0, 1, 0, frames)).isEqualTo(-EINVAL);
        assertThat(events.initControl(0, 0, 0, frames)).as("later").isEqualTo(-EAGAIN);
        assertThat(expand(0)).isEqualTo(-EOPNOTSUPP);
        assertThat(events.setPriority((int) events.bindIpi(0), 1)).isEqualTo(-ENOSYS);
        assertThat(events.ports()).isEqualTo(EventChannels.PORTS);
        assertThat(held).isEmpty();
    }

    @Test
    void aVcpuHasOneControlBlock() {
        assertThat(init(0)).isZero();
        assertThat(init(0)).isEqualTo(-EINVAL);
        assertThat(init(1)).isZero();
        assertThat(held).hasSize(2);
    }

    @Test
    void whatIsPendingIsCarriedOver() {
        int sent = (int) events.bindIpi(0);
        int quiet = (int) events.bindIpi(0);
        events.send(sent);

        assertThat(init(0)).isZero();
        assertThat(events.isPending(sent)).as("before there are words").isTrue();
        assertThat(expand(0)).isZero();

        guest.upcall();
        assertThat(guest.handled).startsWith(sent);
        assertThat(guest.count).isOne();
        assertThat(events.isPending(quiet)).isFalse();
    }

    @Test
    void virqsIpisBackendsAndLoopbacksGoThroughTheQueues() {
        init(0);
        expand(0);
        int virq = (int) events.bindVirq(XenVirq.VIRQ_TIMER, 0);
        int backend = events.allocBackend(0);
        int one = (int) events.allocUnbound(DomId.DOMID_SELF, DomId.DOMID_SELF);
        int two = (int) events.bindInterdomain(DomId.DOMID_SELF, one);
        events.raiseVirq(0, XenVirq.VIRQ_TIMER);
        events.backendPort(backend).notifyGuest();
        events.send(two);

        guest.upcall();

        assertThat(guest.handled).startsWith(two, virq, backend, one);
        assertThat(p.pendingWord(0)).isZero();
    }

    @Test
    void aPortStillQueuedIsNotGivenOutAgainAndANewOneHasTheDefaultPriority() {
        init(0);
        expand(0);
        int port = (int) events.bindIpi(0);
        assertThat(events.setPriority(port, 15)).isZero();
        assertThat(events.setPriority(port, 16)).isEqualTo(-EINVAL);
        assertThat(events.setPriority(port, -1)).isEqualTo(-EINVAL);
        assertThat(events.setPriority(port + 1, 1)).isEqualTo(-EACCES);
        events.send(port);
        events.close(port);
        int other = (int) events.bindIpi(0);
        assertThat(other).isNotEqualTo(port);

        guest.upcall();
        assertThat(guest.count).isZero();
        assertThat(events.bindIpi(0)).isEqualTo(port);
        events.send(port);
        assertThat(p.memory.readInt(guest.controlMa())).as("the ready queue").isEqualTo(1 << 7);
    }

    @Test
    @Timeout(30)
    void thereAreMorePortsThanTheBitmapHas() {
        init(0);
        for (int page = 0; page < 128; page++) {
            assertThat(expand(page)).isZero();
        }
        assertThat(expand(128)).isEqualTo(-ENOSPC);
        assertThat(events.ports()).isEqualTo(131072);
        int port = 0;
        for (int i = 0; i < 5000; i++) {
            port = (int) events.bindIpi(0);
        }
        assertThat(port).isEqualTo(5000);
        assertThat(events.send(port)).isZero();
        guest.upcall();
        assertThat(guest.handled).startsWith(5000);
    }

    private void resetAll() {
        int port = 0;
        while (events.closeSome(port, 64)) {
            port += 64;
        }
        assertThat(events.reset(frames)).isZero();
    }

    @Test
    void aResetEndsOnlyWhenNoPortIsOpen() {
        init(0);
        for (int i = 0; i < 70; i++) {
            events.bindIpi(0);
        }
        assertThat(events.closeSome(0, 64)).as("64 and above are open").isTrue();
        assertThat(events.isOpen(63)).isFalse();
        assertThat(events.isOpen(64)).isTrue();
        assertThat(events.reset(frames)).isEqualTo(-EAGAIN);
        assertThat(events.closeSome(64, 64)).isFalse();
        assertThat(events.reset(frames)).isZero();
        assertThat(events.ports()).isEqualTo(EventChannels.PORTS);
    }

    /// A search for a free port begins where there may be one.
    @Test
    void openPortsAreNotSearched() {
        for (int i = 1; i < 4096; i++) {
            assertThat(events.bindIpi(0)).isEqualTo(i);
            assertThat(events.scanned()).isZero();
        }
        assertThat(events.bindIpi(0)).isEqualTo(-ENOSPC);
        assertThat(events.scanned()).isZero();
        events.close(4000);
        events.close(17);
        assertThat(events.bindIpi(0)).isEqualTo(17);
        assertThat(events.bindIpi(0)).isEqualTo(4000);
    }

    @Test
    void aPriorityIsForOpenPortsAndForQueues() {
        int port = (int) events.bindIpi(0);
        assertThat(events.setPriority(port, 3)).isEqualTo(-ENOSYS);
        init(0);
        assertThat(events.setPriority(port, 3)).isZero();
        assertThat(events.setPriority(port, 16)).isEqualTo(-EINVAL);
        assertThat(events.setPriority(port + 1, 3)).isEqualTo(-EACCES);
        assertThat(events.setPriority(64, 3)).isEqualTo(-EINVAL);
        assertThat(events.setPriority(-1, 3)).isEqualTo(-EINVAL);
    }

    @Test
    void aResetClosesEverythingGivesTheFramesBackAndReturnsToTheBitmap() {
        init(0);
        init(1);
        expand(0);
        int backend = events.allocBackend(0);
        events.bindVirq(XenVirq.VIRQ_TIMER, 1);

        resetAll();

        assertThat(held).isEmpty();
        assertThat(events.isOpen(backend)).isFalse();
        assertThat(events.ports()).isEqualTo(EventChannels.PORTS);
        int port = (int) events.bindVirq(XenVirq.VIRQ_TIMER, 1);
        assertThat(port).isOne();
        events.raiseVirq(1, XenVirq.VIRQ_TIMER);
        assertThat(p.pendingWord(0)).isEqualTo(2);
        assertThat(init(1)).as("and once more").isZero();
    }

    @Test
    void whatWasCarriedOverIsNotPendingAfterAReset() {
        int port = (int) events.bindIpi(0);
        events.send(port);
        init(0);
        resetAll();
        p.memory.writeByteVolatile(p.targets[0].infoMa, (byte) 0);
        p.consume(0);

        assertThat(events.bindIpi(0)).isEqualTo(port);
        assertThat(events.isPending(port)).isFalse();
        events.send(port);
        assertThat(p.upcallPending(0)).isTrue();
    }

    @Test
    void theStatusTellsWhatAPortIs() {
        int unbound = (int) events.allocUnbound(DomId.DOMID_SELF, 0);
        int backend = events.allocBackend(0);
        int virq = (int) events.bindVirq(XenVirq.VIRQ_DEBUG, 1);
        int ipi = (int) events.bindIpi(1);
        int one = (int) events.allocUnbound(DomId.DOMID_SELF, TestPorts.DOMID);
        int two = (int) events.bindInterdomain(DomId.DOMID_SELF, one);

        assertThat(events.status(unbound)).isEqualTo(new PortStatus(XenEventChannel.EVTCHNSTAT_UNBOUND, 0, 0, 0));
        assertThat(events.status(backend))
                .isEqualTo(new PortStatus(XenEventChannel.EVTCHNSTAT_INTERDOMAIN, 0, 0, backend));
        assertThat(events.status(virq))
                .isEqualTo(new PortStatus(XenEventChannel.EVTCHNSTAT_VIRQ, 1, 0, XenVirq.VIRQ_DEBUG));
        assertThat(events.status(ipi)).isEqualTo(new PortStatus(XenEventChannel.EVTCHNSTAT_IPI, 1, 0, 0));
        assertThat(events.status(one))
                .isEqualTo(new PortStatus(XenEventChannel.EVTCHNSTAT_INTERDOMAIN, 0, TestPorts.DOMID, two));
        assertThat(events.status(two + 1)).isEqualTo(new PortStatus(XenEventChannel.EVTCHNSTAT_CLOSED, 0, 0, 0));
        assertThat(events.status(0).status()).isEqualTo(XenEventChannel.EVTCHNSTAT_CLOSED);
        assertThat(events.status(-1)).isNull();
        assertThat(events.status(4096)).isNull();
    }
}
