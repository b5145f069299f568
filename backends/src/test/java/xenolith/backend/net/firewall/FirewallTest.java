package xenolith.backend.net.firewall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.backend.net.firewall.Frame.Ends;

class FirewallTest {
    private static final Ends WEB = new Ends(true, "10.0.0.1", 40_000, "192.0.2.7", 80);
    private static final Ends MAIL = new Ends(true, "10.0.0.1", 40_000, "192.0.2.7", 25);

    private final Firewall firewall = Firewall.guarding(Frame.MAC, List.of("10.0.0.1", "fd00::1"));

    private static Frame changed(Frame frame, int at, int... values) {
        byte[] bytes = frame.bytes.clone();
        for (int i = 0; i < values.length; i++) {
            bytes[at + i] = (byte) values[i];
        }
        return new Frame(bytes);
    }

    @Test
    void whatNoRuleDecidesPasses() {
        assertThat(Frame.of(WEB).fromGuest(firewall)).isTrue();
        assertThat(Frame.toIt(WEB.answer()).toGuest(firewall)).isTrue();
    }

    @Test
    void theFirstRuleThatDecidesCounts() {
        firewall.add("out allow proto tcp dport 80-90 dst 192.0.2.0/24");
        firewall.add("out drop proto tcp");
        firewall.add("out allow proto tcp");
        assertThat(Frame.of(WEB).fromGuest(firewall)).isTrue();
        assertThat(Frame.of(MAIL).fromGuest(firewall)).isFalse();
        assertThat(firewall.rules()).extracting(RuleCount::packets).containsExactly(1L, 1L, 0L);
        assertThat(firewall.rules()).extracting(RuleCount::dropped).containsExactly(0L, 1L, 0L);
        assertThat(firewall.rules().getFirst().bytes()).isEqualTo(Frame.of(WEB).bytes.length);
        firewall.zero();
        assertThat(firewall.rules()).extracting(RuleCount::packets).containsOnly(0L);
    }

    /// A receiver takes tags of VLAN 0 off, however many there are, and goes on as if there were none.
    @Test
    void noTagHidesAPacketFromTheRules() {
        firewall.add("out drop proto tcp dport 25");
        for (int[] tags : new int[][] {{0x8100}, {0x88a8}, {0x8100, 0x8100}, {0x88a8, 0x8100}}) {
            assertThat(tagged(Frame.of(MAIL), tags).fromGuest(firewall)).as(Arrays.toString(tags)).isFalse();
            assertThat(tagged(Frame.of(WEB), tags).fromGuest(firewall)).as(Arrays.toString(tags)).isTrue();
        }
        assertThat(firewall.guarded().malformed()).isZero();
        assertThat(tagged(Frame.of(WEB), 0x8100, 0x8100, 0x8100).fromGuest(firewall)).isFalse();
        assertThat(firewall.guarded().malformed()).isOne();
    }

    @Test
    void noTagHidesALieInArp() {
        Firewall ofAnyIp = Firewall.guarding(Frame.MAC, List.of());
        Frame lie = Frame.arp(Frame.MAC_NUMBER, Frame.OTHER_MAC, "10.0.0.1");
        for (int[] tags : new int[][] {{}, {0x8100}, {0x88a8}, {0x8100, 0x8100}, {0x8100, 0x88a8, 0x8100}}) {
            assertThat(tagged(lie, tags).fromGuest(ofAnyIp)).as(Arrays.toString(tags)).isFalse();
        }
    }

    /// The frame with tags of VLAN 0.
    private static Frame tagged(Frame frame, int... tags) {
        byte[] bytes = new byte[frame.bytes.length + 4 * tags.length];
        System.arraycopy(frame.bytes, 0, bytes, 0, 12);
        for (int i = 0; i < tags.length; i++) {
            bytes[12 + 4 * i] = (byte) (tags[i] >> 8);
            bytes[13 + 4 * i] = (byte) tags[i];
        }
        System.arraycopy(frame.bytes, 12, bytes, 12 + 4 * tags.length, frame.bytes.length - 12);
        return new Frame(bytes);
    }

