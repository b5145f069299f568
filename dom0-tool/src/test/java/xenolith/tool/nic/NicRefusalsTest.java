package xenolith.tool.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.tool.control.DeviceRequests;
import xenolith.tool.device.DeviceControl;
import xenolith.tool.device.DeviceKind;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.HostUnfitException;

/// What an interface cannot be is said in a line, and by the status whose fault it is.
class NicRefusalsTest {
    @ParameterizedTest
    @CsvSource({"TUNSETIFF,1,true", "/dev/net/tun,13,true", "/dev/net/tun,2,true", "TUNSETIFF,24,true",
        "TUNSETIFF,16,false", "TUNSETIFF,22,false"})
    void whatTheHostDoesNotAllowIsNoMistakeInTheWords(String call, int errno, boolean hosts) {
        RuntimeException refused = NicLinks.refused("no TAP", new HostException(call, errno));
        assertThat(refused).isInstanceOf(hosts ? HostUnfitException.class : BadInputException.class).hasMessage("no TAP");
    }

    @Test
    void aDomainHasSixtyFourInterfaces() {
        try (Nics nics = new Nics("d", null, 1, 1, null)) {
            var taken = new DeviceKind.Taken(new TreeSet<>(LongStream.range(0, 64).boxed().toList()), Set.of());
            assertThatThrownBy(() -> nics.open("switch=lan", Path.of("/"), taken)).isInstanceOf(BadInputException.class)
                    .hasMessage("a domain has at most 64 network interfaces");
        }
    }

    private static Map<String, Object> attach(RuntimeException refusal) {
        DeviceControl devices = new DeviceControl() {
            @Override
            public Map<String, Object> attach(String kind, String text, Path directory, Duration patience) {
                throw refusal;
            }

            @Override
            public String detach(String kind, String name, boolean force, Duration patience) {
                throw refusal;
            }

            @Override
            public List<Map<String, Object>> list(String kind) {
                throw refusal;
            }

            @Override
            public String change(String kind, String name, Map<String, String> wanted, Path directory) {
                throw refusal;
            }

            @Override
            public Map<String, Object> ask(String kind, String name, Map<String, Object> question, Path directory) {
                throw refusal;
            }
        };
        return DeviceRequests.answer(devices, Map.of("do", "attach", "kind", "nic", "device", "tap", "directory", "/",
                "timeout_ms", 1L));
    }

    @Test
    void aHostThatDoesNotAllowItIsNoErrorOfOurs() {
        assertThat(attach(new HostUnfitException("no permission"))).containsEntry("error", "no permission")
                .containsEntry("host_unfit", true);
        assertThat(attach(new HostException("a TAP", Errno.EBUSY)).get("error").toString()).startsWith("a TAP: EBUSY");
        assertThat(attach(new BadInputException("no such thing"))).containsEntry("bad_input", true);
        assertThat(attach(new IllegalStateException("oops")).get("error").toString()).startsWith("internal error");
    }
}
