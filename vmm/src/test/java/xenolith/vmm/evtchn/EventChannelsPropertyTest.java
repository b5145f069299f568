package xenolith.vmm.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import xenolith.abi.DomId;

/// Whatever a guest asks in whatever order, it gets an answer, no port leaks and none is shared.
class EventChannelsPropertyTest {
    private static final int[] DOMIDS = {DomId.DOMID_SELF, TestPorts.DOMID, 0, DomId.DOMID_XEN, 0xffff};

    @Property(tries = 60)
    void noSequenceOfOperationsThrowsOrLeaksAPort(@ForAll Random chance) {
        TestPorts p = new TestPorts(2);
        BitSet open = new BitSet();
        for (int i = 0; i < 2_000; i++) {
            step(p, chance, open);
        }
        for (int port = 0; port < EventChannels.PORTS; port++) {
            assertThat(p.events.isOpen(port)).as("port %d", port).isEqualTo(open.get(port));
        }
        open.stream().forEach(port -> assertThat(p.events.close(port)).isZero());
        for (int port = 1; port < EventChannels.PORTS; port++) {
            assertThat(p.events.bindIpi(0)).isEqualTo(port);
        }
    }

    private static void step(TestPorts p, Random chance, BitSet open) {
        EventChannels events = p.events;
        int port = port(chance);
        int vcpu = chance.nextInt(4) - 1;
        switch (chance.nextInt(9)) {
            case 0 -> opened(events.allocUnbound(domid(chance), domid(chance)), open);
            case 1 -> opened(events.bindInterdomain(domid(chance), port), open);
            case 2 -> opened(events.bindVirq(chance.nextInt(28) - 2, vcpu), open);
            case 3 -> opened(events.bindIpi(vcpu), open);
            case 4 -> assertThat(events.send(port)).isLessThanOrEqualTo(0);
            case 5 -> assertThat(events.unmask(port)).isEqualTo(events.status(port) != null ? 0 : -22);
            case 6 -> assertThat(events.bindVcpu(port, vcpu)).isLessThanOrEqualTo(0);
            case 7 -> events.raiseVirq(chance.nextInt(2), chance.nextInt(24));
            default -> closed(p, port, open);
        }
    }

    private static void opened(long answer, BitSet open) {
        if (answer < 0) {
            assertThat(answer).isGreaterThan(-4096);
            return;
        }
        assertThat(open.get((int) answer)).as("port %d was free", answer).isFalse();
        assertThat(answer).isBetween(1L, EventChannels.PORTS - 1L);
        open.set((int) answer);
    }

    private static void closed(TestPorts p, int port, BitSet open) {
        boolean was = port > 0 && open.get(port);
        assertThat(p.events.close(port)).isEqualTo(was ? 0 : -22);
        if (was) {
            open.clear(port);
            assertThat(p.events.isPending(port)).isFalse();
        }
    }

    private static int port(Random chance) {
        return chance.nextInt(10) == 0 ? chance.nextInt() : chance.nextInt(40) - 1;
    }

    private static int domid(Random chance) {
        return DOMIDS[chance.nextInt(DOMIDS.length)];
    }
}
