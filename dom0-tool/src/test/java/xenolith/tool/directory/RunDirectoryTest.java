package xenolith.tool.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.control.RunningDomains;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.HostUnfitException;

class RunDirectoryTest {
    @TempDir
    Path folder;
    private RunBase base;

    @BeforeEach
    void choose() {
        base = new RunBase(folder.resolve("run"));
    }

    private Path entry(String name) {
        return base.path().resolve(name);
    }

    @Test
    void onlyTheOwnerMayLookIntoIt() throws Exception {
        try (RunDirectory _ = RunDirectory.claim(base, "web")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(base.path()))).isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(entry("web")))).isEqualTo("rwx------");
            assertThat(Files.readString(entry("web").resolve("pid"))).isEqualTo(ProcessHandle.current().pid() + "\n");
        }
    }

    @Test
    void itIsGoneAfterTheEnd() {
        RunDirectory directory = RunDirectory.claim(base, "web");
        assertThat(entry("web")).isDirectory();
        directory.close();
        assertThat(entry("web")).doesNotExist();
        directory.close();
        assertThat(base.path()).isDirectory();
    }

    @Test
    void aNameBelongsToOneDomainAtATime() {
        try (RunDirectory _ = RunDirectory.claim(base, "web")) {
            assertThatThrownBy(() -> RunDirectory.claim(base, "web")).isInstanceOf(BadInputException.class)
                    .hasMessage("a domain called web is running already");
            assertThat(entry("web").resolve("pid")).exists();
        }
        RunDirectory.claim(base, "web").close();
    }

    @Test
    void domainsWithoutANameGetTheNextNumber() {
        RunDirectory first = RunDirectory.claimFree(base, "guest");
        try (RunDirectory second = RunDirectory.claimFree(base, "guest")) {
            assertThat(first.name()).isEqualTo("guest");
            assertThat(second.name()).isEqualTo("guest-2");
            first.close();
            try (RunDirectory third = RunDirectory.claimFree(base, "guest")) {
                assertThat(third.name()).isEqualTo("guest");
            }
        }
    }

    @Test
    void whatADeadProcessLeftIsTakenOver() throws Exception {
        base.make();
        RunBase.makeDirectory(entry("web"));
        Files.writeString(entry("web").resolve("pid"), "1\n");
        Files.writeString(entry("web").resolve("lock"), "");
        Files.writeString(entry("web").resolve("xenstore.sock"), "");
        Files.writeString(entry("web").resolve("control.sock"), "");
        try (RunDirectory directory = RunDirectory.claim(base, "web")) {
            assertThat(directory.xenstoreSocket()).doesNotExist();
            assertThat(directory.controlSocket()).doesNotExist();
        }
        assertThat(entry("web")).doesNotExist();
    }

    /// In a container process numbers come again.
    @Test
    void aDeadProcessWithOurNumberIsDeadAllTheSame() throws Exception {
        base.make();
        RunBase.makeDirectory(entry("web"));
        Path pid = Files.writeString(entry("web").resolve("pid"), ProcessHandle.current().pid() + "\n");
        Files.setLastModifiedTime(pid, FileTime.from(Instant.now().minusSeconds(1_000_000)));
        RunDirectory.claim(base, "web").close();
    }

    @Test
    void aLockThatAnotherProcessHoldsIsALiveDomain() throws Exception {
        base.make();
        RunBase.makeDirectory(entry("web"));
        Path lock = Files.writeString(entry("web").resolve("lock"), "");
        Path source = Files.writeString(folder.resolve("Holder.java"), """
                class Holder {
                    public static void main(String[] arguments) throws Exception {
                        try (var file = new java.io.RandomAccessFile(arguments[0], "rw")) {
                            file.getChannel().lock();
                            System.out.println("held");
                            System.in.read();
                        }
                    }
                }
                """);
        Process holder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                source.toString(), lock.toString()).start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("held");
            assertThatThrownBy(() -> RunDirectory.claim(base, "web")).isInstanceOf(BadInputException.class);
        } finally {
            holder.destroyForcibly().waitFor();
        }
        RunDirectory.claim(base, "web").close();
    }

    @Test
    void aNameIsNoWayOutOfTheDirectory() {
        for (String name : new String[] {"..", ".", ".lock", "a/b", ""}) {
            assertThatThrownBy(() -> RunDirectory.claim(base, name)).as(name).isInstanceOf(BadInputException.class);
        }
    }

    @Test
    void aPathTooLongForASocketIsRefused() {
        RunBase deep = new RunBase(folder.resolve("d".repeat(100)));
        assertThatThrownBy(() -> RunDirectory.claim(deep, "web")).isInstanceOf(BadInputException.class)
                .hasMessageContaining("too long");
    }

    @Test
    void aDirectoryThatOthersMayChangeIsNotBelieved() throws Exception {
        try (RunDirectory _ = RunDirectory.claim(base, "web")) {
            Files.setPosixFilePermissions(base.path(), PosixFilePermissions.fromString("rwxrwxr-x"));
            assertThatThrownBy(() -> RunningDomains.all(base)).isInstanceOf(HostUnfitException.class)
                    .hasMessageContaining("is open to others");
            assertThatThrownBy(() -> RunningDomains.named(base, "web")).isInstanceOf(HostUnfitException.class);
            Files.setPosixFilePermissions(base.path(), PosixFilePermissions.fromString("rwx------"));
            assertThat(RunningDomains.all(base)).isEmpty();
        }
        Path link = Files.createSymbolicLink(folder.resolve("link"), base.path());
        assertThatThrownBy(() -> RunningDomains.all(new RunBase(link))).hasMessageContaining("of this user's own");
        assertThat(RunningDomains.all(new RunBase(folder.resolve("none")))).isEmpty();
    }
}
