package xenolith.backend.net.firewall;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import xenolith.backend.net.firewall.Frame.Ends;

class TranslationTest {
    private static final Ends QUESTION = new Ends(true, "192.0.2.9", 40_000, "10.0.0.1", 8080);
    private static final Ends REWRITTEN = new Ends(true, "192.0.2.9", 40_000, "10.0.0.1", 80);
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int SYN = 2;
    private static final int FIN = 1;

    private long now = 5;
    private final Firewall firewall = Firewall.guarding(Frame.MAC, java.util.List.of(), () -> now);

    private static Frame flagged(Ends ends, boolean toIt, int flags) {
        return toIt ? Frame.of(ends, Frame.OTHER_MAC, Frame.MAC_NUMBER, false, false, flags)
                : Frame.of(ends, Frame.MAC_NUMBER, Frame.OTHER_MAC, false, false, flags);
    }

    /// Whether an answer of the guest's is made to come from where the question went.
    private boolean isUndone(Ends rewritten, Ends asked) {
        Frame answer = Frame.of(rewritten.answer());
        assertThat(answer.fromGuest(firewall)).isTrue();
        return java.util.Arrays.equals(answer.now(), Frame.of(asked.answer()).bytes);
    }

    @Property
    void thereAndBackIsWhatItWasAndEveryChecksumIsRight(@ForAll boolean tcp, @ForAll boolean v6, @ForAll boolean tagged,
            @ForAll boolean unfinished, @ForAll boolean address, @ForAll @IntRange(min = 1, max = 0xffff) int from,
            @ForAll @IntRange(min = 1, max = 0xffff) int to, @ForAll @IntRange(min = 1, max = 0xffff) int other,
            @ForAll @IntRange(max = 255) int host) {
        String net = v6 ? "fd00::" : "10.0.0.";
        Ends asked = new Ends(tcp, (v6 ? "2001:db8::" : "192.0.2.") + (v6 ? Integer.toHexString(host) : host), from,
                net + "1", to);
        Ends rewritten = new Ends(tcp, asked.from(), from, address ? net + "77" : asked.to(), other);
        Firewall fresh = Firewall.trusting();
        String target = !address ? ":" + other : v6 ? "[fd00::77]:" + other : "10.0.0.77:" + other;
        fresh.add("in nat to " + target + " proto " + (tcp ? "tcp" : "udp") + " dst " + asked.to() + " dport " + to);

        Frame question = Frame.of(asked, Frame.OTHER_MAC, Frame.MAC_NUMBER, tagged, unfinished, 0x10);
        assertThat(question.checksumsAreRight()).isTrue();
        assertThat(question.toGuest(fresh)).isTrue();
        assertThat(question.checksumsAreRight()).isTrue();
        assertThat(question.now())
                .isEqualTo(Frame.of(rewritten, Frame.OTHER_MAC, Frame.MAC_NUMBER, tagged, unfinished, 0x10).bytes);

        Frame answer = Frame.of(rewritten.answer(), Frame.MAC_NUMBER, Frame.OTHER_MAC, tagged, unfinished, 0x10);
        assertThat(answer.fromGuest(fresh)).isTrue();
        assertThat(answer.checksumsAreRight()).isTrue();
        Packet undone = answer.parsed();
        Packet wanted = Frame.of(asked.answer()).parsed();
        assertThat(undone.sourcePort).isEqualTo(to);
        assertThat(undone.sourceLow).isEqualTo(wanted.sourceLow);
        assertThat(undone.sourceHigh).isEqualTo(wanted.sourceHigh);
    }

    @Property
    void aRewrittenPacketThatIsRewrittenBackIsTheSameByteForByte(@ForAll boolean tcp, @ForAll boolean v6,
            @ForAll boolean unfinished, @ForAll @IntRange(max = 0xffff) int from, @ForAll @IntRange(max = 0xffff) int to,
            @ForAll @IntRange(max = 0xffff) int other, @ForAll long address) {
        Ends ends = v6 ? new Ends(tcp, "fd00::1", from, "fd00::2", to) : new Ends(tcp, "10.0.0.1", from, "10.0.0.2", to);
        Frame frame = Frame.of(ends, 1, 2, false, unfinished, 0x10);
        Packet packet = frame.parsed();
        long high = packet.destinationHigh;
        long low = packet.destinationLow;
        Rewrite.destination(frame.vnetHeader, packet, v6 ? address : 0, v6 ? ~address
                : Packet.MAPPED | address & 0xffff_ffffL, other);
        assertThat(frame.checksumsAreRight()).isTrue();
        assertThat(frame.parsed().destinationPort).isEqualTo(other);
        Rewrite.destination(frame.vnetHeader, packet, high, low, to);
        assertThat(frame.now()).isEqualTo(frame.bytes);
    }

