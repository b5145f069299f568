package xenolith.vmm.hypercall;

import java.util.BitSet;
import xenolith.abi.HypercallNumber;
import xenolith.abi.XenErrno;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.gnttab.GrantTable;

/// The one switch over hypercall numbers. One per domain.
public final class Hypercalls {
    private final Domain domain;
    private final MmuHypercall mmu;
    private final MmuextHypercall mmuext;
    private final DescriptorHypercall descriptors;
    private final CpuStateHypercall cpuState;
    private final PhysdevHypercall physdev;
    private final MemoryHypercall memory;
    private final MulticallHypercall multicall;
    private final VersionHypercall version = new VersionHypercall();
    private final ConsoleHypercall console = new ConsoleHypercall();
    private final GrantTableHypercall grants;
    private final VcpuHypercall vcpus;
    private final SchedHypercall sched = new SchedHypercall();
    private final CallbackHypercall callbacks = new CallbackHypercall();
    private final EventChannelHypercall events = new EventChannelHypercall();
    private final ControlHypercalls refusals = new ControlHypercalls();
    private final BitSet unknownSeen = new BitSet();

    public Hypercalls(Domain domain, GrantTable grantTable, VcpuLifecycle lifecycle) {
        this.domain = domain;
        this.mmu = new MmuHypercall(domain);
        this.mmuext = new MmuextHypercall(domain);
        this.descriptors = new DescriptorHypercall(domain.gdts());
        this.cpuState = new CpuStateHypercall();
        this.physdev = new PhysdevHypercall(cpuState);
        this.memory = new MemoryHypercall(domain);
        this.multicall = new MulticallHypercall(this);
        this.vcpus = new VcpuHypercall(lifecycle);
        this.grants = new GrantTableHypercall(grantTable);
    }

    /// Does hypercall `nr`; the hot ones first. Answers 0 or more, a negative errno, [CallContext#RING] or
    /// [CallContext#AGAIN]. The iret hypercall is not here: it is the exit loop's, since it makes registers.
    public long dispatch(CallContext c, long nr, long a0, long a1, long a2, long a3, long a4) {
        domain.counters().hypercall(nr);
        if (nr < 0 || nr > Integer.MAX_VALUE) {
            return unknown(nr);
        }
        return switch ((int) nr) {
            case HypercallNumber.MMU_UPDATE -> mmu.mmuUpdate(c, a0, a1, a2, a3);
            case HypercallNumber.MULTICALL -> multicall.multicall(c, a0, a1);
            case HypercallNumber.UPDATE_VA_MAPPING -> mmu.updateVaMapping(c, a0, a1, a2);
            case HypercallNumber.MMUEXT_OP -> mmuext.mmuextOp(c, a0, a1, a2, a3);
            case HypercallNumber.STACK_SWITCH -> cpuState.stackSwitch(c, a0, a1);
            case HypercallNumber.XEN_VERSION -> version.xenVersion(c, a0, a1);
            case HypercallNumber.VCPU_OP -> vcpus.vcpuOp(c, a0, a1, a2);
            case HypercallNumber.EVENT_CHANNEL_OP -> events.eventChannelOp(c, a0, a1);
            case HypercallNumber.SCHED_OP -> sched.schedOp(c, a0, a1);
            case HypercallNumber.UPDATE_DESCRIPTOR -> descriptors.updateDescriptor(c, a0, a1);
            case HypercallNumber.SET_SEGMENT_BASE -> cpuState.setSegmentBase(c, a0, a1);
            case HypercallNumber.FPU_TASKSWITCH -> cpuState.fpuTaskswitch(c, a0);
            case HypercallNumber.UPDATE_VA_MAPPING_OTHERDOMAIN ->
                mmu.updateVaMappingOtherdomain(c, a0, a1, a2, a3);
            default -> rare(c, (int) nr, a0, a1, a2);
        };
    }

    private long rare(CallContext c, int nr, long a0, long a1, long a2) {
        return switch (nr) {
            case HypercallNumber.SET_TRAP_TABLE -> callbacks.setTrapTable(c, a0);
            case HypercallNumber.SET_GDT -> descriptors.setGdt(c, a0, a1);
            case HypercallNumber.SET_CALLBACKS -> callbacks.setCallbacks(c, a0, a1, a2);
            case HypercallNumber.SET_DEBUGREG -> cpuState.setDebugreg(c, a0, a1);
            case HypercallNumber.GET_DEBUGREG -> cpuState.getDebugreg(c, a0);
            case HypercallNumber.MEMORY_OP -> memory.memoryOp(c, a0, a1);
            case HypercallNumber.SET_TIMER_OP -> sched.setTimerOp(c, a0);
            case HypercallNumber.CONSOLE_IO -> console.consoleIo(c, a0, a1, a2);
            case HypercallNumber.GRANT_TABLE_OP -> grants.grantTableOp(c, a0, a1, a2);
            case HypercallNumber.VM_ASSIST -> cpuState.vmAssist(c, a0, a1);
            case HypercallNumber.CALLBACK_OP -> callbacks.callbackOp(c, a0, a1);
            case HypercallNumber.PHYSDEV_OP -> physdev.physdevOp(c, a0, a1);
            case HypercallNumber.SCHED_OP_COMPAT -> sched.compat(c, a0, a1);
            case HypercallNumber.EVENT_CHANNEL_OP_COMPAT -> events.compat(c, a0);
            case HypercallNumber.PHYSDEV_OP_COMPAT -> physdev.compat(c, a0);
            default -> refused(c, nr, a0, a1, a2);
        };
    }

    private long refused(CallContext c, int nr, long a0, long a1, long a2) {
        return switch (nr) {
            case HypercallNumber.PLATFORM_OP -> refusals.platformOp(c, a0);
            case HypercallNumber.SYSCTL -> refusals.sysctl(c, a0);
            case HypercallNumber.DOMCTL -> refusals.domctl(c, a0);
            case HypercallNumber.DM_OP -> refusals.dmOp(c, a0, a1, a2);
            // mca is ARCH_0.
            case HypercallNumber.KEXEC_OP, HypercallNumber.HYPFS_OP, HypercallNumber.ARCH_0 -> -XenErrno.EPERM;
            case HypercallNumber.XENPMU_OP -> -XenErrno.EOPNOTSUPP;
            case HypercallNumber.XSM_OP, HypercallNumber.TMEM_OP, HypercallNumber.ARGO_OP -> -XenErrno.ENOSYS;
            default -> unknown(nr);
        };
    }

    private long unknown(long nr) {
        int bit = nr >= 0 && nr < 64 ? (int) nr : 64;
        if (!unknownSeen.get(bit)) {
            unknownSeen.set(bit);
            domain.log().line("hypercall " + nr
                    + (bit < 64 ? " (" + HypercallNumber.name(bit) + ")" : "") + " is unknown: -ENOSYS from now on");
        }
        return -XenErrno.ENOSYS;
    }
}