    @Test
    void aDirectionsRulesAreForItAlone() {
        firewall.add("in drop");
        assertThat(Frame.of(WEB).fromGuest(firewall)).isTrue();
        assertThat(Frame.toIt(WEB.answer()).toGuest(firewall)).isFalse();
        firewall.replace(List.of("both drop proto tcp"));
        assertThat(Frame.of(WEB).fromGuest(firewall)).isFalse();
        assertThat(Frame.toIt(WEB.answer()).toGuest(firewall)).isFalse();
    }

    @Test
    void everyPatternIsHeldAgainstItsField() {
        Ends udp6 = new Ends(false, "fd00::1", 500, "2001:db8::9", 53);
        for (String pattern : List.of("ethertype ip6", "proto udp", "src fd00::/64", "dst 2001:db8::9", "sport 500",
                "dport 50-60", "from-mac " + Frame.MAC, "to-mac 02:16:3e:00:00:02", "")) {
            firewall.replace(List.of("out drop " + pattern));
            assertThat(Frame.of(udp6).fromGuest(firewall)).as(pattern).isFalse();
        }
        for (String pattern : List.of("ethertype ip", "proto tcp", "src fd00:1::/64", "dst 2001:db8::8", "sport 501",
                "dport 54", "from-mac 02:16:3e:00:00:02", "to-mac " + Frame.MAC, "fragment", "dst 0.0.0.0/0",
                "ethertype 0x88cc", "ethertype arp")) {
            firewall.replace(List.of("out drop " + pattern));
            assertThat(Frame.of(udp6).fromGuest(firewall)).as(pattern).isTrue();
        }
    }

    @Test
    void aLaterFragmentIsForNoRuleWithPortsAndCanBeNamed() {
        Frame later = changed(Frame.of(WEB), 14 + 6, 0x00, 0x10);
        firewall.replace(List.of("out drop dport 0-65535"));
        assertThat(later.fromGuest(firewall)).isTrue();
        firewall.replace(List.of("out allow dport 0-65535", "out drop"));
        assertThat(later.fromGuest(firewall)).isFalse();
        firewall.replace(List.of("out drop fragment"));
        assertThat(later.fromGuest(firewall)).isFalse();
        assertThat(Frame.of(WEB).fromGuest(firewall)).isTrue();
    }

    @Test
    void aGuestSendsUnderItsOwnAddressesOnly() {
        assertThat(Frame.of(WEB, Frame.OTHER_MAC, 1, false, false, 0).fromGuest(firewall)).isFalse();
        assertThat(Frame.of(new Ends(true, "10.0.0.2", 1, "192.0.2.7", 2)).fromGuest(firewall)).isFalse();
        assertThat(Frame.of(new Ends(true, "fd00::2", 1, "fd00::9", 2)).fromGuest(firewall)).isFalse();
        assertThat(Frame.of(new Ends(true, "fd00::1", 1, "fd00::9", 2)).fromGuest(firewall)).isTrue();
        assertThat(Frame.of(new Ends(true, "fe80::16:3eff:fe00:1", 1, "fe80::9", 2)).fromGuest(firewall)).isTrue();
        assertThat(Frame.of(new Ends(true, "fe80::16:3eff:fe00:2", 1, "fe80::9", 2)).fromGuest(firewall)).isFalse();
        assertThat(Frame.of(new Ends(true, "10.0.0.2", 1, "192.0.2.7", 2), Frame.MAC_NUMBER, 1, true, false, 0)
                .fromGuest(firewall)).as("behind a VLAN tag").isFalse();
        assertThat(changed(Frame.of(WEB), 12, 0x88, 0xcc).fromGuest(firewall)).as("another protocol").isFalse();
        assertThat(firewall.guarded().foreignMac()).isEqualTo(1);
        assertThat(firewall.guarded().foreignIp()).isEqualTo(5);
    }

