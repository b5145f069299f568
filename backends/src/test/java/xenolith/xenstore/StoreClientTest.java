package xenolith.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.xenstore.Permissions.Access;

@Timeout(20)
class StoreClientTest {
    private final Store store = new Store(Quota.DEFAULT);
    private final StoreClient client = StoreClient.of(store, Caller.DOM0);

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void missingNodesAreEmptyAnswersNotFailures() {
        assertThat(client.read("/a/b")).isEmpty();
        assertThat(client.list("/a/b")).isEmpty();
        assertThat(client.exists("/a/b")).isFalse();
        client.remove("/a/b");
        assertThat(client.exists("/a")).isFalse();
    }

    @Test
    void arraysGivenAndGottenAreCopies() {
        byte[] given = {1, 2};
        client.writeBytes("/a", given);
        given[0] = 9;
        byte[] gotten = client.readBytes("/a").orElseThrow();
        gotten[1] = 9;
        assertThat(client.readBytes("/a")).contains(new byte[] {1, 2});
    }

    @Test
    void aGuestsClientIsHeldToItsPermissions() {
        client.write("/a", "x");
        try (StoreClient guest = StoreClient.of(store, Caller.guest(7))) {
            assertThatThrownBy(() -> guest.read("/a")).isInstanceOf(XenstoreException.AccessDenied.class);
            assertThatThrownBy(() -> guest.write("/a", "y")).isInstanceOf(XenstoreException.AccessDenied.class);
            client.setPermissions("/a", Permissions.ownedBy(0).and(7, Access.READ));
            assertThat(guest.read("/a")).contains("x");
        }
    }

    @Test
    void aTransactionThatMeetsAConflictIsRunAgain() {
        client.write("/n", "1");
        List<Integer> attempts = new ArrayList<>();
        client.transaction(tx -> {
            int n = Integer.parseInt(tx.read("/n").orElseThrow());
            attempts.add(n);
            if (attempts.size() == 1) {
                client.write("/n", "10");
            }
            tx.write("/n", Integer.toString(n + 1));
            return null;
        });
        assertThat(attempts).containsExactly(1, 10);
        assertThat(client.read("/n")).contains("11");
    }

    @Test
    void aTransactionWhoseBodyThrowsChangesNothing() {
        assertThatThrownBy(() -> client.transaction(tx -> {
            tx.write("/a", "x");
            throw new IllegalArgumentException("enough");
        })).hasMessage("enough");
        assertThat(client.exists("/a")).isFalse();
    }

    @Test
    void countersIncrementedByManyThreadsLoseNothing() throws InterruptedException {
        client.write("/n", "0");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int j = 0; j < 200; j++) {
                    client.transaction(tx -> {
                        tx.write("/n", Integer.toString(Integer.parseInt(tx.read("/n").orElseThrow()) + 1));
                        return null;
                    });
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(client.read("/n")).contains("800");
    }

    @Test
    void callbacksComeInOrderAndMayUseTheClient() throws InterruptedException {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        client.watch("/a", path -> seen.add(path + "=" + client.read(path).orElse("gone")));
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("/a=gone");
        client.write("/a/b", "1");
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("/a/b=1");
        client.remove("/a");
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("/a=gone");
    }

    @Test
    void aClosedWatchIsSilentAndClosingTwiceIsNoHarm() throws InterruptedException {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        StoreClient.WatchHandle handle = client.watch("/a", seen::add);
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("/a");
        handle.close();
        handle.close();
        client.write("/a", "x");
        BlockingQueue<String> other = new LinkedBlockingQueue<>();
        client.watch("/b", other::add);
        assertThat(other.poll(5, TimeUnit.SECONDS)).isEqualTo("/b");
        assertThat(seen).isEmpty();
    }

    @Test
    void aCallbackThatFailsDoesNotStopTheNext() throws InterruptedException {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        client.watch("/a", path -> {
            seen.add(path);
            if (seen.size() == 1) {
                throw new IllegalStateException("first");
            }
        });
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("/a");
        seen.add("filler");
        client.write("/a/b", "x");
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("filler");
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("/a/b");
    }

    @Test
    void twoWatchesOfOnePathBothFire() throws InterruptedException {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        client.watch("/a", path -> seen.add("one " + path));
        client.watch("/a", 0, path -> seen.add("two " + path));
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("one /a");
        assertThat(seen.poll(5, TimeUnit.SECONDS)).isEqualTo("two /a");
    }
}
