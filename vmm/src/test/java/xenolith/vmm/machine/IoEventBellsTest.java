package xenolith.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import xenolith.kvm.Kvm;
import xenolith.kvm.KvmVm;
import xenolith.posix.EventFd;
import xenolith.posix.HostException;

class IoEventBellsTest {
    private static final int PORT = 5;

    private Kvm kvm;
    private KvmVm vm;
    private EventFd first;
    private EventFd second;
    private IoEventBells bells;

    @BeforeEach
    void createVm() {
        try {
            kvm = Kvm.open();
        } catch (HostException e) {
            assumeTrue(false, "eventfds are KVM's: " + e.getMessage());
        }
        vm = kvm.createVm();
        first = EventFd.create();
        second = EventFd.create();
        bells = new IoEventBells(vm);
        assumeTrue(bells.connect(PORT + 1, first.raw()), "KVM has no eventfds");
    }

    @AfterEach
    void close() {
        if (vm != null) {
            first.close();
            second.close();
            vm.close();
            kvm.close();
        }
    }

    @Test
    void aPortHasOneEventfdAtATime() {
        assertThat(bells.connect(PORT, first.raw())).isTrue();
        assertThat(bells.connect(PORT, second.raw())).as("it has one").isFalse();
        bells.disconnect(PORT, first.raw());
        assertThat(bells.connect(PORT, second.raw())).isTrue();
    }

    @Test
    void whatKvmDoesNotTakeBackStopsNobody() {
        assertThatCode(() -> bells.disconnect(PORT, first.raw())).as("ENOENT").doesNotThrowAnyException();
        assertThat(bells.connect(PORT, second.raw())).isTrue();
        int number = second.raw();
        second.close();
        assertThatCode(() -> bells.disconnect(PORT, number)).as("EBADF").doesNotThrowAnyException();
    }
}
