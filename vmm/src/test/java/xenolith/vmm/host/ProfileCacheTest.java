package xenolith.vmm.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileCacheTest {
    private static final String KEY = "this host";

    @TempDir
    Path folder;

    private ProfileCache cache;

    @BeforeEach
    void anEmptyCache() {
        cache = new ProfileCache(folder.resolve("new").resolve("xenolith"));
    }

    @Test
    void nothingIsFoundBeforeAnythingIsStored() {
        assertThat(cache.find(KEY)).isEmpty();
    }

    @Test
    void whatWasStoredLastIsFound() throws IOException {
        HostProfile first = Profiles.software();
        cache.store(KEY, new HostProfile(11, first.capabilities(), first.behaviour(), first.costs()));
        cache.store(KEY, first);
        assertThat(cache.find(KEY)).contains(first);
        try (Stream<Path> files = Files.list(cache.file().getParent())) {
            assertThat(files).containsExactly(cache.file());
        }
    }

    @Test
    void aProfileOfAnotherHostIsIgnored() {
        cache.store("another host", Profiles.software());
        assertThat(cache.find(KEY)).isEmpty();
    }

    @Test
    void aDamagedFileIsIgnored() throws IOException {
        cache.store(KEY, Profiles.software());
        String text = Files.readString(cache.file());
        Files.writeString(cache.file(), text.replace("host_writes_coherent=no", "host_writes_coherent=yes"));
        assertThat(cache.find(KEY)).isEmpty();
        Files.write(cache.file(), new byte[] {(byte) 0xff, (byte) 0xfe});
        assertThat(cache.find(KEY)).isEmpty();
    }

    @Test
    void aCacheThatCannotBeWrittenIsNoError() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        ProfileCache impossible = new ProfileCache(file);
        impossible.store(KEY, Profiles.software());
        assertThat(impossible.find(KEY)).isEmpty();
        assertThat(file).hasContent("no folder");
    }
}
