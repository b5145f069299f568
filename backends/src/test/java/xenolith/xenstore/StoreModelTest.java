package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import xenolith.abi.io.XsWire;

/// The store against [NaiveStore], request by request: every reply, and every event of every watch, of clients with and
/// without rights.
class StoreModelTest {
    private static final int REQUESTS = 120;
    private static final int CLIENTS = 4;
    private static final String[] NAMES = {"a", "b"};
    private static final Quota SMALL = new Quota(12, 5, 3, 6, 3, 30, 20, 1000);

    @Property(tries = 400)
    void everyReplyIsTheOneOfTheNaiveStore(@ForAll long seed) {
        run(seed, false);
    }

    @Property(tries = 400)
    void everyWatchHearsWhatTheNaiveStoreSays(@ForAll long seed) {
        run(seed, true);
    }

    private static void run(long seed, boolean watches) {
        Random random = new Random(seed);
        Talk talk = new Talk(SMALL);
        NaiveStore naive = new NaiveStore(SMALL);
        talk.says(0, XsWire.XS_SET_PERMS, "/|b0|", "OK|");
        naive.ask(0, XsWire.XS_SET_PERMS, "/|b0|");
        if (watches) {
            for (int domid = 0; domid < CLIENTS; domid++) {
                String watch = path(random) + "|token|" + (random.nextBoolean() ? random.nextInt(3) + "|" : "");
                talk.says(domid, XsWire.XS_WATCH, watch, "OK|");
                naive.watch(domid, watch);
                assertThat(talk.events(domid)).containsExactlyElementsOf(naive.events(domid)).hasSize(1);
            }
        }
        for (int i = 0; i < REQUESTS; i++) {
            int domid = random.nextInt(CLIENTS);
            int type = type(random);
            String payload = payload(random, type);
            String expected = naive.ask(domid, type, payload);
            assertThat(talk.ask(domid, 0, type, payload))
                    .as("seed %d, request %d: %s %s by %d", seed, i, XsWire.name(type), payload, domid)
                    .isEqualTo(expected);
            for (int hearer = 0; hearer < CLIENTS; hearer++) {
                List<String> heard = talk.events(hearer);
                assertThat(heard).as("seed %d, events of %d after request %d: %s %s by %d", seed, hearer, i,
                        XsWire.name(type), payload, domid).containsExactlyInAnyOrderElementsOf(naive.events(hearer));
            }
        }
        assertThat(TreeCheck.fault(talk.store().tree())).isNull();
    }

    private static int type(Random random) {
        int[] types = {XsWire.XS_READ, XsWire.XS_DIRECTORY, XsWire.XS_GET_PERMS, XsWire.XS_WRITE, XsWire.XS_WRITE,
            XsWire.XS_MKDIR, XsWire.XS_RM, XsWire.XS_SET_PERMS, XsWire.XS_SET_PERMS};
        return types[random.nextInt(types.length)];
    }

    private static String path(Random random) {
        int depth = random.nextInt(4);
        StringBuilder path = new StringBuilder(depth == 0 ? "/" : "");
        for (int i = 0; i < depth; i++) {
            path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
        }
        return path.toString();
    }

    private static String payload(Random random, int type) {
        String path = path(random) + "|";
        return switch (type) {
            case XsWire.XS_WRITE -> path + "value12".substring(random.nextInt(8));
            case XsWire.XS_SET_PERMS -> path + permissions(random);
            default -> path;
        };
    }

    private static String permissions(Random random) {
        StringBuilder permissions = new StringBuilder();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            permissions.append("nrwb".charAt(random.nextInt(4))).append(random.nextInt(CLIENTS)).append('|');
        }
        return permissions.toString();
    }
}
