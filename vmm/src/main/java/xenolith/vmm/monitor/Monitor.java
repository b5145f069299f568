package xenolith.vmm.monitor;

import xenolith.vmm.guest.FrameAllocator;
import xenolith.vmm.guest.MachineMemory;

/// A domain's monitor: code, tables, descriptor tables and one window per vcpu, all in frames of the hypervisor.
///
/// Lock: the domain's. Nothing here is hot but the stubs' addresses, which many exits ask for.
public final class Monitor {
    private static final long PAGE = MachineMemory.PAGE_SIZE;
    private static final int GATE_INTERRUPT = 0x8e;
    private static final int IST1 = 1;
    private static final int IST2 = 2;
    private static final int DEBUG = 1;
    /// Vectors that ring 3 may raise by an instruction: breakpoint and overflow.
    private static final int DPL3_FIRST = 3;
    private static final int DPL3_LAST = 4;

    private final MachineMemory memory;
    private final FrameAllocator frames;
    private final MonitorTables tables;
    private final MonitorWindow[] windows;
    private final long[] gdtMfn;
    /// A page of descriptors that nothing can load: what an LDT holds where the guest has none.
    private final long noDescriptorsMa;
    private final long[] commitListMa;
    private final StubOffsets stubs;
    private final long handlersUser;
    private final long handlersKernel;
    private final long lstarUser;
    private final long lstarKernel;
    private final long traditionalM2pEntry;

    /// Builds the monitor for `vcpuCount` vcpus; `m2pMa` and `m2pBytes` say where the machine-to-phys array lies, from
    /// the entry of the first machine frame on, and `traditionalM2p` whether it shall stand at its traditional place too.
    public Monitor(MachineMemory memory, FrameAllocator frames, int vcpuCount, long m2pMa, long m2pBytes,
            boolean traditionalM2p) {
        this.memory = memory;
        this.frames = frames;
        this.tables = new MonitorTables(memory, frames);
        this.windows = new MonitorWindow[vcpuCount];
        this.gdtMfn = new long[vcpuCount];
        this.commitListMa = new long[vcpuCount];
        this.noDescriptorsMa = newPage();
        MonitorImage image = MonitorImage.load();
        this.stubs = StubOffsets.of(image);
        this.handlersUser = codePage(image, "handlers_u");
        this.handlersKernel = codePage(image, "handlers_k");
        this.lstarUser = codePage(image, "lstar_u");
        this.lstarKernel = codePage(image, "lstar_k");
        mapCommitCode(image);
        long m2pStart = MachineMemory.BASE_MFN * Long.BYTES;
        mapArray(MonitorAbi.M2P_VA + m2pStart, m2pMa, m2pBytes);
        this.traditionalM2pEntry = traditionalM2p ? tables.readOnlyAlias(MonitorAbi.M2P_VA, m2pStart + m2pBytes) : 0;
        tables.mapLarge(MonitorAbi.DIRECT_MAP_VA, MachineMemory.BASE_MFN * PAGE, memory.frameCount() * PAGE,
                MonitorTables.WRITABLE);
        for (int id = 0; id < vcpuCount; id++) {
            windows[id] = buildWindow(id);
            buildGdt(id);
            buildLdt(id);
        }
    }

    public MonitorWindow window(int vcpuId) {
        return windows[vcpuId];
    }

    /// The L4 entry of slot [MonitorAbi#L4_SLOT] in a root that the guest's kernel runs on.
    public long kernelSlotEntry() {
        return tables.kernelSlotEntry();
    }

    /// The same entry in a root that the guest's user runs on.
    public long userSlotEntry() {
        return tables.userSlotEntry();
    }

    /// The L4 entry of slot [MonitorAbi#TRADITIONAL_M2P_SLOT] in a root that the guest's kernel runs on; 0 where ring 3
    /// cannot use that slot. User roots have none.
    public long traditionalM2pEntry() {
        return traditionalM2pEntry;
    }

    /// An empty frame for a root of our own making.
    public long newRoot() {
        return frames.allocate(1);
    }

    /// LSTAR of vcpu `id`.
    public static long lstar(int id) {
        return MonitorAbi.windowVa(id) + MonitorAbi.W_LSTAR;
    }

    /// CSTAR of vcpu `id`.
    public static long cstar(int id) {
        return lstar(id) + MonitorAbi.L_CSTAR;
    }

    /// STAR: SYSCALL to our ring 0, SYSRET to the guest's flat ring 3.
    public static long star() {
        return (long) MonitorAbi.GUEST_CS32 << 48 | (long) MonitorAbi.RING0_CS << 32;
    }

    public static long gdtBase(int id) {
        return MonitorAbi.gdtVa(id);
    }

