package xenolith.tool.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskConfigTest {
    @TempDir
    Path folder;
    private Path image;

    @BeforeEach
    void anImage() throws Exception {
        image = Files.write(folder.resolve("disk.img"), new byte[512]);
    }

    private void isRefused(String text, String message) {
        assertThatThrownBy(() -> DiskConfig.parse(text)).isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"path=%s,dev=xvda,ro", "%s,raw,xvda,r", "%s,,xvda,r",
        "target=%s,format=raw,vdev=xvda,access=ro", "format=raw,vdev=xvda,access=r,%s"})
    void oneDiskCanBeSaidInManyWays(String form) {
        assertThat(DiskConfig.parse(form.formatted(image))).isEqualTo(new DiskConfig(image, DiskFormat.RAW, "xvda", 51712, true,
                DiskOptions.NONE));
    }

    @Test
    void aDiskMayBeWrittenUnlessSaidOtherwise() {
        assertThat(DiskConfig.parse("path=" + image + ",dev=xvda").readOnly()).isFalse();
        assertThat(DiskConfig.parse(image + ",raw,xvda").readOnly()).isFalse();
        assertThat(DiskConfig.parse(image + ",raw,xvda,w").readOnly()).isFalse();
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        isRefused("dev=xvda", "a disk needs a file");
        isRefused("", "'' is no name of a disk");
        isRefused("path=" + image, "'' is no name of a disk");
        isRefused("path=" + image + ",dev=xvda,format=vhd", "format is raw, qcow2, extents, not 'vhd'");
        isRefused(image + ",raw,xvda,x", "ro or rw, not 'x'");
        isRefused(image + ",raw,xvda,w,more", "says too much");
        isRefused("path=" + image + ",path=" + image + ",dev=xvda", "says too much");
        isRefused("path=" + image + ",dev=xvda,cache=none", "cache=none");
        isRefused("path=/nowhere/x.img,dev=xvda", "there is no disk image /nowhere/x.img");
        isRefused("path=" + folder + ",dev=xvda", "is a directory");
    }

    @Test
    void wordsOfXlAreTakenOrRefusedByName() {
        String disk = "format=raw,vdev=xvda,access=rw,%s,target=" + image;
        for (String word : List.of("backendtype=qdisk", "backendtype=phy", "devtype=disk", "backend=0", "direct-io-safe",
                "discard")) {
            assertThat(DiskConfig.parse(disk.formatted(word)).options()).isEqualTo(DiskOptions.NONE);
        }
        assertThat(DiskConfig.parse(disk.formatted("no-discard")).options().discard()).isFalse();
        isRefused(disk.formatted("backendtype=tap"), "backendtype is qdisk or phy");
        isRefused(disk.formatted("backend=storage"), "backend is process or unix:PATH, not 'storage'");
        isRefused(disk.formatted("devtype=cdrom"), "CD-ROM");
        isRefused(disk.formatted("cdrom"), "CD-ROM");
        isRefused(disk.formatted("script=block-iscsi"), "no scripts");
        isRefused(disk.formatted("discard,no-discard"), "says too much");
    }

    @Test
    void anOverlayIsThrownAwayOrKept() {
        assertThat(DiskConfig.parse("path=" + image + ",dev=xvda,cow").options())
                .isEqualTo(new DiskOptions(true, null, true, true, false, 0, DiskLimit.UNLIMITED, new DiskPlace.Here()));
        assertThat(DiskConfig.parse("path=" + image + ",dev=xvda,cow=top.qcow2", folder).options().overlay())
                .isEqualTo(folder.resolve("top.qcow2"));
        isRefused("path=" + image + ",dev=xvda,cow=", "cow= needs a file");
        isRefused("path=" + image + ",dev=xvda,ro,cow", "needs no overlay");
    }

    @Test
    void sectorsMayBeLargerAndThePageCacheLeftOut() {
        DiskOptions options = DiskConfig.parse("path=" + image + ",dev=xvda,direct,sector=4096").options();
        assertThat(options.direct()).isTrue();
        assertThat(options.sectorBytes()).isEqualTo(4096);
        isRefused("path=" + image + ",dev=xvda,sector=1000", "512 or 4096");
        isRefused("path=" + image + ",dev=xvda,direct,cow", "direct is for raw images");
    }

    @Test
    void aDiskMayBeHeldToSoMuchInASecond() {
        String disk = "path=" + image + ",dev=xvda";
        assertThat(DiskConfig.parse(disk + ",iops=500,bps=20M").options().limit()).isEqualTo(new DiskLimit(500, 20_000_000));
        assertThat(DiskConfig.parse(disk + ",bps=8k").options().limit()).isEqualTo(new DiskLimit(0, 8000));
        assertThat(DiskConfig.parse(disk + ",iops=none").options().limit()).isEqualTo(DiskLimit.UNLIMITED);
        assertThat(DiskConfig.parse(DiskConfig.parse(disk + ",iops=1K,bps=3").words()).options().limit())
                .as("for a process of its own").isEqualTo(new DiskLimit(1000, 3));
        for (String word : List.of("iops=0", "iops=-1", "bps=1.5M", "bps=20MB", "iops=9999999999")) {
            isRefused(disk + ',' + word, "'" + word + "' is no limit");
        }
        isRefused("dev=xvda,backend=unix:/nowhere,iops=5", "say all but dev to that one");
    }

    @Test
    void aFormatIsNotGuessed() throws Exception {
        Path looksLike = Files.write(folder.resolve("x.img"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0});
        isRefused("path=" + looksLike + ",dev=xvda", "say format=qcow2");
        assertThat(DiskConfig.parse("path=" + looksLike + ",dev=xvda,format=raw").format()).isEqualTo(DiskFormat.RAW);
        assertThat(DiskConfig.parse(looksLike + ",qcow2,xvda,no-backing"))
                .isEqualTo(new DiskConfig(looksLike, DiskFormat.QCOW2, "xvda", 51712, false,
                        new DiskOptions(false, null, true, false, false, 0, DiskLimit.UNLIMITED, new DiskPlace.Here())));
    }

    @Test
    void aPipeIsNoDisk() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        isRefused("path=" + pipe + ",dev=xvda", "neither a file nor a block device");
        isRefused("path=" + pipe + ",dev=xvda,ro,format=qcow2", "neither a file nor a block device");
        isRefused("path=/dev/null,dev=xvda", "neither a file nor a block device");
    }

    @Test
    void twoDisksHaveTwoNames() {
        String disk = "path=" + image + ",dev=xvda";
        assertThatThrownBy(() -> DiskConfig.parseAll(List.of(disk, disk))).hasMessage("two disks are called xvda");
        assertThat(DiskConfig.parseAll(List.of(disk, "path=" + image + ",dev=xvdb"))).hasSize(2);
    }

    /// From Xen's docs/man/xen-vbd-interface.
    @ParameterizedTest
    @CsvSource({"xvda,51712", "xvda1,51713", "xvdb,51728", "xvdp15,51967", "xvdq,268439552", "xvda16,268435472",
        "xvdaa,268442112", "sda,2048", "sdb3,2067", "hda,768", "hdb,832", "hdd1,5697"})
    void aNameHasItsNumber(String name, long number) {
        assertThat(DiskName.number(name)).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xvd", "vda", "xvdA", "xvda256", "xvda1000", "sdq", "sda16", "hde", "xvda "})
    void whatIsNoNameIsRefused(String name) {
        assertThatThrownBy(() -> DiskName.number(name)).hasMessageContaining("is no name of a disk");
    }
}
