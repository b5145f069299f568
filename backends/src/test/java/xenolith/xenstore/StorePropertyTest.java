package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import xenolith.abi.io.XsWire;

class StorePropertyTest {
    private static final String[] NAMES = {"a", "b", "c"};

    @Property(tries = 300)
    void randomPayloadsOfAnyOperationNeverCrashAndKeepTheTreeWhole(@ForAll @IntRange(min = -1, max = 24) int type,
            @ForAll @Size(max = 200) byte[] payload, @ForAll @IntRange(min = 0, max = 2) int txId) {
        Talk talk = new Talk();
        talk.begin(7);
        talk.connection(7).handle(new Message(type, 1, txId, payload));
        talk.connection(0).handle(new Message(type, 1, txId, payload));
        assertThat(TreeCheck.fault(talk.store().tree())).isNull();
    }

    /// Payloads of the right alphabet reach deeper than random bytes do.
    @Property(tries = 100)
    void randomRequestsOfManyClientsKeepTheTreeWhole(@ForAll long seed) {
        Random random = new Random(seed);
        Talk talk = new Talk(new Quota(20, 5, 3, 8, 3, 20, 20, 30));
        talk.says(0, XsWire.XS_MKDIR, "/a|", "OK|").says(0, XsWire.XS_SET_PERMS, "/a|b0|", "OK|");
        for (int i = 0; i < 300; i++) {
            int domid = random.nextInt(4);
            int type = random.nextInt(XsWire.XS_TYPE_COUNT);
            int txId = random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 0;
            talk.connection(domid).handle(new Message(type, i, txId, Talk.bytes(randomPayload(random))));
            assertThat(TreeCheck.fault(talk.store().tree())).isNull();
        }
    }

    @Property(tries = 100)
    void theTreeAnswersAsASortedMapOfPathsDoes(@ForAll long seed) {
        Random random = new Random(seed);
        StoreClient client = StoreClient.of(new Store(Quota.DEFAULT), Caller.DOM0);
        TreeMap<String, String> model = new TreeMap<>();
        for (int i = 0; i < 200; i++) {
            String path = randomPath(random);
            if (random.nextInt(3) == 0) {
                client.remove(path);
                model.keySet().removeIf(key -> key.equals(path) || key.startsWith(path + '/'));
            } else {
                client.write(path, "v" + i);
                for (int at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
                    model.putIfAbsent(path.substring(0, at), "");
                }
                model.put(path, "v" + i);
            }
        }
        for (Map.Entry<String, String> entry : model.entrySet()) {
            assertThat(client.read(entry.getKey())).contains(entry.getValue());
            assertThat(client.list(entry.getKey())).isEqualTo(childrenIn(model, entry.getKey()));
        }
        assertThat(client.list("/")).isEqualTo(childrenIn(model, ""));
    }

    /// Of two transactions that interleave at random, the result equals the one after the other; or the second fails.
    @Property(tries = 300)
    void transactionsThatCommitAreSerialisable(@ForAll long seed) {
        Random random = new Random(seed);
        Store store = new Store(Quota.DEFAULT);
        StoreClient client = StoreClient.of(store, Caller.DOM0);
        for (String name : NAMES) {
            client.write("/" + name, "1");
        }
        Transaction first = store.begin(Caller.DOM0);
        Transaction second = store.begin(Caller.DOM0);
        Map<String, Integer> firstModel = values(client);
        for (int i = 0; i < 6; i++) {
            addTwo(random.nextBoolean() ? first : second, random);
        }
        store.commit(first);
        Map<String, Integer> afterFirst = values(client);
        try {
            store.commit(second);
        } catch (XenstoreException.Conflict _) {
            assertThat(values(client)).as("a failed commit leaves nothing").isEqualTo(afterFirst);
            return;
        }
        // Each step keeps the law that a transaction adds what it read of one node to another: replay it in order.
        Map<String, Integer> expected = replay(second, replay(first, firstModel));
        assertThat(values(client)).isEqualTo(expected);
    }

    private final Map<Transaction, List<String[]>> steps = new java.util.HashMap<>();

    /// Reads one node and writes twice its value into another.
    private void addTwo(Transaction transaction, Random random) {
        String from = NAMES[random.nextInt(NAMES.length)];
        String to = NAMES[random.nextInt(NAMES.length)];
        int value = Integer.parseInt(new String(transaction.read(Path.of("/" + from)), StandardCharsets.US_ASCII));
        byte[] doubled = Integer.toString(value * 2 + 1).getBytes(StandardCharsets.US_ASCII);
        transaction.apply(new Change.Write(Path.of("/" + to), doubled));
        steps.computeIfAbsent(transaction, _ -> new java.util.ArrayList<>()).add(new String[] {from, to});
    }

    private Map<String, Integer> replay(Transaction transaction, Map<String, Integer> start) {
        Map<String, Integer> values = new TreeMap<>(start);
        for (String[] step : steps.getOrDefault(transaction, List.of())) {
            values.put(step[1], values.get(step[0]) * 2 + 1);
        }
        return values;
    }

    private static Map<String, Integer> values(StoreClient client) {
        Map<String, Integer> values = new TreeMap<>();
        for (String name : NAMES) {
            values.put(name, Integer.parseInt(client.read("/" + name).orElseThrow()));
        }
        return values;
    }

    private static List<String> childrenIn(TreeMap<String, String> model, String path) {
        return model.keySet().stream().filter(key -> key.startsWith(path + '/'))
                .map(key -> key.substring(path.length() + 1)).filter(rest -> rest.indexOf('/') < 0).sorted().toList();
    }

    private static String randomPath(Random random) {
        StringBuilder path = new StringBuilder();
        int depth = 1 + random.nextInt(4);
        for (int i = 0; i < depth; i++) {
            path.append('/').append(NAMES[random.nextInt(NAMES.length)]);
        }
        return path.toString();
    }

    private static String randomPayload(Random random) {
        String first = random.nextInt(4) == 0 ? "@releaseDomain" : randomPath(random);
        String second = switch (random.nextInt(6)) {
            case 0 -> "T|";
            case 1 -> "b" + random.nextInt(4) + "|r" + random.nextInt(4) + '|';
            case 2 -> random.nextInt(4) + "|";
            case 3 -> "token|";
            case 4 -> "value";
            default -> "";
        };
        return random.nextInt(5) == 0 ? second : first + '|' + second;
    }
}