    public static int gdtLimit() {
        return (MonitorAbi.RESERVED_GDT_PAGE + 1) * MachineMemory.PAGE_SIZE - 1;
    }

    /// LDTR points there for good: what guests change are the pages.
    public static long ldtBase(int id) {
        return MonitorAbi.ldtVa(id);
    }

    public static int ldtLimit() {
        return MonitorAbi.LDT_BYTES - 1;
    }

    public static int ldtSelector() {
        return MonitorAbi.LDT_SELECTOR;
    }

    public static long idtBase(int id) {
        return MonitorAbi.windowVa(id) + MonitorAbi.W_IDT;
    }

    public static long tssBase(int id) {
        return MonitorAbi.windowVa(id) + MonitorAbi.W_TSS;
    }

    public static int tssSelector() {
        return MonitorAbi.TSS_SELECTOR;
    }

    /// Where the hypercall stub that rang the doorbell goes on.
    public long hypercallAnswered(int id) {
        return lstar(id) + stubs.hypercallAnswered();
    }

    /// Where the stub reads the guest's argument of a send; a fault there is an address that the guest gave.
    public long sendReads(int id) {
        return lstar(id) + stubs.sendReads();
    }

    /// Where the stub posts a call that it does not answer by itself.
    public long postHypercall(int id) {
        return lstar(id) + stubs.postHypercall();
    }

    long commitDone(int id) {
        return lstar(id) + stubs.commitDone();
    }

    /// Machine address of vcpu `id`'s commit list.
    long commitList(int id) {
        return commitListMa[id];
    }

    /// Address at which ring 0 enters the commit code to do `count` entries.
    long commitEntry(int count) {
        return MonitorAbi.COMMIT_CODE_VA + (MonitorAbi.COMMIT_MAX - count) * stubs.bytesPerCommit();
    }

    /// Lets the stubs of vcpu `id` reach its `vcpu_info` at machine address `ma`.
    ///
    /// @return the changed page-table entry, for the caller to commit
    public long mapVcpuInfo(int id, long ma) {
        long va = MonitorAbi.windowVa(id) + MonitorAbi.W_VCPU_INFO;
        long entry = tables.map(MonitorTables.KERNEL, va, ma & -PAGE, MonitorTables.WRITABLE | MonitorTables.RING3);
        windows[id].vcpuInfoVa(va + (ma & PAGE - 1));
        return entry;
    }

    /// Puts frame `mfn` at page `index` of vcpu `id`'s GDT, or an empty page if `mfn` is 0.
    /// The entry of each tree is handed to `changed`.
    public void mapGdtPage(int id, int index, long mfn, EntryListener changed) {
        long ma = mfn == 0 ? gdtMfn[id] * PAGE + index * PAGE : mfn * PAGE;
        long va = MonitorAbi.gdtVa(id) + index * PAGE;
        changed.changed(tables.map(MonitorTables.USER, va, ma, MonitorTables.WRITABLE));
        changed.changed(tables.map(MonitorTables.KERNEL, va, ma, MonitorTables.WRITABLE));
    }

    /// As [#mapGdtPage], for page `index` of the LDT.
    public void mapLdtPage(int id, int index, long mfn, EntryListener changed) {
        long va = MonitorAbi.ldtVa(id) + index * PAGE;
        long ma = mfn == 0 ? noDescriptorsMa : mfn * PAGE;
        // The processor sets Accessed in a descriptor that it loads; in an empty page it loads none.
        long rights = mfn == 0 ? 0 : MonitorTables.WRITABLE;
        changed.changed(tables.map(MonitorTables.USER, va, ma, rights));
        changed.changed(tables.map(MonitorTables.KERNEL, va, ma, rights));
    }

    /// Told of page-table entries that changed under a running guest.
    public interface EntryListener {
        void changed(long entryMa);
    }

    private long codePage(MonitorImage image, String symbol) {
        long mfn = frames.allocate(1);
        image.copyPage(symbol, memory, mfn);
        return mfn * PAGE;
    }

    private void mapCommitCode(MonitorImage image) {
        long from = image.symbol("commits");
        long byteLength = image.symbol("commits_end") - from;
        long mfn = frames.allocate(byteLength / PAGE);
        image.copy(from, memory, mfn, byteLength);
        for (long at = 0; at < byteLength; at += PAGE) {
            tables.map(MonitorTables.KERNEL, MonitorAbi.COMMIT_CODE_VA + at, mfn * PAGE + at, 0);
        }
    }

    private void mapArray(long va, long ma, long byteLength) {
        for (long at = 0; at < byteLength; at += PAGE) {
            tables.map(MonitorTables.KERNEL, va + at, ma + at, MonitorTables.RING3);
        }
    }

