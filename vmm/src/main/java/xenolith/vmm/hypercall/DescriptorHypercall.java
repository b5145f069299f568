package xenolith.vmm.hypercall;

import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.mm.DescriptorTables;
import xenolith.vmm.mm.PageTables;

/// `set_gdt` and `update_descriptor` (`arch-x86/xen.h`).
final class DescriptorHypercall {
    private static final int ENTRIES_PER_FRAME = 512;

    private final Domain domain;
    private final PageTables tables;
    private final long[][] gdtFrames;
    private final long[] wanted = new long[DescriptorTables.GDT_FRAMES];

    DescriptorHypercall(Domain domain) {
        this.domain = domain;
        this.tables = domain.pageTables();
        this.gdtFrames = new long[domain.vcpuCount()][DescriptorTables.GDT_FRAMES];
    }

    long setGdt(CallContext c, long frameList, long entries) {
        if (entries < 0 || entries > DescriptorTables.GDT_ENTRIES) {
            return -XenErrno.EINVAL;
        }
        int frames = (int) ((entries + ENTRIES_PER_FRAME - 1) / ENTRIES_PER_FRAME);
        if (!c.copyIn(frameList, (long) frames * Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        for (int i = 0; i < frames; i++) {
            wanted[i] = c.scratch().get(ValueLayout.JAVA_LONG, (long) i * Long.BYTES);
        }
        long rc = takeFrames(frames);
        if (rc == PageTables.RETRY) {
            return CallContext.AGAIN;
        }
        if (rc == 0) {
            install(c.vcpu().id(), frames);
        }
        return rc;
    }

    /// All or none.
    private long takeFrames(int frames) {
        for (int i = 0; i < frames; i++) {
            long rc = tables.getSegdesc(wanted[i]);
            if (rc < 0) {
                for (int taken = 0; taken < i; taken++) {
                    tables.putSegdesc(wanted[taken]);
                }
                return rc;
            }
        }
        return 0;
    }

    private void install(int vcpuId, int frames) {
        long[] current = gdtFrames[vcpuId];
        for (int i = 0; i < current.length; i++) {
            long old = current[i];
            long mfn = i < frames ? wanted[i] : 0;
            if (old != mfn) {
                current[i] = mfn;
                domain.monitor().mapGdtPage(vcpuId, i, mfn, domain.commits()::queue);
            }
            if (old != 0) {
                tables.putSegdesc(old);
            }
        }
        domain.commits().require();
    }

    /// Refused frames and descriptors are -EINVAL.
    long updateDescriptor(long ma, long descriptor) {
        long rc = tables.updateDescriptor(ma, descriptor);
        if (rc == PageTables.RETRY) {
            return CallContext.AGAIN;
        }
        return rc;
    }
}
