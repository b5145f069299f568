package xenolith.vmm.gnttab;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.VarHandle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.port.GrantAccess;

/// A guest that revokes a grant as the header tells it to knows that nobody uses the page any more, while a backend
/// on another thread maps the page as often as it can.
@Timeout(60)
class RevocationTest {
    private static final int ROUNDS = 20_000;
    private static final int REF = 9;
    private static final int PERMIT = XenGrantTable.GTF_PERMIT_ACCESS;
    private static final int IN_USE = XenGrantTable.GTF_READING | XenGrantTable.GTF_WRITING;

    private final TestDomain d = new TestDomain();
    private final long mfn = d.mfn(TestDomain.FIRST_DATA);
    private volatile boolean used;
    private volatile boolean stop;
    private volatile long mappings;

    private void backend(GrantAccess grants) {
        boolean writable = false;
        while (!stop) {
            writable = !writable;
            int handle = grants.map(REF, writable);
            if (handle >= 0) {
                used = true;
                used = false;
                grants.unmap(handle);
                mappings++;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aRevokedGrantIsNotInUse(int version) throws InterruptedException {
        assertThat(d.grants.setVersion(version)).isZero();
        GrantAccess grants = d.grants.backend(d.domain.lock(), () -> { });
        Thread thread = new Thread(() -> backend(grants));
        thread.start();
        int violations = 0;
        try {
            for (int i = 0; i < ROUNDS || mappings == 0; i++) {
                long at = grant(version);
                while (!isRevoked(version, at)) {
                    Thread.onSpinWait();
                }
                violations += used ? 1 : 0;
            }
        } finally {
            stop = true;
            thread.join();
        }
        assertThat(violations).isZero();
        assertThat(d.frames.refCount(mfn)).as("its mapping in the page tables").isOne();
    }

    /// Answers where the entry is.
    private long grant(int version) {
        long table = d.grantMfn << 12;
        if (version == 1) {
            d.memory.writeWordRelease(table + REF * 8, PERMIT | mfn << 32);
            return table + REF * 8;
        }
        d.memory.writeWord(table + REF * 16 + 8, mfn);
        d.memory.writeWordRelease(table + REF * 16, PERMIT);
        return table + REF * 16;
    }

    private boolean isRevoked(int version, long at) {
        if (version == 1) {
            long word = d.memory.readWord(at);
            return (word & IN_USE) == 0 && d.memory.compareAndExchangeWord(at, word, 0) == word;
        }
        d.memory.writeWord(at, 0);
        VarHandle.fullFence();
        int pair = d.memory.readInt((d.grants.statusFrameMfn(0) << 12) + (REF & ~1) * 2);
        return (pair >>> 16 * (REF & 1) & IN_USE) == 0;
    }
}
