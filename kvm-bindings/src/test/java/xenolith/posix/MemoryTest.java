package xenolith.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// [Memfd] and [Mapping].
class MemoryTest {
    private static final long PAGE = 4096;

    @Test
    void twoMappingsOfOneMemfdShowTheSameBytes() {
        try (Fd fd = Memfd.create("test", 4 * PAGE);
                Mapping all = Mapping.shared(fd, 0, 4 * PAGE, true);
                Mapping third = Mapping.shared(fd, 2 * PAGE, PAGE, true)) {
            third.segment().set(JAVA_LONG, 8, 0x1234);
            assertThat(all.segment().get(JAVA_LONG, 2 * PAGE + 8)).isEqualTo(0x1234);
            assertThat(all.segment().get(JAVA_LONG, PAGE)).isZero();
        }
    }

    @Test
    void aMemfdKeepsItsSizeWhateverOthersWhoHaveItDo() {
        try (Fd fd = Memfd.create("test", 2 * PAGE); Mapping mapping = Mapping.shared(fd, 0, 2 * PAGE, true)) {
            CallState state = CallState.ofThread();
            assertThat(Libc.ftruncate(state, fd.raw(), PAGE)).isEqualTo(-Errno.EPERM);
            assertThat(Libc.ftruncate(state, fd.raw(), 3 * PAGE)).isEqualTo(-Errno.EPERM);
            assertThat(Libc.fallocate(state, fd.raw(), 0, 0, 3 * PAGE)).isEqualTo(-Errno.EPERM);
            mapping.segment().set(JAVA_LONG, PAGE, 5);
            assertThat(Libc.fcntl(state, fd.raw(), 1033, 8)).as("nor can they forbid to write").isEqualTo(-Errno.EPERM);
            Mapping.shared(fd, 0, PAGE, true).close();
        }
    }

    @Test
    void twoFilesAreMappedOneBehindTheOther() {
        try (Fd first = Memfd.create("first", 2 * PAGE); Fd second = Memfd.create("second", PAGE);
                Mapping both = Mapping.sharedPair(first, 2 * PAGE, second, PAGE);
                Mapping ofSecond = Mapping.shared(second, 0, PAGE, true)) {
            assertThat(both.segment().byteSize()).isEqualTo(3 * PAGE);
            both.segment().fill((byte) 7);
            both.segment().set(JAVA_LONG, 2 * PAGE + 8, 0x1234);
            assertThat(ofSecond.segment().get(JAVA_LONG, 8)).isEqualTo(0x1234);
            Memfd.punchHole(first, PAGE, PAGE);
            assertThat(both.segment().get(JAVA_LONG, PAGE)).isZero();
            assertThat(both.segment().get(JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 7);
            assertThat(both.segment().get(JAVA_BYTE, 2 * PAGE)).isEqualTo((byte) 7);
        }
    }

    @Test
    void aMappingOutlivesItsDescriptor() {
        Fd fd = Memfd.create("test", PAGE);
        try (Mapping mapping = Mapping.shared(fd, 0, PAGE, true)) {
            fd.close();
            mapping.segment().set(JAVA_LONG, 0, 7);
            assertThat(mapping.segment().get(JAVA_LONG, 0)).isEqualTo(7);
        }
    }

    @Test
    void aReadOnlyMappingRefusesWrites() {
        try (Fd fd = Memfd.create("test", PAGE); Mapping mapping = Mapping.shared(fd, 0, PAGE, false)) {
            assertThatThrownBy(() -> mapping.segment().set(JAVA_BYTE, 0, (byte) 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aMappingIsUsableFromEveryThread() {
        try (Mapping mapping = Mapping.anonymous(PAGE)) {
            CompletableFuture.runAsync(() -> mapping.segment().set(JAVA_LONG, 0, 42)).join();
            assertThat(mapping.segment().get(JAVA_LONG, 0)).isEqualTo(42);
        }
    }

    @Test
    void useAfterCloseThrowsInsteadOfCrashing() {
        Mapping mapping = Mapping.anonymous(PAGE);
        mapping.close();
        assertThatThrownBy(() -> mapping.segment().get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aHoleReadsAsZeroesInEveryMapping() {
        try (Fd fd = Memfd.create("test", 3 * PAGE); Mapping mapping = Mapping.shared(fd, 0, 3 * PAGE, true)) {
            mapping.prefault(0, 3 * PAGE);
            mapping.segment().fill((byte) 0x55);
            Memfd.punchHole(fd, PAGE, PAGE);
            assertThat(mapping.segment().get(JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 0x55);
            assertThat(mapping.segment().get(JAVA_BYTE, PAGE)).isZero();
            assertThat(mapping.segment().get(JAVA_BYTE, 2 * PAGE - 1)).isZero();
            assertThat(mapping.segment().get(JAVA_BYTE, 2 * PAGE)).isEqualTo((byte) 0x55);
        }
    }

    @Test
    void prefaultStaysWithinTheMapping() {
        try (Mapping mapping = Mapping.anonymous(PAGE)) {
            assertThatThrownBy(() -> mapping.prefault(0, 2 * PAGE)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void anImpossibleMappingIsAHostFailure() {
        assertThatThrownBy(() -> Mapping.anonymous(1L << 62)).isInstanceOf(HostException.class)
                .hasMessage("mmap: ENOMEM (Cannot allocate memory)");
    }
}
