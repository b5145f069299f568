package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A Debian whose network is a TAP: SSH from the host, and a package from a repository of the test's.
@Timeout(300)
class DebianNetIT {
    private static final int PORT = 8000;
    private static final int MIB = 1 << 20;

    @TempDir
    private Path folder;
    private Path disk;
    private Namespace network;

    @BeforeEach
    void aNetworkOfItsOwn() throws IOException {
        disk = Debian.copyOfDisk(folder);
        network = Namespace.create();
    }

    @AfterEach
    void theNetworkGoes() {
        if (network != null) {
            network.close();
        }
    }

    @Test
    void aDebianTakesSshAndInstallsAPackageThroughItsNetwork() throws Exception {
        makeRepository(Files.createDirectories(folder.resolve("served/repository")));
        try (Debian debian = Debian.bootIn(network, disk, "--vcpus", "2")) {
            debian.login().assertRunning();
            debian.output("until ping -c 1 -W 1 " + Debian.HOST + "; do sleep 0.2; done");
            network.starts(Path.of(System.getProperty("java.home"), "bin", "jwebserver").toString(), "-b", Debian.HOST,
                    "-p", "" + PORT, "-d", folder.resolve("served").toString());
            assertThat(ssh("uname -n; echo $SSH_CLIENT")).startsWith("debian\n" + Debian.HOST + " ");
            installsThePackage();
            copiesALotOverSsh();
            debian.assertRunning();
            debian.assertKernelSound();
            debian.type("reboot");
            assertThat(debian.awaitEnd()).as("rebooted").isEqualTo(10);
        }
        Debian.assertClean(disk);
    }

    /// `command` in the guest, as root, by the key that was made with the image; the guest's own key is known too.
    private String ssh(String command) {
        return network.does(sshTo(command));
    }

    private String[] sshTo(String command) {
        return new String[] {Host.requireProgram("ssh", "openssh-client"), "-i", Debian.file("id_ed25519").toString(),
            "-o", "UserKnownHostsFile=" + Debian.file("known_hosts"), "-o", "HostKeyAlias=debian",
            "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-F", "none", "root@" + Debian.ADDRESS, command};
    }

    private void installsThePackage() {
        ssh("echo 'deb [trusted=yes] http://" + Debian.HOST + ":" + PORT + "/ repository/' >/etc/apt/sources.list.d/test.list");
        ssh("apt-get -q update && apt-get -q -y install xenolith-greeting");
        assertThat(ssh("xenolith-greeting; dpkg-query -W -f='${Status}\n' xenolith-greeting"))
                .isEqualTo("hello from a package\ninstall ok installed\n");
        assertThat(ssh("sha256sum </usr/share/xenolith-greeting/ballast")).startsWith(sha256(ballast()));
    }

    /// Both ways, with what comes back compared.
    private void copiesALotOverSsh() throws IOException {
        Path sent = Files.write(folder.resolve("sent"), bytes(16 * MIB, 7));
        Path back = folder.resolve("back");
        String copy = String.join(" ", quoted(sshTo("tee /root/copy"))) + " <" + sent + " >" + back;
        network.does("sh", "-c", copy);
        assertThat(back).hasSameBinaryContentAs(sent);
        assertThat(ssh("sha256sum </root/copy")).startsWith(sha256(sent));
    }

    private static List<String> quoted(String... words) {
        List<String> quoted = new ArrayList<>();
        for (String word : words) {
            quoted.add("'" + word + "'");
        }
        return quoted;
    }

    /// A repository of one package, as apt wants it: `Packages`, and a `Release` with its checksum.
    private void makeRepository(Path repository) throws IOException {
        String dpkgDeb = Host.requireProgram("dpkg-deb", "dpkg");
        Path tree = folder.resolve("package");
        Files.createDirectories(tree.resolve("usr/share/xenolith-greeting"));
        Files.write(tree.resolve("usr/share/xenolith-greeting/ballast"), bytes(4 * MIB, 3));
        Path program = Files.createDirectories(tree.resolve("usr/bin")).resolve("xenolith-greeting");
        Files.write(program, "#!/bin/sh\necho hello from a package\n".getBytes(UTF_8));
        Debian.runs("/bin/chmod", "755", program.toString());
        String control = """
                Package: xenolith-greeting
                Version: 1.0
                Architecture: all
                Maintainer: Nobody <nobody@example.org>
                Description: greets
                """;
        Files.write(Files.createDirectory(tree.resolve("DEBIAN")).resolve("control"), control.getBytes(UTF_8));
        Path deb = repository.resolve("xenolith-greeting.deb");
        Debian.runs(dpkgDeb, "--root-owner-group", "-Znone", "-b", tree.toString(), deb.toString());
        Path packages = Files.write(repository.resolve("Packages"), (control + "Filename: repository/xenolith-greeting.deb\nSize: "
                + Files.size(deb) + "\nSHA256: " + sha256(deb) + "\n\n").getBytes(UTF_8));
        Files.write(repository.resolve("Release"), ("Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n " + sha256(packages)
                + " " + Files.size(packages) + " Packages\n").getBytes(UTF_8));
    }

    private Path ballast() {
        return folder.resolve("package/usr/share/xenolith-greeting/ballast");
    }

    private static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new java.util.Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static String sha256(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (IOException | java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException("cannot sum up " + file, e);
        }
    }
}
