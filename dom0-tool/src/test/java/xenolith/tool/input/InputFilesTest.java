package xenolith.tool.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {
    @TempDir
    Path folder;

    @Test
    void anInputFileMustBeAReadableFile() throws Exception {
        Path kernel = Files.writeString(folder.resolve("vmlinuz"), "x");
        assertThat(InputFiles.readable("kernel", kernel.toString())).isEqualTo(kernel);
        assertThatThrownBy(() -> InputFiles.readable("kernel", folder.toString()))
                .hasMessage("the kernel " + folder + " is not a file");
        assertThatThrownBy(() -> InputFiles.readable("initrd", folder.resolve("none").toString()))
                .hasMessage("there is no initrd " + folder.resolve("none"));
    }
}
