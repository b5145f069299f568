package xenolith.vmm.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.monitor.MonitorView.PRESENT;
import static xenolith.vmm.monitor.MonitorView.RING3;
import static xenolith.vmm.monitor.MonitorView.WRITABLE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.x86.VirtualLayout;
import xenolith.vmm.guest.MachineMemory;

/// What either mode of a guest may do to the monitor's pages.
class MonitorTest {
    private static final long RO = PRESENT;
    private static final long RW = PRESENT | WRITABLE;
    private static final long RING3_RO = PRESENT | RING3;
    private static final long RING3_RW = PRESENT | RING3 | WRITABLE;
    private static final long SLOT_BYTES = 512L << 30;
    private static final long CODE32_DPL3 = 0x00cf_fb00_0000_ffffL;
    private static final long CODE64_DPL3 = 0x00af_fb00_0000_ffffL;
    private static final long DATA_DPL3 = 0x00cf_f300_0000_ffffL;

    private final TestMonitor m = new TestMonitor();

    // ---- the windows

    private record Page(int offset, long kernelRights, long userRights) {
    }

    private static List<Page> pages() {
        return List.of(
                new Page(MonitorAbi.W_HANDLERS, RO, RO),
                new Page(MonitorAbi.W_SUPER, RW, RW),
                new Page(MonitorAbi.W_ALIAS, RING3_RO, 0),
                new Page(MonitorAbi.W_MAILBOX, RING3_RW, RW),
                new Page(MonitorAbi.W_LSTAR, RING3_RO, RING3_RO),
                new Page(MonitorAbi.W_VCPU_INFO, 0, 0),
                new Page(MonitorAbi.W_TSS, RW, RW),
                new Page(MonitorAbi.W_TRAP_BELL, RW, RW),
                new Page(MonitorAbi.W_CALL_BELL, RING3_RW, 0),
                new Page(MonitorAbi.W_IDT, RW, RW),
                new Page(0xa000, 0, 0),
                new Page(0xf000, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void everyPageOfAWindowHasItsRights(int vcpu) {
        for (Page page : pages()) {
            long va = MonitorAbi.windowVa(vcpu) + page.offset;
            assertThat(m.kernel.rights(va)).as("kernel's %x", page.offset).isEqualTo(page.kernelRights);
            assertThat(m.user.rights(va)).as("user's %x", page.offset).isEqualTo(page.userRights);
        }
    }

    @Test
    void theGuestsUserReachesOneReadOnlyPageOfEachWindow() {
        assertThat(ring3Pages(m.user)).containsExactly(
                MonitorAbi.windowVa(0) + MonitorAbi.W_LSTAR, MonitorAbi.windowVa(1) + MonitorAbi.W_LSTAR);
        assertThat(m.user.rights(MonitorAbi.windowVa(0) + MonitorAbi.W_LSTAR)).isEqualTo(RING3_RO);
    }

    @Test
    void theGuestsKernelWritesMailboxesAndBellsAndNothingElse() {
        List<Long> writable = new ArrayList<>();
        for (long va : ring3Pages(m.kernel)) {
            if ((m.kernel.rights(va) & WRITABLE) != 0) {
                writable.add(va - MonitorAbi.windowVa(0));
            }
        }
        assertThat(writable).containsExactly((long) MonitorAbi.W_MAILBOX, (long) MonitorAbi.W_CALL_BELL,
                MonitorAbi.WINDOW_BYTES + MonitorAbi.W_MAILBOX, MonitorAbi.WINDOW_BYTES + MonitorAbi.W_CALL_BELL);
    }

    /// Every page of the slot that ring 3 can reach.
    private static List<Long> ring3Pages(MonitorView view) {
        List<Long> found = new ArrayList<>();
        long[] regions = {MonitorAbi.BASE, MonitorAbi.BASE + (256L << 20), MonitorAbi.M2P_VA,
            MonitorAbi.M2P_VA + MachineMemory.BASE_MFN * 8, MonitorAbi.DIRECT_MAP_VA};
        long[] bytes = {256L << 20, 1 << 20, 1 << 20, 1 << 20, 8 << 20};
        for (int i = 0; i < regions.length; i++) {
            for (long at = 0; at < bytes[i]; at += 4096) {
                if ((view.rights(regions[i] + at) & RING3) != 0) {
                    found.add(regions[i] + at);
                }
            }
        }
        return found;
    }

    @Test
    void theArrayAtItsTraditionalPlaceIsTheSameReadOnlyAndAlone() {
        MonitorView traditional = new MonitorView(m.memory, m.monitor.traditionalM2pEntry());
        long first = VirtualLayout.MACH2PHYS_VIRT_START + MachineMemory.BASE_MFN * 8;
        List<Long> pages = new ArrayList<>();
        for (long at = 0; at < 128L << 20; at += 4096) {
            if (traditional.rights(VirtualLayout.MACH2PHYS_VIRT_START + at) != 0) {
                pages.add(VirtualLayout.MACH2PHYS_VIRT_START + at);
            }
        }
        assertThat(pages).containsExactly(first, first + 4096);
        for (long va : pages) {
            assertThat(traditional.rights(va)).isEqualTo(RING3_RO);
            assertThat(traditional.ma(va)).isEqualTo(m.kernel.ma(MonitorAbi.M2P_VA + va - VirtualLayout.MACH2PHYS_VIRT_START));
        }
        for (long gib = 1; gib < 512; gib++) {
            assertThat(traditional.rights(VirtualLayout.MACH2PHYS_VIRT_START + (gib << 30))).isZero();
        }
    }

    @Test
    void bothFlavoursSeeTheSameDataAndTheirOwnCode() {
        for (int offset : new int[] {MonitorAbi.W_SUPER, MonitorAbi.W_MAILBOX, MonitorAbi.W_TSS, MonitorAbi.W_IDT,
            MonitorAbi.W_TRAP_BELL}) {
            long va = MonitorAbi.windowVa(1) + offset;
            assertThat(m.kernel.ma(va)).isEqualTo(m.user.ma(va));
        }
        for (int offset : new int[] {MonitorAbi.W_HANDLERS, MonitorAbi.W_LSTAR}) {
            long va = MonitorAbi.windowVa(1) + offset;
            assertThat(m.kernel.ma(va)).isNotEqualTo(m.user.ma(va));
        }
        long window = MonitorAbi.windowVa(0);
        assertThat(m.kernel.ma(window + MonitorAbi.W_ALIAS)).isEqualTo(m.kernel.ma(window + MonitorAbi.W_SUPER));
        assertThat(m.kernel.ma(window + MonitorAbi.W_TRAP_BELL)).isEqualTo(MonitorAbi.TRAP_BELL_MA);
        assertThat(m.kernel.ma(window + MonitorAbi.W_CALL_BELL)).isEqualTo(MonitorAbi.CALL_BELL_MA);
    }

    @Test
    void noFrameIsUsedForTwoThings() {
        Map<Long, Long> frames = new HashMap<>();
        int[] own = {MonitorAbi.W_SUPER, MonitorAbi.W_MAILBOX, MonitorAbi.W_TSS, MonitorAbi.W_IDT};
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            for (int offset : own) {
                long va = MonitorAbi.windowVa(vcpu) + offset;
                assertThat(frames.put(m.kernel.ma(va), va)).as("%x", va).isNull();
            }
            for (int page = 0; page < 15; page++) {
                long va = MonitorAbi.gdtVa(vcpu) + page * 4096L;
                assertThat(frames.put(m.kernel.ma(va), va)).as("%x", va).isNull();
            }
            long list = MonitorAbi.commitListVa(vcpu);
            assertThat(frames.put(m.kernel.ma(list), list)).isNull();
        }
        assertThat(frames.keySet()).allMatch(ma -> ma >= m.guestMfn + TestMonitor.GUEST_FRAMES << 12);
    }

    // ---- beyond the windows

    @Test
    void commitsAreTheKernelRootsSupervisorsAlone() {
        for (long va : new long[] {MonitorAbi.COMMIT_CODE_VA, MonitorAbi.COMMIT_CODE_VA + 0x6000}) {
            assertThat(m.kernel.rights(va)).isEqualTo(RO);
            assertThat(m.user.rights(va)).isZero();
        }
        for (int vcpu = 0; vcpu < 2; vcpu++) {
            for (long at = 0; at < MonitorAbi.COMMIT_LIST_BYTES; at += 4096) {
                assertThat(m.kernel.rights(MonitorAbi.commitListVa(vcpu) + at)).isEqualTo(RW);
                assertThat(m.user.rights(MonitorAbi.commitListVa(vcpu) + at)).isZero();
            }
        }
    }

    @Test
    void allOfMachineMemoryIsMappedForRing0OfKernelRootsOnly() {
        for (long at = 0; at < TestMonitor.FRAMES * 4096L; at += 4096) {
            long va = MonitorAbi.DIRECT_MAP_VA + at;
            assertThat(m.kernel.rights(va)).isEqualTo(RW);
            assertThat(m.kernel.ma(va)).isEqualTo((MachineMemory.BASE_MFN << 12) + at);
            assertThat(m.user.rights(va)).isZero();
        }
        assertThat(m.kernel.rights(MonitorAbi.DIRECT_MAP_VA + TestMonitor.FRAMES * 4096L)).isZero();
    }

    @Test
    void theMachineToPhysArrayIsReadOnlyAndBeginsWithTheFirstMachineFrame() {
        long va = MonitorAbi.M2P_VA + MachineMemory.BASE_MFN * 8;
        assertThat(m.kernel.rights(va)).isEqualTo(RING3_RO);
        assertThat(m.kernel.ma(va)).isEqualTo(m.m2pMfn << 12);
        assertThat(m.kernel.ma(va + 4096)).isEqualTo(m.m2pMfn + 1 << 12);
        assertThat(m.kernel.rights(va + 8192)).isZero();
        assertThat(m.user.rights(va)).isZero();
    }

    @Test
    void theSlotsEntriesNameTwoTrees() {
        assertThat(m.monitor.kernelSlotEntry()).isNotEqualTo(m.monitor.userSlotEntry());
        assertThat(m.monitor.kernelSlotEntry() & 7).isEqualTo(RING3_RW);
        assertThat(MonitorAbi.BASE + SLOT_BYTES).as("one slot").isEqualTo(0xffff_8100_0000_0000L);
    }

    // ---- descriptors, gates, task

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theReservedSegmentsAreXens(int vcpu) {
        long gdt = MonitorAbi.gdtVa(vcpu);
        assertThat(Monitor.gdtBase(vcpu)).isEqualTo(gdt);
        assertThat(Monitor.gdtLimit()).isEqualTo(15 * 4096 - 1);
        for (int page = 0; page < 15; page++) {
            assertThat(m.kernel.rights(gdt + page * 4096L)).isEqualTo(RW);
            assertThat(m.user.rights(gdt + page * 4096L)).isEqualTo(RW);
            assertThat(m.user.ma(gdt + page * 4096L)).isEqualTo(m.kernel.ma(gdt + page * 4096L));
        }
        assertThat(m.kernel.word(gdt + 0xe020)).isEqualTo(CODE32_DPL3);
        assertThat(m.kernel.word(gdt + 0xe028)).isEqualTo(DATA_DPL3);
        assertThat(m.kernel.word(gdt + 0xe030)).isEqualTo(CODE64_DPL3);
        for (int page = 0; page < 14; page++) {
            assertThat(m.kernel.word(gdt + page * 4096L + 8)).as("the guest's part is empty").isZero();
        }
    }

    @Test
    void syscallAndSysretLandInTheRightSegments() {
        long star = Monitor.star();
        assertThat(star >>> 32 & 0xffff).as("SYSCALL's CS").isEqualTo(MonitorAbi.RING0_CS);
        assertThat(MonitorAbi.RING0_SS).isEqualTo(MonitorAbi.RING0_CS + 8);
        assertThat((star >>> 48) + 16).as("SYSRET's CS").isEqualTo(MonitorAbi.GUEST_CS);
        assertThat((star >>> 48) + 8).as("SYSRET's SS").isEqualTo(MonitorAbi.GUEST_SS);
        assertThat(Monitor.lstar(1)).isEqualTo(MonitorAbi.windowVa(1) + MonitorAbi.W_LSTAR);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theTaskPointsAtTheSuperPagesEnd(int vcpu) {
        long tss = Monitor.tssBase(vcpu);
        long low = m.kernel.word(MonitorAbi.gdtVa(vcpu) + MonitorAbi.TSS_SELECTOR);
        long high = m.kernel.word(MonitorAbi.gdtVa(vcpu) + MonitorAbi.TSS_SELECTOR + 8);
        long base = low >>> 16 & 0xff_ffff | (low >>> 56 & 0xff) << 24 | high << 32;
        assertThat(base).isEqualTo(tss);
        assertThat(low & 0xffff).isEqualTo(0x67);
        assertThat(low >>> 40 & 0xff).as("present, 64-bit task").isIn(0x89L, 0x8bL);

        long top = MonitorAbi.windowVa(vcpu) + MonitorAbi.W_SUPER + 4096;
        assertThat(unaligned(tss + 4)).as("RSP0").isEqualTo(top);
        assertThat(unaligned(tss + 0x24)).as("IST1").isEqualTo(top);
        assertThat(m.kernel.word(tss + 0x60) >>> 48).as("no I/O ports").isGreaterThan(0x67);
        assertThat(top % 16).isZero();
    }

    private long unaligned(long va) {
        return m.kernel.word(va - 4) >>> 32 | m.kernel.word(va + 4) << 32;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void everyVectorHasAnInterruptGateToItsHandler(int vcpu) {
        for (int vector = 0; vector < 256; vector++) {
            long low = m.kernel.word(Monitor.idtBase(vcpu) + vector * 16L);
            long high = m.kernel.word(Monitor.idtBase(vcpu) + vector * 16L + 8);
            long target = low & 0xffff | (low >>> 48) << 16 | high << 32;
            int expected = switch (vector) {
                case 0 -> MonitorAbi.H_GATE0;
                case 4 -> MonitorAbi.H_GATE4;
                case 13 -> MonitorAbi.H_GATE13;
                case 14 -> MonitorAbi.H_GATE14;
                default -> vector * MonitorAbi.STUB_BYTES;
            };
            assertThat(target).as("vector %d", vector)
                    .isEqualTo(MonitorAbi.windowVa(vcpu) + MonitorAbi.W_HANDLERS + expected);
            assertThat(low >>> 16 & 0xffff).isEqualTo(MonitorAbi.RING0_CS);
            assertThat(low >>> 32 & 7).as("stack of vector %d", vector).isEqualTo(vector == 1 ? 2 : 1);
            assertThat(low >>> 40 & 0xff).as("rights of vector %d", vector)
                    .isEqualTo(vector == 3 || vector == 4 ? 0xee : 0x8e);
        }
    }

    // ---- vcpu_info, GDT pages, entry points

    @Test
    void vcpuInfoIsMappedForTheKernelsStubsAndItsEntryIsTold() {
        long ma = m.guestMfn + 3 << 12;

        long entryMa = m.monitor.mapVcpuInfo(1, ma + 0x140);

        long va = MonitorAbi.windowVa(1) + MonitorAbi.W_VCPU_INFO;
        assertThat(m.kernel.rights(va)).isEqualTo(RING3_RW);
        assertThat(m.kernel.ma(va)).isEqualTo(ma);
        assertThat(m.user.rights(va)).isZero();
        assertThat(m.memory.readWord(entryMa) & -4096).isEqualTo(ma);
        assertThat(m.kernel.superWord(1, "S_VCPU_INFO")).isEqualTo(va + 0x140);
        assertThat(m.kernel.rights(MonitorAbi.windowVa(0) + MonitorAbi.W_VCPU_INFO)).as("the other's").isZero();
    }

    @Test
    void aGuestsGdtPageIsInBothTreesAndNeverRing3s() {
        List<Long> changed = new ArrayList<>();
        long before = m.kernel.ma(MonitorAbi.gdtVa(0) + 0x3000);

        m.monitor.mapGdtPage(0, 3, m.guestMfn + 9, changed::add);

        assertThat(changed).hasSize(2).doesNotHaveDuplicates();
        for (MonitorView view : List.of(m.kernel, m.user)) {
            assertThat(view.ma(MonitorAbi.gdtVa(0) + 0x3000)).isEqualTo(m.guestMfn + 9 << 12);
            assertThat(view.rights(MonitorAbi.gdtVa(0) + 0x3000)).isEqualTo(RW);
        }
        m.monitor.mapGdtPage(0, 3, 0, changed::add);
        assertThat(m.kernel.ma(MonitorAbi.gdtVa(0) + 0x3000)).as("an empty page again").isEqualTo(before);
    }

    @Test
    void ring0EntersTheStubsByPreparedFrames() {
        String[] frames = {"S_FRAME_SYSCALL", "S_FRAME_USER_FAULT", "S_FRAME_KERNEL_FAULT", "S_FRAME_KERNEL_GP"};
        MonitorImage image = MonitorImage.load();
        String[] stubs = {"stub_syscall", "stub_user_fault", "stub_kernel_fault", "stub_kernel_gp"};
        for (int i = 0; i < frames.length; i++) {
            long at = MonitorAbi.windowVa(1) + MonitorAbi.W_ALIAS + MonitorAbi.superOffset(frames[i]);
            assertThat(m.kernel.word(at)).as(frames[i])
                    .isEqualTo(Monitor.lstar(1) + image.symbol(stubs[i]) - image.symbol("lstar_k"));
            assertThat(m.kernel.word(at + 8)).as("CS").isEqualTo(MonitorAbi.GUEST_CS);
            assertThat(m.kernel.word(at + 16)).as("RFLAGS: interrupts on, IOPL 0").isEqualTo(0x202);
            assertThat(m.kernel.word(at + 32)).as("SS").isEqualTo(MonitorAbi.GUEST_SS);
            assertThat(MonitorAbi.isMonitorCode(m.kernel.word(at))).isTrue();
        }
    }

    @Test
    void theStubsEntrancesAreWhereTheirSymbolsSay() {
        MonitorImage image = MonitorImage.load();
        long start = Monitor.lstar(1) - image.symbol("lstar_k");
        assertThat(m.monitor.hypercallAnswered(1)).isEqualTo(start + image.symbol("hypercall_answered"));
        assertThat(m.monitor.sendReads(1)).isEqualTo(start + image.symbol("send_reads"));
        assertThat(m.monitor.postHypercall(1)).isEqualTo(start + image.symbol("post_hypercall"));
        assertThat(m.monitor.commitDone(1)).isEqualTo(start + image.symbol("commit_done"));
        assertThat(m.monitor.commitEntry(MonitorAbi.COMMIT_MAX)).isEqualTo(MonitorAbi.COMMIT_CODE_VA);
        assertThat(m.monitor.commitEntry(0) - MonitorAbi.COMMIT_CODE_VA)
                .isEqualTo(image.symbol("commits_tail") - image.symbol("commits"));
    }

    @Test
    void addressesOfMonitorCodeAreKnownAsSuch() {
        assertThat(MonitorAbi.isMonitorCode(MonitorAbi.windowVa(0))).isTrue();
        assertThat(MonitorAbi.isMonitorCode(MonitorAbi.COMMIT_CODE_VA + 0x6000)).isTrue();
        assertThat(MonitorAbi.isMonitorCode(MonitorAbi.BASE - 1)).isFalse();
        assertThat(MonitorAbi.isMonitorCode(0x1000)).isFalse();
        assertThat(MonitorAbi.isMonitorCode(0xffff_ffff_8100_0000L)).isFalse();
        assertThat(MonitorAbi.isMonitorCode(MonitorAbi.M2P_VA)).isFalse();
    }
}