    @Test
    void aGuestMayAskForAnAddressAndProbeItsOwn() {
        assertThat(Frame.of(new Ends(false, "0.0.0.0", 68, "255.255.255.255", 67)).fromGuest(firewall)).isTrue();
        assertThat(Frame.of(new Ends(false, "0.0.0.0", 67, "255.255.255.255", 68)).fromGuest(firewall)).isFalse();
        assertThat(Frame.arp(Frame.MAC_NUMBER, Frame.MAC_NUMBER, "0.0.0.0").fromGuest(firewall)).isTrue();
        assertThat(Frame.neighbour(135, "::", "fd00::1", 14, 0).fromGuest(firewall)).isTrue();
        assertThat(Frame.neighbour(135, "::", "fd00::2", 14, 0).fromGuest(firewall)).isFalse();
    }

    @Test
    void arpAndNeighbourDiscoveryCannotLieEither() {
        assertThat(Frame.arp(Frame.MAC_NUMBER, Frame.MAC_NUMBER, "10.0.0.1").fromGuest(firewall)).isTrue();
        assertThat(Frame.arp(Frame.MAC_NUMBER, Frame.MAC_NUMBER, "10.0.0.2").fromGuest(firewall)).isFalse();
        assertThat(Frame.arp(Frame.MAC_NUMBER, Frame.OTHER_MAC, "10.0.0.1").fromGuest(firewall)).isFalse();
        assertThat(Frame.neighbour(136, "fd00::1", "fd00::1", 2, Frame.MAC_NUMBER).fromGuest(firewall)).isTrue();
        assertThat(Frame.neighbour(136, "fd00::1", "fd00::1", 2, Frame.OTHER_MAC).fromGuest(firewall)).isFalse();
        assertThat(Frame.neighbour(136, "fd00::1", "fd00::2", 2, Frame.MAC_NUMBER).fromGuest(firewall)).isFalse();
        assertThat(Frame.neighbour(135, "fd00::1", "fd00::9", 1, Frame.MAC_NUMBER).fromGuest(firewall)).isTrue();
        assertThat(Frame.neighbour(134, "fd00::1", "fd00::9", 1, Frame.MAC_NUMBER).fromGuest(firewall)).isFalse();
        Frame endless = changed(Frame.neighbour(136, "fd00::1", "fd00::1", 2, Frame.MAC_NUMBER), 14 + 40 + 25, 0);
        assertThat(endless.fromGuest(firewall)).as("an option of no length").isFalse();
    }

    @Test
    void withoutAddressesOnlyTheMacIsHeldTo() {
        Firewall macOnly = Firewall.guarding(Frame.MAC, List.of());
        assertThat(Frame.of(new Ends(true, "10.9.9.9", 1, "192.0.2.7", 2)).fromGuest(macOnly)).isTrue();
        assertThat(Frame.arp(Frame.MAC_NUMBER, Frame.MAC_NUMBER, "10.9.9.9").fromGuest(macOnly)).isTrue();
        assertThat(Frame.arp(Frame.MAC_NUMBER, Frame.OTHER_MAC, "10.9.9.9").fromGuest(macOnly)).isFalse();
        assertThat(Frame.of(WEB, Frame.OTHER_MAC, 1, false, false, 0).fromGuest(macOnly)).isFalse();
        assertThat(Frame.of(WEB, Frame.OTHER_MAC, 1, false, false, 0).fromGuest(Firewall.trusting())).isTrue();
    }

    @Test
    void aGuestSeesWhatIsForItOrForMany() {
        assertThat(Frame.of(WEB.answer(), 1, Frame.OTHER_MAC, false, false, 0).toGuest(firewall)).isFalse();
        assertThat(Frame.of(WEB.answer(), 1, 0xffff_ffff_ffffL, false, false, 0).toGuest(firewall)).isTrue();
        assertThat(firewall.guarded().notForIt()).isEqualTo(1);
    }

