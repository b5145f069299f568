package xenolith.tool.disk;

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
import xenolith.tool.device.BackendPlace;
import xenolith.tool.input.BadInputException;

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
        "format=raw,vdev=xvda,access=ro,target=%s", "format=raw,vdev=xvda,access=r,%s", "phy:%s,xvda,r",
        "file:%s,xvda,r",
        "raw:%s,xvda,r", "tap:aio:%s,xvda,ro", "tap:raw:%s,xvda:disk,r", "tap2:tapdisk:%s,d0,r", "%s,raw,51712,r",
        " format=raw, vdev=0xca00, access=ro, target=%s", "%s,,d0p0,access=r", ",,xvda,r,target=%s", "%s,xvda:disk,r",
        "%s,raw,xvda,r,"})
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
                "discard", "trusted", "specification=xen", "devtype=", "backendtype=")) {
            assertThat(DiskConfig.parse(disk.formatted(word)).options()).isEqualTo(DiskOptions.NONE);
        }
        assertThat(DiskConfig.parse(disk.formatted("no-discard")).options().discard()).isFalse();
        isRefused(disk.formatted("backendtype=tap"), "backendtype is qdisk or phy");
        isRefused(disk.formatted("backend=storage"), "backend is process or unix:PATH, not 'storage'");
        isRefused(disk.formatted("devtype=cdrom"), "CD-ROM");
        isRefused(disk.formatted("cdrom"), "CD-ROM");
        isRefused(disk.formatted("script=block-iscsi"), "no scripts");
        isRefused(disk.formatted("discard,no-discard"), "says too much");
        isRefused(disk.formatted("specification=virtio"), "not 'virtio'");
        isRefused(disk.formatted("colo"), "there is no 'colo' for disks here");
        isRefused(disk.formatted("colo-port=1"), "there is no 'colo-port=1' for disks here");
        isRefused(disk.formatted("untrusted"), "there is no 'untrusted' for disks here");
    }

    /// As in xl: it is the one way to a name with a comma.
    @Test
    void aTargetTakesTheRest() throws Exception {
        Path odd = Files.copy(image, folder.resolve("a,b=c.img "));
        DiskConfig disk = DiskConfig.parse("dev=xvda,ro,target=" + odd);
        assertThat(disk.path()).isEqualTo(odd);
        assertThat(DiskConfig.parse(disk.words())).isEqualTo(disk);
        isRefused("target=" + image + ",format=raw,vdev=xvda", "target= takes all that follows it");
        isRefused("path=" + image + ",dev=xvda,target=" + image, "says too much");
    }

    @Test
    void xendsPrefixesAreTakenOrRefusedByName() throws Exception {
        Path qcow2 = Files.write(folder.resolve("x.qcow2"), new byte[] {'Q', 'F', 'I', (byte) 0xfb});
        assertThat(DiskConfig.parse("tap:qcow2:" + qcow2 + ",xvdb1,w"))
                .isEqualTo(new DiskConfig(qcow2, DiskFormat.QCOW2, "xvdb1", 51729, false, DiskOptions.NONE));
        isRefused("vhd:" + image + ",xvda,w", "format is raw, qcow2, extents, not 'vhd'");
        isRefused("iscsi:iqn.2001-05.com.example:1,xvda,w", "no scripts for disks here: 'block-iscsi'");
        isRefused("phy:" + image + ",hdc:cdrom,r", "CD-ROM");
        isRefused(",hdc:cdrom,r", "CD-ROM");
        isRefused("phy:no-vg/no-lv,xvda,w", "there is no disk image /dev/no-vg/no-lv");
        isRefused("raw:" + image + ",raw,w", "'raw' is no name of a disk");
        isRefused("rbd:pool/image,raw,xvda,w", "there is no disk image rbd:pool/image");
    }

    @Test
    void anOverlayIsThrownAwayOrKept() {
        assertThat(DiskConfig.parse("path=" + image + ",dev=xvda,cow").options())
                .isEqualTo(new DiskOptions(true, null, true, true, false, 0, DiskLimit.UNLIMITED, new BackendPlace.Here()));
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
                        new DiskOptions(false, null, true, false, false, 0, DiskLimit.UNLIMITED, new BackendPlace.Here())));
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
    @CsvSource({"xvda,xvda", "d0,xvda", "d0p1,xvda1", "d1p2,xvdb2", "d536p37,xvdtq37", "51712,xvda", "0xca11,xvdb1",
        "0145000,xvda", "268439552,xvdq", "2067,sdb3", "768,hda", "832,hdb", "5697,hdd1", "d701,xvdzz"})
    void aDiskHasOneNameHoweverItIsSaid(String said, String name) {
        assertThat(DiskName.of(said)).isEqualTo(name);
    }

    /// 0x10000000 would be another number for xvda.
    @ParameterizedTest
    @ValueSource(strings = {"", "d", "d702", "d0p256", "d0p", "0", "1", "09", "51967000", "268435456", "536870912",
        "0x"})
    void whatIsNoDiskHasNoName(String said) {
        assertThatThrownBy(() -> DiskName.of(said)).hasMessageContaining("'" + said + "' is no name of a disk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xvd", "vda", "xvdA", "xvda256", "xvda1000", "sdq", "sda16", "hde", "xvda "})
    void whatIsNoNameIsRefused(String name) {
        assertThatThrownBy(() -> DiskName.number(name)).hasMessageContaining("is no name of a disk");
    }
}
