package xenolith.tool.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceTableTest {
    private final DeviceTable table = new DeviceTable("Name", "name", "Path", "path", "State", "state");

    private static Map<String, Object> device(Object... fields) {
        Map<String, Object> device = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            device.put((String) fields[i], fields[i + 1]);
        }
        return device;
    }

    private final List<Map<String, Object>> devices = List.of(
            device("name", "xvda", "number", 51712L, "state", "connected", "path", "/a.img",
                    "counters", Map.of("reads", 3L)),
            device("name", "xvdaa", "state", "init_wait", "hindrance", "nobody\u001b[2J\nuses it",
                    "counters", Map.of()));

    @Test
    void eachDeviceIsALineBelowItsHeading() {
        assertThat(table.text(devices, false)).isEqualTo("""
                Name   Path    State
                xvda   /a.img  connected
                xvdaa  -       init_wait
                  not in use: nobody?[2J?uses it
                """);
    }

    @Test
    void whatADeviceHasCountedIsSaidWhenAskedFor() {
        assertThat(table.text(devices, true)).isEqualTo("""
                Name   Path    State
                xvda   /a.img  connected
                  reads=3
                xvdaa  -       init_wait
                  not in use: nobody?[2J?uses it
                """);
    }

    @Test
    void noDevicesAreNoLine() {
        assertThat(table.text(List.of(), true)).isEmpty();
    }
}