    @Test
    void ruleNumbersCountFromOneAndAreChecked() {
        firewall.add("in drop proto udp");
        firewall.insert(1, "in drop proto tcp");
        firewall.insert(3, "in  drop   proto icmp");
        assertThat(firewall.rules()).extracting(RuleCount::text)
                .containsExactly("in drop proto tcp", "in drop proto udp", "in drop proto icmp");
        firewall.delete(2);
        assertThat(firewall.rules()).hasSize(2);
        assertThatThrownBy(() -> firewall.delete(3)).hasMessageContaining("there is no rule 3, there are 2");
        assertThatThrownBy(() -> firewall.insert(4, "in drop")).isInstanceOf(RuleSyntaxException.class);
        assertThatThrownBy(() -> firewall.replace(List.of("# fine", "in drop", "", "in dorp")))
                .hasMessageStartingWith("line 4: word 2, 'dorp', is no action");
        assertThat(firewall.rules()).as("nothing has changed").hasSize(2);
        firewall.flush();
        assertThat(firewall.rules()).isEmpty();
    }

    @Test
    void rulesAreBounded() {
        assertThatThrownBy(() -> firewall.replace(java.util.Collections.nCopies(1025, "in drop")))
                .hasMessageContaining("1024");
        assertThatThrownBy(() -> firewall.replace(java.util.Collections.nCopies(65, "in nat to :1 proto tcp")))
                .hasMessageContaining("64");
    }

    /// Every rule of both lists lets the frame pass, so one that is dropped was dropped by the change.
    @Test
    @Timeout(60)
    void aChangeLosesNoFrame() throws Exception {
        List<String> many = new ArrayList<>(java.util.Collections.nCopies(50, "out drop proto udp"));
        many.add("out allow proto tcp");
        many.add("out drop");
        firewall.replace(many);
        AtomicBoolean done = new AtomicBoolean();
        List<Thread> senders = new ArrayList<>();
        AtomicBoolean lost = new AtomicBoolean();
        for (int i = 0; i < 2; i++) {
            senders.add(Thread.ofPlatform().start(() -> {
                Frame frame = Frame.of(WEB);
                while (!done.get()) {
                    if (!frame.fromGuest(firewall)) {
                        lost.set(true);
                    }
                }
            }));
        }
        for (int i = 0; i < 3000; i++) {
            firewall.replace(i % 2 == 0 ? List.of("out allow proto tcp", "out drop") : many);
            firewall.insert(1, "out drop proto icmp");
            firewall.delete(1);
        }
        done.set(true);
        for (Thread sender : senders) {
            sender.join();
        }
        assertThat(lost).isFalse();
    }

    @Property(tries = 5_000)
    void noBytesAtAllAreAnError(@ForAll @Size(max = 160) byte[] bytes, @ForAll @IntRange(max = 5) int type,
            @ForAll boolean toIt) {
        if (bytes.length > 24) {
            int[] types = {0x0800, 0x86dd, 0x0806, 0x8100, 0x0800, 0x86dd};
            bytes[12] = (byte) (types[type] >> 8);
            bytes[13] = (byte) types[type];
            if (type < 2) {
                bytes[14] = (byte) (type == 0 ? 0x45 : 0x60);
            }
            for (int i = 0; i < 6; i++) {
                bytes[(toIt ? 0 : 6) + i] = (byte) (Frame.MAC_NUMBER >> 40 - 8 * i);
            }
        }
        Firewall macOnly = Firewall.guarding(Frame.MAC, List.of());
        macOnly.add("both limit 1gbit");
        macOnly.add("in nat to :7 proto udp");
        macOnly.add("out nat to 10.0.0.7:7 proto tcp");
        macOnly.add("both drop proto icmp6 fragment");
        Frame frame = new Frame(bytes);
        frame.toGuest(macOnly);
        frame.fromGuest(macOnly);
        new Frame(bytes).fromGuest(firewall);
    }
}
