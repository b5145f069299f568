package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import xenolith.abi.GuestContext;
import xenolith.abi.XenErrno;
import xenolith.abi.XenVcpu;
import xenolith.vmm.build.StartOfDay;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.host.HostProfile;
import xenolith.vmm.hypercall.Hypercalls;
import xenolith.vmm.hypercall.VcpuLifecycle;

/// A domain's vcpus as threads: made when a vcpu first comes up, asleep while it is down.
///
/// Lock: the domain's, but for [#threads].
final class VcpuThreads implements VcpuLifecycle {
    private final Domain domain;
    private final Machine machine;
    private final boolean pollers;
    private final boolean enableSyscall;
    private final boolean debugRegisters;
    private final boolean selectorsTold;
    private final Processors processors;
    private final GuestCpu[] cpus;
    private final boolean[] started;
    private final List<Thread> threads = new ArrayList<>();
    private Hypercalls hypercalls;

    VcpuThreads(Domain domain, Machine machine, boolean pollers, HostProfile profile) {
        this.domain = domain;
        this.machine = machine;
        this.pollers = pollers;
        this.enableSyscall = !profile.syscallNeedsNoEnabling();
        this.debugRegisters = profile.breakpointsWork();
        this.selectorsTold = profile.tellsSelectors();
        this.processors = new Processors(domain.vcpuCount());
        this.cpus = new GuestCpu[domain.vcpuCount()];
        this.started = new boolean[domain.vcpuCount()];
    }

    Processors processors() {
        return processors;
    }

    void hypercalls(Hypercalls served) {
        hypercalls = served;
    }

    /// All threads made so far; those of a live domain may make more.
    List<Thread> threads() {
        synchronized (threads) {
            return List.copyOf(threads);
        }
    }

    /// Starts vcpu 0 at the start of day.
    void boot(StartOfDay start) {
        GuestCpu cpu = newCpu(0);
        cpu.reset();
        cpu.rip(start.entry());
        cpu.rsp(start.stackTop());
        cpu.set(GuestRegisters.RSI, start.startInfoVa());
        up(0);
    }

    private GuestCpu newCpu(int id) {
        GuestCpu cpu = new GuestCpu(id, machine.vcpu(id), domain.vcpu(id).window(), enableSyscall);
        machine.vcpu(id).getSregs(cpu.run().sregs());
        if (selectorsTold) {
            cpu.selectorsAreTold();
        }
        if (debugRegisters) {
            domain.vcpu(id).debug().loadIntoHardware();
        }
        cpus[id] = cpu;
        domain.commits().startsOn(id, domain.vcpu(id).window().kernelCr3());
        return cpu;
    }

    @Override
    public long initialise(int id, MemorySegment context) {
        if (cpus[id] != null) {
            return -XenErrno.EEXIST;
        }
        MemorySegment copy = Arena.ofAuto().allocate(GuestContext.SIZEOF, Long.BYTES);
        copy.copyFrom(context.asSlice(0, GuestContext.SIZEOF));
        VcpuBirth birth = new VcpuBirth(domain.vcpu(id), copy);
        long rc = birth.take();
        if (rc == 0) {
            birth.apply(newCpu(id));
        }
        return rc;
    }

    @Override
    public long up(int id) {
        if (cpus[id] == null) {
            return -XenErrno.EINVAL;
        }
        Vcpu vcpu = domain.vcpu(id);
        domain.vcpuUp(vcpu, true);
        if (started[id]) {
            vcpu.interrupt();
        } else {
            started[id] = true;
            vcpu.runState().enter(XenVcpu.RUNSTATE_RUNNING);
            start(vcpu, cpus[id]);
        }
        return 0;
    }

    /// A domain whose last vcpu goes down has nothing left to do.
    @Override
    public long down(int id) {
        Vcpu vcpu = domain.vcpu(id);
        domain.vcpuUp(vcpu, false);
        vcpu.interrupt();
        if (domain.vcpusUp() == 0) {
            domain.end(new DomainEnd.PoweredOff());
        }
        return 0;
    }

    private void start(Vcpu vcpu, GuestCpu cpu) {
        VcpuSleep sleep = new VcpuSleep(vcpu, cpu);
        Bounce bounce = new Bounce(vcpu, cpu);
        HypercallServer server = new HypercallServer(vcpu, hypercalls, sleep);
        Traps traps = new Traps(vcpu, cpu, bounce, machine.cpuid(vcpu.id()));
        Runnable beforeEntry = () -> { };
        Runnable atEnd = () -> { };
        if (pollers) {
            server.hasPoller();
            Poller poller = new Poller(vcpu, server, processors);
            beforeEntry = poller::wake;
            atEnd = poller::stop;
            spawn("poll-" + domain.name() + "-" + vcpu.id(), poller);
        }
        spawn("vcpu-" + domain.name() + "-" + vcpu.id(), new VcpuThread(vcpu, cpu,
                new VcpuParts(server, traps, bounce, sleep, beforeEntry, atEnd)));
    }

    private void spawn(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        synchronized (threads) {
            threads.add(thread);
        }
        thread.start();
    }
}
