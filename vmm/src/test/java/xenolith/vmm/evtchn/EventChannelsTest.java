package xenolith.vmm.evtchn;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.XenErrno.EEXIST;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOENT;
import static xenolith.abi.XenErrno.ENOSPC;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ESRCH;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.DomId;
import xenolith.abi.XenEventChannel;
import xenolith.abi.XenVirq;

class EventChannelsTest {
    private final TestPorts p = new TestPorts(3);
    private final EventChannels events = p.events;

    // ---- allocation

    @Test
    void portsAreHandedOutLowestFirstAndNeverZero() {
        assertThat(events.bindIpi(0)).isEqualTo(1);
        assertThat(events.bindIpi(0)).isEqualTo(2);
        assertThat(events.close(1)).isZero();
        assertThat(events.bindIpi(2)).isEqualTo(1);
        assertThat(events.bindIpi(2)).isEqualTo(3);
    }

    @Test
    void whenAllPortsAreTakenTheAnswerIsENOSPC() {
        for (int port = 1; port < EventChannels.PORTS; port++) {
            assertThat(events.bindIpi(0)).isEqualTo(port);
        }

        assertThat(events.bindIpi(0)).isEqualTo(-ENOSPC);
        assertThat(events.allocUnbound(DomId.DOMID_SELF, 0)).isEqualTo(-ENOSPC);
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, 0)).isEqualTo(-ENOSPC);
        events.close(9);
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, 0)).as("the refused binding left no trace").isEqualTo(9);
    }

    @Test
    void aDomainAllocatesForItselfOnly() {
        assertThat(events.allocUnbound(DomId.DOMID_SELF, 0)).isEqualTo(1);
        assertThat(events.allocUnbound(TestPorts.DOMID, 0)).isEqualTo(2);
        assertThat(events.allocUnbound(0, 0)).isEqualTo(-EPERM);
        assertThat(events.allocUnbound(DomId.DOMID_XEN, 0)).isEqualTo(-ESRCH);
        assertThat(events.allocUnbound(TestPorts.DOMID + 1, 0)).isEqualTo(-ESRCH);
    }

    // ---- virtual interrupts

    @ParameterizedTest
    @ValueSource(ints = {-1, 24, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void onlyTheInterfacesVirqsExist(int virq) {
        assertThat(events.bindVirq(virq, 0)).isEqualTo(-EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void onlyTheDomainsVcpusExist(int vcpu) {
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, vcpu)).isEqualTo(-ENOENT);
        assertThat(events.bindIpi(vcpu)).isEqualTo(-ENOENT);
        long port = events.bindIpi(0);
        assertThat(events.bindVcpu((int) port, vcpu)).isEqualTo(-ENOENT);
    }

    @Test
    void aVirqHasOnePortOnEachVcpu() {
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, 0)).isEqualTo(1);
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, 1)).isEqualTo(2);
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, 1)).isEqualTo(-EEXIST);
        assertThat(events.close(2)).isZero();
        assertThat(events.bindVirq(XenVirq.VIRQ_TIMER, 1)).isEqualTo(2);
    }

    @Test
    void aGlobalVirqIsBoundOnVcpu0AndMovesAfterwards() {
        assertThat(events.bindVirq(XenVirq.VIRQ_CONSOLE, 1)).isEqualTo(-EINVAL);
        assertThat(events.bindVirq(XenVirq.VIRQ_CONSOLE, 99)).as("the virq is looked at first").isEqualTo(-EINVAL);
        int port = (int) events.bindVirq(XenVirq.VIRQ_CONSOLE, 0);
        assertThat(events.bindVcpu(port, 2)).isZero();

        events.raiseVirq(0, XenVirq.VIRQ_CONSOLE);

        assertThat(p.upcallPending(2)).isTrue();
        assertThat(p.upcallPending(0)).isFalse();
        assertThat(events.close(port)).isZero();
        assertThat(events.bindVirq(XenVirq.VIRQ_CONSOLE, 0)).as("closing where it moved to forgets where it began")
                .isEqualTo(port);
    }

    @Test
    void aVirqReachesTheVcpuThatBoundIt() {
        int port = (int) events.bindVirq(XenVirq.VIRQ_TIMER, 1);

        events.raiseVirq(1, XenVirq.VIRQ_TIMER);
        events.raiseVirq(0, XenVirq.VIRQ_TIMER);

        assertThat(events.isPending(port)).isTrue();
        assertThat(p.targets[1].kicks).isOne();
        assertThat(p.targets[0].kicks).as("not bound there").isZero();
    }

    @Test
    void aClosedVirqIsRaisedNoMore() {
        int port = (int) events.bindVirq(XenVirq.VIRQ_TIMER, 0);
        events.close(port);

        events.raiseVirq(0, XenVirq.VIRQ_TIMER);

        assertThat(p.pendingWord(0)).isZero();
    }

    // ---- interprocessor interrupts

    @Test
    void anIpiIsSentToItsOwnPort() {
        int port = (int) events.bindIpi(2);

        assertThat(events.send(port)).isZero();

        assertThat(events.isPending(port)).isTrue();
        assertThat(p.targets[2].kicks).isOne();
    }

    @Test
    void timersAndIpisStayOnTheirVcpu() {
        int ipi = (int) events.bindIpi(0);
        int timer = (int) events.bindVirq(XenVirq.VIRQ_TIMER, 0);

        assertThat(events.bindVcpu(ipi, 1)).isEqualTo(-EINVAL);
        assertThat(events.bindVcpu(timer, 1)).isEqualTo(-EINVAL);
    }

    // ---- sending, closing, unmasking: bad ports

    @Test
    void portsExistInLumpsOnceOneOfThemWasUsedAndTheClosedOnesMayBeUnmasked() {
        for (int port : new int[] {64, 100, 4096, -1, Integer.MIN_VALUE}) {
            assertThat(events.unmask(port)).as("port %d", port).isEqualTo(-EINVAL);
            assertThat(events.status(port)).isNull();
        }
        for (int i = 1; i <= 64; i++) {
            assertThat(events.bindIpi(0)).isEqualTo(i);
        }
        for (int port : new int[] {0, 65, 127}) {
            assertThat(events.unmask(port)).as("port %d", port).isZero();
            assertThat(events.status(port).status()).isEqualTo(XenEventChannel.EVTCHNSTAT_CLOSED);
        }
        assertThat(events.unmask(128)).isEqualTo(-EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1, 4095, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void portsThatAreNotOpenAreEINVAL(int port) {
        assertThat(events.send(port)).isEqualTo(-EINVAL);
        assertThat(events.close(port)).isEqualTo(-EINVAL);
        assertThat(events.bindVcpu(port, 0)).isEqualTo(-EINVAL);
        assertThat(events.bindInterdomain(DomId.DOMID_SELF, port)).isEqualTo(-EINVAL);
        assertThat(events.isOpen(port)).isFalse();
        assertThat(events.isPending(port)).isFalse();
    }

    @Test
    void aVirqCannotBeSentByTheGuest() {
        int port = (int) events.bindVirq(XenVirq.VIRQ_TIMER, 0);

        assertThat(events.send(port)).isEqualTo(-EINVAL);
        assertThat(events.isPending(port)).isFalse();
    }

    @Test
    void sendingToAnEndThatNobodyBoundIsDroppedSilently() {
        int port = (int) events.allocUnbound(DomId.DOMID_SELF, 0);

        assertThat(events.send(port)).isZero();
        assertThat(p.pendingWord(0)).isZero();
    }

    @Test
    void closingClearsWhatWasPending() {
        int port = (int) events.bindIpi(0);
        events.send(port);

        events.close(port);

        assertThat(events.isPending(port)).isFalse();
        assertThat(events.isOpen(port)).isFalse();
    }

    @Test
    void unmaskingRaisesOnTheVcpuThatThePortIsBoundTo() {
        int port = (int) events.bindIpi(1);
        p.mask(port);
        events.send(port);
        assertThat(p.upcallPending(1)).isFalse();

        assertThat(events.unmask(port)).isZero();

        assertThat(p.upcallPending(1)).isTrue();
        assertThat(p.isMasked(port)).isFalse();
    }

    // ---- loopback

    @Test
    void twoPortsOfADomainTalkToEachOther() {
        int one = (int) events.allocUnbound(DomId.DOMID_SELF, DomId.DOMID_SELF);
        int two = (int) events.bindInterdomain(DomId.DOMID_SELF, one);
        assertThat(events.isPending(two)).as("something may have been sent before").isTrue();
        p.consume(0);

        assertThat(events.send(one)).isZero();
        assertThat(events.isPending(two)).isTrue();
        assertThat(events.isPending(one)).isFalse();
        assertThat(events.send(two)).isZero();
        assertThat(events.isPending(one)).isTrue();
    }

    @Test
    void closingOneEndOfALoopbackLeavesTheOtherWaiting() {
        int one = (int) events.allocUnbound(DomId.DOMID_SELF, TestPorts.DOMID);
        int two = (int) events.bindInterdomain(TestPorts.DOMID, one);
        events.bindVcpu(one, 2);

        assertThat(events.close(two)).isZero();
        assertThat(events.send(one)).as("sent to nobody").isZero();
        int three = (int) events.bindInterdomain(TestPorts.DOMID, one);
        p.consume(0);
        events.send(three);

        assertThat(events.isPending(one)).isTrue();
        assertThat(p.upcallPending(2)).as("it kept its vcpu").isTrue();
    }

    @Test
    void onlyAnEndThatWaitsForUsCanBeBound() {
        int forOthers = (int) events.allocUnbound(DomId.DOMID_SELF, 0);
        int ipi = (int) events.bindIpi(0);
        int one = (int) events.allocUnbound(DomId.DOMID_SELF, TestPorts.DOMID);
        assertThat(events.bindInterdomain(TestPorts.DOMID, one)).isPositive();

        assertThat(events.bindInterdomain(TestPorts.DOMID, forOthers)).isEqualTo(-EINVAL);
        assertThat(events.bindInterdomain(TestPorts.DOMID, ipi)).isEqualTo(-EINVAL);
        assertThat(events.bindInterdomain(TestPorts.DOMID, one)).as("bound already").isEqualTo(-EINVAL);
        assertThat(events.bindInterdomain(0, one)).as("no such port there").isEqualTo(-EINVAL);
        assertThat(events.bindInterdomain(9, one)).isEqualTo(-ESRCH);
    }

    // ---- polling

    @Test
    void aVcpuThatPollsIsWokenByAMaskedPortToo() {
        int port = (int) events.bindIpi(1);
        p.mask(port);

        events.send(port);

        assertThat(p.targets[1].kicks).as("no upcall is due").isZero();
        assertThat(p.targets[0].wakes).as("any vcpu may poll for any port").isPositive();
        assertThat(p.targets[1].wakes).isPositive();
    }

    @Test
    void aVcpuThatPollsIsWokenByAPortWhoseWordWasAnnounced() {
        int one = (int) events.bindIpi(0);
        int two = (int) events.bindIpi(0);
        events.send(one);
        int before = p.targets[0].wakes;

        events.send(two);

        assertThat(p.targets[0].wakes).isGreaterThan(before);
    }
}