    private MonitorWindow buildWindow(int id) {
        long va = MonitorAbi.windowVa(id);
        long superMa = newPage();
        long mailboxMa = newPage();
        flavoured(va + MonitorAbi.W_HANDLERS, handlersUser, handlersKernel, 0);
        flavoured(va + MonitorAbi.W_LSTAR, lstarUser, lstarKernel, MonitorTables.RING3);
        tables.map(MonitorTables.BOTH, va + MonitorAbi.W_SUPER, superMa, MonitorTables.WRITABLE);
        tables.map(MonitorTables.KERNEL, va + MonitorAbi.W_ALIAS, superMa, MonitorTables.RING3);
        tables.map(MonitorTables.USER, va + MonitorAbi.W_MAILBOX, mailboxMa, MonitorTables.WRITABLE);
        tables.map(MonitorTables.KERNEL, va + MonitorAbi.W_MAILBOX, mailboxMa,
                MonitorTables.WRITABLE | MonitorTables.RING3);
        tables.map(MonitorTables.BOTH, va + MonitorAbi.W_TRAP_BELL, MonitorAbi.TRAP_BELL_MA, MonitorTables.WRITABLE);
        tables.map(MonitorTables.KERNEL, va + MonitorAbi.W_CALL_BELL, MonitorAbi.CALL_BELL_MA,
                MonitorTables.WRITABLE | MonitorTables.RING3);
        mapTaskAndGates(id, va);
        mapCommitList(id);
        MonitorWindow window = new MonitorWindow(memory, superMa, mailboxMa, id);
        long lstar = lstar(id);
        window.initFrames(lstar + stubs.syscall(), lstar + stubs.userFault(), lstar + stubs.kernelFault(),
                lstar + stubs.kernelGp());
        return window;
    }

    private void flavoured(long va, long userMa, long kernelMa, long rights) {
        tables.map(MonitorTables.USER, va, userMa, rights);
        tables.map(MonitorTables.KERNEL, va, kernelMa, rights);
    }

    private void mapTaskAndGates(int id, long va) {
        long tssMa = newPage();
        long idtMa = newPage();
        tables.map(MonitorTables.BOTH, va + MonitorAbi.W_TSS, tssMa, MonitorTables.WRITABLE);
        tables.map(MonitorTables.BOTH, va + MonitorAbi.W_IDT, idtMa, MonitorTables.WRITABLE);
        Descriptors.writeTss(memory, tssMa, va + MonitorAbi.W_SUPER + PAGE);
        Descriptors.writeDebugStack(memory, tssMa, va + MonitorAbi.W_SUPER + MonitorAbi.DEBUG_STACK_TOP);
        for (int vector = 0; vector < 256; vector++) {
            int dpl = vector >= DPL3_FIRST && vector <= DPL3_LAST ? 3 : 0;
            Descriptors.writeGate(memory, idtMa + vector * 16L, va + MonitorAbi.W_HANDLERS + handler(vector),
                    MonitorAbi.RING0_CS, GATE_INTERRUPT | dpl << 5, vector == DEBUG ? IST2 : IST1);
        }
    }

    private static long handler(int vector) {
        return switch (vector) {
            case 0 -> MonitorAbi.H_GATE0;
            case 4 -> MonitorAbi.H_GATE4;
            case 13 -> MonitorAbi.H_GATE13;
            case 14 -> MonitorAbi.H_GATE14;
            default -> (long) vector * MonitorAbi.STUB_BYTES;
        };
    }

    private void mapCommitList(int id) {
        long pages = MonitorAbi.COMMIT_LIST_BYTES / PAGE;
        long mfn = frames.allocate(pages);
        commitListMa[id] = mfn * PAGE;
        for (int i = 0; i < pages; i++) {
            tables.map(MonitorTables.KERNEL, MonitorAbi.commitListVa(id) + i * PAGE, (mfn + i) * PAGE,
                    MonitorTables.WRITABLE);
        }
    }

    /// Pages 0–13 are the guest's, empty so far; page 14 holds Xen's flat descriptors and ours.
    private void buildGdt(int id) {
        int pages = MonitorAbi.RESERVED_GDT_PAGE + 1;
        gdtMfn[id] = frames.allocate(pages);
        for (int i = 0; i < pages; i++) {
            tables.map(MonitorTables.BOTH, MonitorAbi.gdtVa(id) + i * PAGE, (gdtMfn[id] + i) * PAGE,
                    MonitorTables.WRITABLE);
        }
        Descriptors.writeReserved(memory, gdtMfn[id] * PAGE, tssBase(id), ldtBase(id));
    }

    private void buildLdt(int id) {
        for (int i = 0; i < MonitorAbi.LDT_BYTES / PAGE; i++) {
            mapLdtPage(id, i, 0, _ -> { });
        }
    }

    private long newPage() {
        return frames.allocate(1) * PAGE;
    }
}
