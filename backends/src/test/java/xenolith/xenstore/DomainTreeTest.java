package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DomainTreeTest {
    /// What Xen 4.17's toolstack wrote for a domain of 256 MiB, but for `console/tty`, which its console daemon adds.
    private static final String XEN_4_17 = """
            /local/domain/5/attr = ""   (n5)
            /local/domain/5/console = ""   (n0,r5)
            /local/domain/5/console/backend = "/local/domain/0/backend/console/5/0"   (n0,r5)
            /local/domain/5/console/backend-id = "0"   (n5,r0)
            /local/domain/5/console/limit = "1048576"   (n0,r5)
            /local/domain/5/console/output = "pty"   (n0,r5)
            /local/domain/5/console/port = "2"   (n0,r5)
            /local/domain/5/console/ring-ref = "724994"   (n0,r5)
            /local/domain/5/console/type = "xenconsoled"   (n0,r5)
            /local/domain/5/control = ""   (n0,r5)
            /local/domain/5/control/feature-poweroff = ""   (n5)
            /local/domain/5/control/feature-reboot = ""   (n5)
            /local/domain/5/control/feature-suspend = ""   (n5)
            /local/domain/5/control/platform-feature-multiprocessor-suspend = "1"   (n0,r5)
            /local/domain/5/control/platform-feature-xs_reset_watches = "1"   (n0,r5)
            /local/domain/5/control/shutdown = ""   (n5)
            /local/domain/5/control/sysrq = ""   (n5)
            /local/domain/5/cpu = ""   (n0,r5)
            /local/domain/5/cpu/0 = ""   (n0,r5)
            /local/domain/5/cpu/0/availability = "online"   (n0,r5)
            /local/domain/5/cpu/1 = ""   (n0,r5)
            /local/domain/5/cpu/1/availability = "online"   (n0,r5)
            /local/domain/5/data = ""   (n5)
            /local/domain/5/device = ""   (n0,r5)
            /local/domain/5/device/suspend = ""   (n0,r5)
            /local/domain/5/device/suspend/event-channel = ""   (n5)
            /local/domain/5/domid = "5"   (n0,r5)
            /local/domain/5/drivers = ""   (n5)
            /local/domain/5/error = ""   (n5)
            /local/domain/5/feature = ""   (n5)
            /local/domain/5/memory = ""   (n0,r5)
            /local/domain/5/memory/static-max = "262144"   (n0,r5)
            /local/domain/5/memory/target = "262144"   (n0,r5)
            /local/domain/5/memory/videoram = "0"   (n0,r5)
            /local/domain/5/name = "lnx6.1"   (n0,r5)
            /local/domain/5/store = ""   (n0,r5)
            /local/domain/5/store/port = "1"   (n0,r5)
            /local/domain/5/store/ring-ref = "724993"   (n0,r5)
            /local/domain/5/vm = "/vm/3a63252d-aea7-4846-8878-568465e8d942"   (n0,r5)
            """;

    private final Store store = new Store(Quota.DEFAULT);
    private final StoreClient client = StoreClient.of(store, Caller.DOM0);

    @BeforeEach
    void writeDomain() {
        DomainTree.writeDom0(client);
        DomainTree.write(client, new DomainDescription(5, UUID.fromString("3a63252d-aea7-4846-8878-568465e8d942"),
                "lnx6.1", 2, 2, 262144, 262144, new DomainDescription.Ring(724993, 1),
                new DomainDescription.Ring(724994, 2)));
    }

    @Test
    void theTreeIsTheOneThatXenMakes() {
        List<String> lines = new ArrayList<>();
        dump("/local/domain/5", lines);
        assertThat(lines).containsExactlyElementsOf(XEN_4_17.lines().toList());
    }

    @Test
    void theDomainReadsItsNodesAndWritesOnlyItsOwn() {
        try (StoreClient guest = StoreClient.of(store, Caller.guest(5))) {
            assertThat(guest.read("domid")).contains("5");
            guest.write("control/shutdown", "");
            guest.write("data/ip", "10.0.0.1");
            guest.write("device/suspend/event-channel", "9");
            assertThatThrownBy(() -> guest.write("name", "other"))
                    .isInstanceOf(XenstoreException.AccessDenied.class);
            assertThatThrownBy(() -> guest.write("memory/target", "0"))
                    .isInstanceOf(XenstoreException.AccessDenied.class);
            assertThatThrownBy(() -> guest.remove("device"))
                    .isInstanceOf(XenstoreException.AccessDenied.class);
        }
    }

    @Test
    void anotherDomainReadsNothingOfIt() {
        try (StoreClient other = StoreClient.of(store, Caller.guest(6))) {
            for (String path : List.of("/local/domain/5", "/local/domain/5/name", "/local/domain/5/nothing",
                    "/vm/3a63252d-aea7-4846-8878-568465e8d942/name")) {
                assertThatThrownBy(() -> other.read(path)).as(path)
                        .isInstanceOf(XenstoreException.AccessDenied.class);
            }
        }
    }

    @Test
    void removalLeavesNoTrace() {
        client.write("/local/domain/0/backend/vif/5/0/state", "1");
        client.write("/local/domain/0/backend/vif/6/0/state", "1");
        DomainTree.remove(client, 5);
        assertThat(client.list("/local/domain")).containsExactly("0");
        assertThat(client.list("/vm")).isEmpty();
        assertThat(client.list("/local/domain/0/backend/console")).isEmpty();
        assertThat(client.list("/local/domain/0/backend/vif")).containsExactly("6");
        assertThat(store.tree().counts().of(5)).isZero();
    }

    @Test
    void cpusBeyondTheFirstOnesAreOffline() {
        DomainTree.write(client, new DomainDescription(6, new UUID(0, 6), "six", 1, 2, 1, 1,
                new DomainDescription.Ring(1, 1), new DomainDescription.Ring(2, 2)));
        assertThat(client.read("/local/domain/6/cpu/0/availability")).contains("online");
        assertThat(client.read("/local/domain/6/cpu/1/availability")).contains("offline");
    }

    private void dump(String path, List<String> lines) {
        for (String name : client.list(path)) {
            String child = path + '/' + name;
            lines.add(child + " = \"" + client.read(child).orElseThrow() + "\"   (" + client.permissions(child) + ")");
            dump(child, lines);
        }
    }
}
