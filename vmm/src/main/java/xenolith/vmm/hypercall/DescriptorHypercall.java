package xenolith.vmm.hypercall;

import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.vmm.domain.GuestGdts;
import xenolith.vmm.mm.DescriptorTables;
import xenolith.vmm.mm.PageTables;

/// `set_gdt` and `update_descriptor` (`arch-x86/xen.h`).
final class DescriptorHypercall {
    private final GuestGdts gdts;
    private final long[] wanted = new long[DescriptorTables.GDT_FRAMES];

    DescriptorHypercall(GuestGdts gdts) {
        this.gdts = gdts;
    }

    long setGdt(CallContext c, long frameList, long entries) {
        if (entries < 0 || entries > DescriptorTables.GDT_ENTRIES) {
            return -XenErrno.EINVAL;
        }
        int frames = (int) ((entries + GuestGdts.ENTRIES_PER_FRAME - 1) / GuestGdts.ENTRIES_PER_FRAME);
        if (!c.copyIn(frameList, (long) frames * Long.BYTES)) {
            return -XenErrno.EFAULT;
        }
        for (int i = 0; i < frames; i++) {
            wanted[i] = c.scratch().get(ValueLayout.JAVA_LONG, (long) i * Long.BYTES);
        }
        long rc = gdts.set(c.vcpu().id(), wanted, frames);
        return rc == PageTables.RETRY ? CallContext.AGAIN : rc;
    }

    /// A descriptor that a guest may not have is -EINVAL, a frame that it may not write -EPERM or -EBUSY.
    long updateDescriptor(CallContext c, long ma, long descriptor) {
        long rc = c.domain().pageTables().updateDescriptor(ma, descriptor);
        return rc == PageTables.RETRY ? CallContext.AGAIN : rc;
    }
}
