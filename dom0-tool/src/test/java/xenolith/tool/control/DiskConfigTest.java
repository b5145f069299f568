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
        assertThat(DiskConfig.parse(form.formatted(image))).isEqualTo(new DiskConfig(image, "xvda", 51712, true));
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
        isRefused("path=" + image + ",dev=xvda,format=qcow2", "format is raw, not 'qcow2'");
        isRefused(image + ",raw,xvda,x", "ro or rw, not 'x'");
        isRefused(image + ",raw,xvda,w,more", "says too much");
        isRefused("path=" + image + ",path=" + image + ",dev=xvda", "says too much");
        isRefused("path=" + image + ",dev=xvda,cache=none", "cache=none");
        isRefused("path=/nowhere/x.img,dev=xvda", "there is no disk image /nowhere/x.img");
        isRefused("path=" + folder + ",dev=xvda", "is a directory");
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
