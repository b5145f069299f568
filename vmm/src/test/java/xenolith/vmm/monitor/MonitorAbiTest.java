package xenolith.vmm.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.HypercallNumber;
import xenolith.abi.XenSegment;
import xenolith.vmm.guest.MachineMemory;

/// Java's numbers against the bytes that the assembler made of them.
class MonitorAbiTest {
    private static final int CACHE_LINE = 64;
    private static final int[] MOV_RSP_CR3 = {0x0f, 0x22, 0xdc};
    private static final int[] IRETQ = {0x48, 0xcf};

    private final MonitorImage image = MonitorImage.load();
    private final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate(12 * 4096, 4096));

    /// The page at `symbol`, 4096 bytes.
    private MemorySegment page(String symbol) {
        image.copyPage(symbol, memory, MachineMemory.BASE_MFN);
        return memory.frame(MachineMemory.BASE_MFN);
    }

    private static int at(MemorySegment page, long offset) {
        return page.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
    }

    /// Where the instruction that ends behind `end` and refers to memory by RIP points, as an offset in the window.
    private static long target(MemorySegment page, int windowOffset, int end) {
        return windowOffset + end + page.get(ValueLayout.JAVA_INT_UNALIGNED, end - 4);
    }

    private static boolean matches(MemorySegment page, int offset, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (at(page, offset + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    private static int find(MemorySegment page, int from, int to, int... bytes) {
        for (int offset = from; offset < to; offset++) {
            if (matches(page, offset, bytes)) {
                return offset;
            }
        }
        return -1;
    }

    // ---- the image is of this Java

    @Test
    void theImageWasAssembledFromTheseNumbers() {
        assertThat(image.symbol("monitor_abi_version")).isEqualTo(MonitorHeader.checksum());
        assertThat(MonitorHeader.text()).endsWith("MONITOR_ABI_CHECKSUM " + MonitorHeader.checksum() + "\n");
    }

    @Test
    void noNumberIsDefinedTwice() {
        assertThat(MonitorAbi.defines()).doesNotHaveDuplicates();
        assertThat(MonitorAbi.defines().stream().map(line -> line.split(" ")[1])).doesNotHaveDuplicates();
    }

    @Test
    void codeIsInWholePages() {
        assertThat(image.symbol("handlers_k") - image.symbol("handlers_u")).isEqualTo(4096);
        assertThat(image.symbol("lstar_k") - image.symbol("lstar_u")).isEqualTo(4096);
        assertThat(image.symbol("commits") % 4096).isZero();
        assertThat((image.symbol("commits_end") - image.symbol("commits")) % 4096).isZero();
    }

    @Test
    void theCallsThatTheStubAnswersHaveXensNumbers() {
        assertThat(MonitorAbi.HYPERVISOR_IRET).isEqualTo(HypercallNumber.IRET);
        assertThat(MonitorAbi.HYPERVISOR_STACK_SWITCH).isEqualTo(HypercallNumber.STACK_SWITCH);
        assertThat(MonitorAbi.HYPERVISOR_XEN_VERSION).isEqualTo(HypercallNumber.XEN_VERSION);
        assertThat(MonitorAbi.HYPERVISOR_SET_SEGMENT_BASE).isEqualTo(HypercallNumber.SET_SEGMENT_BASE);
        assertThat(MonitorAbi.SEGBASE_FS).isEqualTo(XenSegment.SEGBASE_FS);
        assertThat(MonitorAbi.SEGBASE_GS_USER).isEqualTo(XenSegment.SEGBASE_GS_USER);
    }

    // ---- layouts

    @Test
    void theGatesFrameEndsTheSuperPage() {
        assertThat(MonitorAbi.SUPER.byteSize()).isEqualTo(4096);
        String[] pushed = {"S_IST_SS", "S_IST_RSP", "S_IST_RFLAGS", "S_IST_CS", "S_IST_RIP", "S_IST_ERROR"};
        for (int i = 0; i < pushed.length; i++) {
            assertThat(MonitorAbi.superOffset(pushed[i])).as(pushed[i]).isEqualTo(4096 - 8L * (i + 1));
        }
        assertThat(MonitorWindow.gateFrameOffset(true)).isEqualTo(MonitorAbi.superOffset("S_IST_ERROR"));
        assertThat(MonitorWindow.gateFrameOffset(false)).isEqualTo(MonitorAbi.superOffset("S_IST_RIP"));
    }

    @Test
    void theMailboxIsOnePageWithRoomForTheScratchStack() {
        assertThat(MonitorAbi.MAILBOX.byteSize()).isEqualTo(4096);
        assertThat(lastNamedByte(MonitorAbi.MAILBOX)).isLessThan(4096 - 1024);
        assertThat(MonitorAbi.SCRATCH_STACK_TOP).isEqualTo(MonitorAbi.W_MAILBOX + 4096);
    }

    private static long lastNamedByte(StructLayout layout) {
        long last = 0;
        for (MemoryLayout member : layout.memberLayouts()) {
            if (member.name().isPresent()) {
                last = MonitorAbi.mailboxOffset(member.name().get()) + member.byteSize();
            }
        }
        return last;
    }

    /// The stub spins on the answer's line while it stays in its cache; its own stores must not take it away.
    @Test
    void whatTheStubWritesForACallAndWhatJavaAnswersAreInDifferentCacheLines() {
        String[] stubs = {"M_SEQ", "M_NR", "M_ARG0", "M_ARG1", "M_ARG2", "M_ARG3", "M_ARG4", "M_RSP", "M_RIP"};
        String[] javas = {"M_ANSWER", "M_RESULT", "M_ACTION", "M_FS_BASE", "M_RESUME_RAX", "M_RESUME_RCX",
            "M_RESUME_FRAME"};
        String[] others = {"M_USER_RIP", "M_KERNEL_GS", "M_COMMITTING", "M_COUNT_SYSCALL"};
        assertThat(lines(javas)).doesNotContainAnyElementsOf(lines(stubs)).doesNotContainAnyElementsOf(lines(others));
    }

    private static List<Long> lines(String[] fields) {
        List<Long> lines = new ArrayList<>();
        for (String field : fields) {
            lines.add(MonitorAbi.mailboxOffset(field) / CACHE_LINE);
        }
        return lines;
    }

    @Test
    void theCountersAreInTheOrderOfTheirNames() {
        long first = MonitorAbi.mailboxOffset("M_COUNT_SYSCALL");
        for (MonitorWindow.StubCount count : MonitorWindow.StubCount.values()) {
            assertThat(MonitorAbi.mailboxOffset("M_COUNT_" + count)).isEqualTo(first + 8L * count.ordinal());
        }
    }

    @Test
    void thePagesOfAWindowDoNotCollide() {
        int[] pages = {MonitorAbi.W_HANDLERS, MonitorAbi.W_SUPER, MonitorAbi.W_ALIAS, MonitorAbi.W_MAILBOX,
            MonitorAbi.W_LSTAR, MonitorAbi.W_VCPU_INFO, MonitorAbi.W_TSS, MonitorAbi.W_TRAP_BELL,
            MonitorAbi.W_CALL_BELL, MonitorAbi.W_IDT};
        Map<Integer, Integer> seen = new HashMap<>();
        for (int page : pages) {
            assertThat(page % 4096).isZero();
            assertThat((long) page).isLessThan(MonitorAbi.WINDOW_BYTES);
            assertThat(seen.put(page, page)).as("page %x", page).isNull();
        }
    }

    @Test
    void theRegionsOfTheSlotDoNotMeet() {
        long[] starts = {MonitorAbi.BASE, MonitorAbi.COMMIT_CODE_VA, MonitorAbi.COMMIT_LISTS_VA, MonitorAbi.GDTS_VA,
            MonitorAbi.M2P_VA, MonitorAbi.DIRECT_MAP_VA, MonitorAbi.BASE + (512L << 30)};
        long[] used = {512 * MonitorAbi.WINDOW_BYTES, image.symbol("commits_end") - image.symbol("commits"),
            512 * MonitorAbi.COMMIT_LIST_BYTES, 512 * MonitorAbi.GDT_BYTES, 32L << 30, 256L << 30};
        assertThat(MonitorAbi.BASE >>> 39 & 511).isEqualTo(MonitorAbi.L4_SLOT);
        for (int i = 0; i < used.length; i++) {
            assertThat(starts[i] + used[i]).isLessThanOrEqualTo(starts[i + 1]);
        }
        assertThat(MonitorAbi.COMMIT_LIST_BYTES).isGreaterThanOrEqualTo(8L * MonitorAbi.COMMIT_MAX + 8 * 8);
        assertThat(MonitorAbi.GDT_BYTES).isGreaterThanOrEqualTo(Monitor.gdtLimit() + 1);
    }

    @Test
    void theDoorbellsLieBelowMachineMemory() {
        assertThat(MonitorAbi.TRAP_BELL_MA + 4096).isLessThanOrEqualTo(MonitorAbi.CALL_BELL_MA);
        assertThat(MonitorAbi.CALL_BELL_MA + 4096).isLessThanOrEqualTo(MachineMemory.BASE_MFN << 12);
        int[] bells = {MonitorAbi.BELL_HYPERCALL, MonitorAbi.BELL_USER_GATE4, MonitorAbi.BELL_USER_FAULT,
            MonitorAbi.BELL_KERNEL_FAULT, MonitorAbi.BELL_DIVIDE, MonitorAbi.BELL_KERNEL_GP,
            MonitorAbi.BELL_KERNEL_SYSCALL32, MonitorAbi.BELL_SEND};
        for (int i = 1; i < bells.length; i++) {
            assertThat(bells[i]).as("four bytes each: the stub writes EAX").isGreaterThanOrEqualTo(bells[i - 1] + 4);
        }
    }

    @Test
    void anAddressIsOneBellOrNone() {
        for (int bell : new int[] {MonitorAbi.BELL_HYPERCALL, MonitorAbi.BELL_SEND, 4095}) {
            assertThat(MonitorAbi.callBell(MonitorAbi.callBellMa(bell))).isEqualTo(bell);
            assertThat(MonitorAbi.trapBell(MonitorAbi.callBellMa(bell))).isEqualTo(MonitorAbi.NO_BELL);
            assertThat(MonitorAbi.callBell(MonitorAbi.callBellMa(bell) + (1L << 32))).isEqualTo(MonitorAbi.NO_BELL);
        }
        for (int vector : new int[] {0, 14, 255}) {
            assertThat(MonitorAbi.trapBell(MonitorAbi.TRAP_BELL_MA + vector)).isEqualTo(vector);
            assertThat(MonitorAbi.callBell(MonitorAbi.TRAP_BELL_MA + vector)).isEqualTo(MonitorAbi.NO_BELL);
        }
        for (long ma : new long[] {MonitorAbi.TRAP_BELL_MA - 1, MonitorAbi.TRAP_BELL_MA + 256,
            MonitorAbi.CALL_BELL_MA - 1, MonitorAbi.CALL_BELL_MA + 4096, 0, -1}) {
            assertThat(MonitorAbi.trapBell(ma)).as("%x", ma).isEqualTo(MonitorAbi.NO_BELL);
            assertThat(MonitorAbi.callBell(ma)).as("%x", ma).isEqualTo(MonitorAbi.NO_BELL);
        }
    }

    @Test
    void actionsAreDifferentBits() {
        int[] actions = {MonitorAbi.ACT_RING, MonitorAbi.ACT_COMMIT, MonitorAbi.ACT_FS_BASE, MonitorAbi.ACT_RESUME,
            MonitorAbi.ACT_AGAIN};
        int all = 0;
        for (int action : actions) {
            assertThat(Integer.bitCount(action)).isOne();
            assertThat(all & action).isZero();
            all |= action;
        }
        assertThat(all).as("tested by byte").isLessThan(128);
    }

    // ---- the handlers page

    @ParameterizedTest
    @ValueSource(strings = {"handlers_u", "handlers_k"})
    void eachVectorsStubWritesToTheBellAtItsOwnAddress(String flavour) {
        MemorySegment page = page(flavour);
        for (int vector = 0; vector < 256; vector++) {
            int stub = vector * MonitorAbi.STUB_BYTES;
            assertThat(matches(page, stub, 0x88, 0x05)).as("mov %%al, …(%%rip) of vector %d", vector).isTrue();
            assertThat(target(page, MonitorAbi.W_HANDLERS, stub + 6)).as("vector %d", vector)
                    .isEqualTo(MonitorAbi.W_TRAP_BELL + vector);
            assertThat(at(page, stub + 6)).as("hlt").isEqualTo(0xf4);
        }
        assertThat(MonitorAbi.STUB_BYTES).isGreaterThanOrEqualTo(7);
        assertThat(256 * MonitorAbi.STUB_BYTES).isLessThanOrEqualTo(MonitorAbi.H_GATE4);
    }

    /// `mov %rsp, %cr3` in one flavour continues in the other at the very next byte.
    @Test
    void bothFlavoursOfTheSystemCallGateContinueAtTheSameOffset() {
        int inUser = find(page("handlers_u"), MonitorAbi.H_GATE4, MonitorAbi.H_GATE14, MOV_RSP_CR3);
        int inKernel = find(page("handlers_k"), MonitorAbi.H_GATE4, MonitorAbi.H_GATE14, MOV_RSP_CR3);
        assertThat(inUser).isPositive().isEqualTo(inKernel);
        int behind = inUser + MOV_RSP_CR3.length;

        MemorySegment kernel = page("handlers_k");
        assertThat(matches(kernel, behind, 0x48, 0x8d, 0x25)).as("lea …(%%rip), %%rsp").isTrue();
        assertThat(target(kernel, MonitorAbi.W_HANDLERS, behind + 7))
                .isEqualTo(MonitorAbi.W_SUPER + MonitorAbi.superOffset("S_FRAME_SYSCALL"));
        assertThat(matches(kernel, behind + 7, IRETQ)).isTrue();

        MemorySegment user = page("handlers_u");
        assertThat(matches(user, behind, 0x48, 0x8d, 0x25)).isTrue();
        assertThat(target(user, MonitorAbi.W_HANDLERS, behind + 7))
                .isEqualTo(MonitorAbi.W_SUPER + MonitorAbi.superOffset("S_IST_RIP") + 8);
        assertThat(matches(user, behind + 7, 0xff, 0x35)).as("pushq …(%%rip)").isTrue();
        assertThat(target(user, MonitorAbi.W_HANDLERS, behind + 13))
                .isEqualTo(MonitorAbi.W_MAILBOX + MonitorAbi.mailboxOffset("M_USER_RIP"));
        assertThat(matches(user, behind + 13, IRETQ)).isTrue();
    }

    @Test
    void theRootsLoadedAreTheOtherFlavours() {
        MemorySegment user = page("handlers_u");
        assertThat(matches(user, MonitorAbi.H_GATE4, 0x48, 0x8b, 0x25)).as("mov …(%%rip), %%rsp").isTrue();
        assertThat(target(user, MonitorAbi.W_HANDLERS, MonitorAbi.H_GATE4 + 7))
                .isEqualTo(MonitorAbi.W_SUPER + MonitorAbi.superOffset("S_KERNEL_CR3"));
        MemorySegment kernel = page("handlers_k");
        assertThat(target(kernel, MonitorAbi.W_HANDLERS, MonitorAbi.H_GATE4 + 7))
                .isEqualTo(MonitorAbi.W_SUPER + MonitorAbi.superOffset("S_USER_CR3"));
    }

    @Test
    void aUsersPageFaultContinuesBehindTheKernelsOwn() {
        int load = find(page("handlers_u"), MonitorAbi.H_GATE14, MonitorAbi.H_GATE13, MOV_RSP_CR3);
        assertThat(load).isPositive();
        int behind = load + MOV_RSP_CR3.length;

        MemorySegment kernel = page("handlers_k");
        int ownEnd = find(kernel, MonitorAbi.H_GATE14, behind, IRETQ);
        assertThat(ownEnd).as("the kernel's own path has ended by there").isPositive();
        assertThat(ownEnd + IRETQ.length).isLessThanOrEqualTo(behind);
        assertThat(matches(kernel, behind, 0x48, 0x8d, 0x25)).isTrue();
        assertThat(target(kernel, MonitorAbi.W_HANDLERS, behind + 7))
                .isEqualTo(MonitorAbi.W_SUPER + MonitorAbi.superOffset("S_FRAME_USER_FAULT"));
        assertThat(matches(kernel, behind + 7, IRETQ)).isTrue();
        assertThat(find(kernel, MonitorAbi.H_GATE14, MonitorAbi.H_GATE13, MOV_RSP_CR3))
                .as("a kernel's fault changes no root").isNegative();
    }

    @Test
    void gatesThatNeverLoadARootDoNotDoSoByAccident() {
        for (String flavour : new String[] {"handlers_u", "handlers_k"}) {
            MemorySegment page = page(flavour);
            assertThat(find(page, MonitorAbi.H_GATE13, 4096 - 3, MOV_RSP_CR3)).as(flavour).isNegative();
        }
        MemorySegment user = page("handlers_u");
        assertThat(target(user, MonitorAbi.W_HANDLERS, MonitorAbi.H_GATE13 + 6)).isEqualTo(MonitorAbi.W_TRAP_BELL + 13);
        assertThat(target(user, MonitorAbi.W_HANDLERS, MonitorAbi.H_GATE0 + 6)).isEqualTo(MonitorAbi.W_TRAP_BELL);
    }

    @Test
    void bothWaysIntoASystemCallAreTheSoftGate() {
        MemorySegment user = page("lstar_u");
        assertThat(matches(user, 0, 0xcd, 0x04)).as("int $4").isTrue();
        assertThat(matches(user, MonitorAbi.L_CSTAR, 0xcd, 0x04)).isTrue();
        assertThat(image.symbol("lstar_u_after") - image.symbol("lstar_u")).isEqualTo(2);
    }

    // ---- commits

    @Test
    void everyEntryOfACommitHasTheSameLength() {
        long bytes = image.symbol("commits_tail") - image.symbol("commits");
        assertThat(bytes % MonitorAbi.COMMIT_MAX).isZero();
        long perEntry = bytes / MonitorAbi.COMMIT_MAX;
        long pages = (image.symbol("commits_end") - image.symbol("commits")) / 4096;
        image.copy(image.symbol("commits"), memory, MachineMemory.BASE_MFN, pages * 4096);
        MemorySegment code = memory.segment();
        for (int i = 0; i < MonitorAbi.COMMIT_MAX; i++) {
            assertThat(matches(code, (int) (i * perEntry), 0x5f, 0xf0, 0x48, 0x83, 0x0f, 0x00))
                    .as("pop %%rdi; lock orq $0,(%%rdi) number %d", i).isTrue();
        }
        assertThat(matches(code, (int) bytes, 0x5f, 0x0f, 0x22, 0xdf)).as("pop %%rdi; mov %%rdi,%%cr3").isTrue();
    }
}