    /// A fragment of a packet that would be `ends`: the first one of a whole frame, or one behind it.
    private static Frame fragment(Ends ends, boolean toIt, int id, int offset) {
        byte[] bytes = (toIt ? Frame.toIt(ends) : Frame.of(ends)).bytes;
        ByteBuffer frame = ByteBuffer.wrap(bytes);
        frame.putShort(18, (short) id).putShort(20, (short) (0x2000 | offset)).putShort(24, (short) 0);
        if (offset > 0) {
            frame.putLong(34, 0x0badcafe_0badcafeL);
        }
        frame.putShort(24, (short) ~headerSum(bytes));
        return new Frame(bytes);
    }

    private static int headerSum(byte[] bytes) {
        int sum = 0;
        for (int at = 14; at < 34; at += 2) {
            sum += (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
        }
        return (sum & 0xffff) + (sum >> 16);
    }

    @Test
    void laterFragmentsGoWhereTheirFirstOneWentAndBack() {
        firewall.add("in nat to 10.0.0.77:53 proto udp dport 5353");
        Ends asked = new Ends(false, "192.0.2.9", 999, "10.0.0.1", 5353);
        Ends rewritten = new Ends(false, "192.0.2.9", 999, "10.0.0.77", 53);
        Frame early = fragment(asked, true, 7, 185);
        assertThat(early.toGuest(firewall)).isTrue();
        assertThat(early.now()).as("its first one has not come").isEqualTo(early.bytes);
        assertThat(fragment(asked, true, 7, 0).toGuest(firewall)).isTrue();
        Frame later = fragment(asked, true, 7, 185);
        assertThat(later.toGuest(firewall)).isTrue();
        assertThat(later.now()).isEqualTo(fragment(rewritten, true, 7, 185).bytes);
        Frame other = fragment(asked, true, 8, 185);
        assertThat(other.toGuest(firewall)).isTrue();
        assertThat(other.now()).as("another packet's").isEqualTo(other.bytes);

        assertThat(fragment(rewritten.answer(), false, 9, 0).fromGuest(firewall)).isTrue();
        Frame answer = fragment(rewritten.answer(), false, 9, 185);
        assertThat(answer.fromGuest(firewall)).isTrue();
        assertThat(answer.now()).isEqualTo(fragment(asked.answer(), false, 9, 185).bytes);
        assertThat(firewall.rules().getFirst().packets()).isEqualTo(2);

        now += FragmentTable.LIFETIME_NS + 1;
        Frame late = fragment(asked, true, 7, 185);
        late.toGuest(firewall);
        assertThat(late.now()).as("too late").isEqualTo(late.bytes);
    }

    @Test
    void aFloodOfFirstFragmentsCostsTheOldestTheirPlaces() {
        firewall.add("in nat to 10.0.0.77 proto udp");
        Ends asked = new Ends(false, "192.0.2.9", 999, "10.0.0.1", 5353);
        for (int id = 0; id <= FragmentTable.CAPACITY; id++) {
            fragment(asked, true, id, 0).toGuest(firewall);
        }
        for (int id = 0; id <= FragmentTable.CAPACITY; id++) {
            Frame later = fragment(asked, true, id, 100);
            assertThat(later.toGuest(firewall)).isTrue();
            assertThat(later.parsed().destinationLow).as("of packet " + id)
                    .isEqualTo(id == 0 ? 0xffff_0a00_0001L : 0xffff_0a00_004dL);
        }
    }

    @Test
    void aWrongChecksumStaysWrongAndNoneStaysNone() {
        firewall.add("in nat to :53 proto udp dport 5353");
        byte[] bytes = Frame.toIt(new Ends(false, "192.0.2.9", 1, "10.0.0.1", 5353)).bytes;
        bytes[40] ^= 1;
        Frame wrong = new Frame(bytes);
        wrong.toGuest(firewall);
        assertThat(wrong.checksumsAreRight()).isFalse();
        bytes[40] = 0;
        bytes[41] = 0;
        Frame none = new Frame(bytes);
        none.toGuest(firewall);
        assertThat(none.parsed().destinationPort).isEqualTo(53);
        assertThat(none.now()[40] | none.now()[41]).isZero();
    }

    @Test
    void whatTheGuestAsksItselfIsNotTakenForAnAnswer() {
        firewall.add("in nat to :80 proto tcp dport 8080");
        Frame frame = Frame.of(REWRITTEN.answer());
        assertThat(frame.fromGuest(firewall)).isTrue();
        assertThat(frame.now()).isEqualTo(frame.bytes);
    }

    @Test
    void theGuestsOwnQuestionsCanBeSentElsewhereToo() {
        firewall.add("out nat to 10.0.0.53:5353 proto udp dport 53");
        Frame question = Frame.of(new Ends(false, "10.0.0.1", 999, "192.0.2.1", 53));
        assertThat(question.fromGuest(firewall)).isTrue();
        assertThat(question.parsed().destinationLow).isEqualTo(0xffff_0a00_0035L);
        Frame answer = Frame.toIt(new Ends(false, "10.0.0.53", 5353, "10.0.0.1", 999));
        assertThat(answer.toGuest(firewall)).isTrue();
        assertThat(answer.now()).isEqualTo(Frame.toIt(new Ends(false, "192.0.2.1", 53, "10.0.0.1", 999)).bytes);
    }

    @Test
    void aConnectionIsForgottenAfterItsTime() {
        firewall.add("in nat to :80 proto tcp dport 8080");
        flagged(QUESTION, true, SYN).toGuest(firewall);
        now += 61 * SECOND_NS;
        assertThat(isUndone(REWRITTEN, QUESTION)).as("nobody answered for a minute").isFalse();
        flagged(QUESTION, true, SYN).toGuest(firewall);
        assertThat(isUndone(REWRITTEN, QUESTION)).isTrue();
        now += 3000 * SECOND_NS;
        assertThat(isUndone(REWRITTEN, QUESTION)).as("open connections may be silent").isTrue();
        flagged(QUESTION, true, FIN).toGuest(firewall);
        now += 100 * SECOND_NS;
        assertThat(isUndone(REWRITTEN, QUESTION)).isTrue();
        now += 121 * SECOND_NS;
        assertThat(isUndone(REWRITTEN, QUESTION)).as("closed").isFalse();
    }

    @Test
    void aRuleThatIsRemovedEndsItsConnections() {
        firewall.add("in nat to :80 proto tcp dport 8080");
        flagged(QUESTION, true, SYN).toGuest(firewall);
        firewall.delete(1);
        assertThat(isUndone(REWRITTEN, QUESTION)).isFalse();
    }

    @Test
    void aFullTableRefusesNewConnectionsAndKeepsTheOldOnes() {
        firewall.add("in nat to :80 proto tcp dport 8080");
        Frame.toIt(QUESTION).toGuest(firewall);
        int refused = 0;
        for (int port = 1; port <= 5000; port++) {
            refused += Frame.toIt(new Ends(true, "198.51.100.7", port, "10.0.0.1", 8080)).toGuest(firewall) ? 0 : 1;
        }
        assertThat(refused).isEqualTo(5000 - (ConnectionTable.CAPACITY - 1));
        assertThat(firewall.rules().getFirst().dropped()).isEqualTo(refused);
        assertThat(isUndone(REWRITTEN, QUESTION)).isTrue();
        now += 61 * SECOND_NS;
        int accepted = 0;
        // A search for an expired place is short, and may miss a few: chains are as long as the seed makes them.
        for (int port = 1; port <= 2000; port++) {
            accepted += Frame.toIt(new Ends(true, "203.0.113.7", port, "10.0.0.1", 8080)).toGuest(firewall) ? 1 : 0;
        }
        assertThat(accepted).as("what had expired gives way").isBetween(1980, 2000);
        assertThat(isUndone(REWRITTEN, QUESTION)).isTrue();
    }

    @Test
    void twoConnectionsThatWouldBecomeOneAreNotMixedUp() {
        firewall.add("in nat to :80 proto tcp dport 8080-8081");
        Ends second = new Ends(true, "192.0.2.9", 40_000, "10.0.0.1", 8081);
        assertThat(Frame.toIt(QUESTION).toGuest(firewall)).isTrue();
        assertThat(Frame.toIt(second).toGuest(firewall)).isFalse();
        assertThat(isUndone(REWRITTEN, QUESTION)).isTrue();
    }
}
