package xenolith.tool.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.input.BadInputException;
import xenolith.tool.nic.NicConfig.Attachment;

class NicConfigTest {
    private static void isRefused(String text, String message) {
        assertThatThrownBy(() -> NicConfig.parse(text)).isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"tap,TAP,''", "tap=vm0,TAP,vm0", "bridge=br0,BRIDGE,br0", "switch=lab,SWITCH,lab", "user,USER,''",
        "'mac=00:16:3e:01:02:03,bridge=br0',BRIDGE,br0"})
    void anInterfaceIsAttachedToOneThing(String text, Attachment attachment, String target) {
        NicConfig config = NicConfig.parse(text);
        assertThat(config.attachment()).isEqualTo(attachment);
        assertThat(config.target()).isEqualTo(target);
        assertThat(config.mtu()).isEqualTo(1500);
    }

    @Test
    void allThatXlCanSayOfAPvInterfaceIsUnderstood() {
        NicConfig config = NicConfig.parse("mac=00:16:3E:AA:bb:cc, bridge=xenbr0, vifname=web0,ip=10.0.0.2 fd00::2,"
                + "rate=10Mb/s@100ms,mtu=9000,type=vif,model=e1000,backend=Domain-0,devid=0");
        assertThat(config.mac()).contains(new MacAddress("00:16:3e:aa:bb:cc"));
        assertThat(config.tapName()).isEqualTo("web0");
        assertThat(config.ips()).isEqualTo(List.of("10.0.0.2", "fd00::2"));
        assertThat(config.rate()).contains(new NicRate(125_000, 100_000));
        assertThat(config.mtu()).isEqualTo(9000);
    }

    @Test
    void anInterfaceMayBeServedByAProcessOfItsOwn() {
        NicConfig own = NicConfig.parse("tap=vm0,rules=fw,backend=process,rate=1Mb/s", Path.of("/etc"));
        assertThat(own.place()).isEqualTo(new BackendPlace.OwnProcess());
        assertThat(own.words()).isEqualTo("tap=vm0,rules=/etc/fw,rate=1Mb/s");
        NicConfig others = NicConfig.parse("backend=unix:nic.sock,mac=00:16:3e:01:02:03,mtu=9000", Path.of("/run"));
        assertThat(others.place()).isEqualTo(new BackendPlace.Listening(Path.of("/run/nic.sock")));
        assertThat(others.mtu()).isEqualTo(9000);
        assertThat(others.attachment()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mac=00:16:3e:01:02:03", "rate=1Mb/s"})
    void anInterfaceThatIsAttachedToNothingIsRefused(String text) {
        isRefused(text, text.isEmpty() ? "means nothing" : "is attached to nothing");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "tap,bridge=br0 | is attached to two things",
        "switch=lan,hostip=10.0.0.1 | 'switch' has no interface of the host's",
        "user,vifname=vm0 | 'user' has no interface of the host's",
        "bridge | a bridge needs a name",
        "switch= | a switch needs a name",
        "user=me | 'user' takes no value",
        "tap,mac=00:16:3e:01:02 | is no MAC address",
        "tap,mac=01:16:3e:01:02:03 | is a group's",
        "tap,mac=00:00:00:00:00:00 | is no interface's",
        "tap,ip=10.0.0.256 | is no IP address",
        "tap,ip=fd00:::2 | is no IP address",
        "tap,ip=host.example | is no IP address",
        "tap,mtu=67 | mtu is 68 to 65521",
        "tap,mtu=1e3 | mtu is 68 to 65521",
        "tap,rate=10 | is no rate",
        "tap,rate=10Mb/s@1h | is no rate",
        "tap,rate=1b/s@1us | lets nothing through",
        "tap,rate=999999999999GB/s@999999999s | lets too much through",
        "tap,hostip=10.0.0.1/33 | is no address and prefix",
        "tap,type=ioemu | no card is emulated",
        "tap,backend=driver-domain | backend is process or unix:PATH",
        "tap,backend=unix:/run/x | say all but mac and mtu",
        "ip=10.0.0.2,backend=unix:/run/x | say all but mac and mtu",
        "backend=process | is attached to nothing",
        "tap,script=vif-nat | 'script' is not known here",
        "tap,colour=red | 'colour' in the interface",
        "tap,mac=00:16:3e:01:02:03,mac=00:16:3e:01:02:03 | needs one value",
        "tap=sixteen-letters- | has more than 15 characters",
        "bridge=a/b | cannot be an interface's name",
        "tap=a%d | cannot be an interface's name"})
    void whatMakesNoSenseIsToldInALine(String text, String message) {
        isRefused(text, message);
    }

    @ParameterizedTest
    @CsvSource({"8b/s@1s,1,1000000", "1KB/s,50,50000", "1MB/s@20ms,20000,20000", "1Gb/s,6250000,50000",
        "250KB/s@500us,125,500"})
    void aRateIsBytesInEachPeriod(String text, long bytes, long periodUs) {
        assertThat(NicRate.parse(text)).isEqualTo(new NicRate(bytes, periodUs));
    }

    @Test
    void anAddressFollowsFromTheDomainsNameAndStaysTheSame() {
        MacAddress mac = MacAddress.derived("web", 0);
        assertThat(mac).isEqualTo(MacAddress.derived("web", 0)).isNotEqualTo(MacAddress.derived("web", 1))
                .isNotEqualTo(MacAddress.derived("web2", 0));
        assertThat(mac.text()).matches("00:16:3e(:[0-9a-f]{2}){3}");
        assertThat(mac.octets()).hasSize(6).startsWith(0x00, 0x16, 0x3e);
    }
}
