package xenolith.vmm.hypercall;

import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.evtchn.PortStatus;

/// What hypercalls can change of a [TestDomain] that a guest could notice, the pages that it writes itself left out.
///
/// @param frames owner, type and counts of every frame of the machine
/// @param words what stands in page tables, shared info, grant frames, the machine-to-phys array and pages that are not
///        mapped
record DomainState(List<String> frames, long words, List<PortStatus> ports, List<Integer> pending, List<String> vcpus,
        String grants, long frameCount, String end) {
    private static final int PORTS = 192;

    static DomainState of(TestDomain d) {
        List<String> frames = new ArrayList<>();
        for (long mfn = d.firstMfn; mfn < d.memory.endMfn(); mfn++) {
            frames.add(d.frames.describe(mfn));
        }
        List<PortStatus> ports = new ArrayList<>();
        List<Integer> pending = new ArrayList<>();
        for (int port = 0; port < PORTS; port++) {
            ports.add(d.domain.events().status(port));
            if (d.domain.events().isPending(port)) {
                pending.add(port);
            }
        }
        List<String> vcpus = new ArrayList<>();
        for (int id = 0; id < d.domain.vcpuCount(); id++) {
            vcpus.add(describe(d.domain.vcpu(id)));
        }
        return new DomainState(frames, words(d), ports, pending, vcpus,
                d.grants.version() + " " + d.grants.frameCount() + " " + d.grants.statusFrameCount() + " "
                        + d.grants.maps().mappings(),
                d.domain.reservation().frameCount(), String.valueOf(d.domain.end()));
    }

    private static String describe(Vcpu vcpu) {
        return vcpu.vcpuInfoMa() + " " + vcpu.runstateVa() + " " + vcpu.timeAreaVa() + " "
                + vcpu.timer().nextDeadlineNs() + " " + vcpu.kernelSp() + " " + vcpu.isUp() + " " + vcpu.taskSwitched();
    }

    private static long words(TestDomain d) {
        CRC32 sum = new CRC32();
        for (int pfn = 0; pfn < TestDomain.FRAMES; pfn++) {
            if (pfn < TestDomain.ENDLESS_PFN || pfn >= TestDomain.SPARE) {
                sum.update(d.page(pfn).asByteBuffer());
            }
        }
        sum.update(d.memory.frame(d.sharedInfoMa >>> 12).asByteBuffer());
        sum.update(d.domain.m2p().segment().asByteBuffer());
        for (int i = 0; i < d.grants.frameCount(); i++) {
            sum.update(d.memory.frame(d.grants.frameMfn(i)).asByteBuffer());
        }
        for (int i = 0; i < d.grants.statusFrameCount(); i++) {
            sum.update(d.memory.frame(d.grants.statusFrameMfn(i)).asByteBuffer());
        }
        return sum.getValue();
    }
}
