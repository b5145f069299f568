package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/// The accessors that are more than a field: text, event words, structs within structs, names.
class XenFieldsTest {
    private static final long BASE = 4096;
    private final MemorySegment memory = Arena.ofAuto().allocate(4 * 4096, 4096).fill((byte) 0x55);

    @Test
    void textFillsItsArrayWithZeros() {
        XenStartInfo.magic(memory, BASE, XenStartInfo.MAGIC);
        assertThat(XenStartInfo.magic(memory, BASE)).isEqualTo("xen-3.0-x86_64");
        for (long at = XenStartInfo.MAGIC.length(); at < 32; at++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, BASE + at)).isZero();
        }
        assertThat(memory.get(ValueLayout.JAVA_BYTE, BASE + 32)).isEqualTo((byte) 0x55);
    }

    @Test
    void aCommandLineLeavesRoomForItsZero() {
        String longest = "x".repeat(XenStartInfo.MAX_GUEST_CMDLINE - 1);
        XenStartInfo.cmdLine(memory, BASE, longest);
        assertThat(XenStartInfo.cmdLine(memory, BASE)).isEqualTo(longest);
        assertThatIllegalArgumentException().isThrownBy(() -> XenStartInfo.cmdLine(memory, BASE, longest + "x"));
    }

    @Test
    void textWithoutAZeroEndsWithItsArray() {
        assertThat(XenStartInfo.magic(memory, BASE)).isEqualTo("U".repeat(32));
        XenVersion.CompileInfo.compiler(memory, BASE, "javac");
        assertThat(XenVersion.CompileInfo.compiler(memory, BASE)).isEqualTo("javac");
    }

    @Test
    void raisingAPortTellsWhetherItWasPending() {
        memory.fill((byte) 0);
        assertThat(XenSharedInfo.evtchnPendingOr(memory, BASE, 63, 1L << 63)).isZero();
        assertThat(XenSharedInfo.evtchnPendingOr(memory, BASE, 63, 1L << 63)).isEqualTo(1L << 63);
        assertThat(memory.get(ValueLayout.JAVA_LONG, BASE + 0x800 + 63 * 8)).isEqualTo(1L << 63);
        assertThat(XenSharedInfo.evtchnPendingClear(memory, BASE, 63, -1)).isEqualTo(1L << 63);
        assertThat(XenSharedInfo.evtchnPending(memory, BASE, 63)).isZero();
    }

    @Test
    void unmaskingAPortTellsWhetherItWasMasked() {
        XenSharedInfo.evtchnMask(memory, BASE, 1, -1);
        assertThat(XenSharedInfo.evtchnMaskClear(memory, BASE, 1, 2)).isEqualTo(-1);
        assertThat(memory.get(ValueLayout.JAVA_LONG, BASE + 0xA00 + 8)).isEqualTo(~2L);
    }

    @Test
    void theSelectorKeepsBitsThatOthersSet() {
        XenVcpuInfo.evtchnPendingSel(memory, BASE, 1);
        assertThat(XenVcpuInfo.evtchnPendingSelOr(memory, BASE, 2)).isEqualTo(1);
        assertThat(XenVcpuInfo.evtchnPendingSel(memory, BASE)).isEqualTo(3);
    }

    @Test
    void innerStructsStandWhereTheHeaderPutsThem() {
        assertThat(XenSharedInfo.vcpuInfo(BASE, 31)).isEqualTo(BASE + 31 * 64);
        assertThat(XenSharedInfo.arch(BASE)).isEqualTo(BASE + 0xC10);
        assertThat(XenVcpuInfo.time(BASE)).isEqualTo(BASE + 32);
        assertThat(GuestContext.trapCtxt(BASE, 255) + XenTrapInfo.SIZEOF).isEqualTo(BASE + 512 + 8 + 200 + 4096);
        assertThat(XenMemory.MemoryExchange.out(BASE) - XenMemory.MemoryExchange.in(BASE)).isEqualTo(32);
    }

    @Test
    void aGrantIsChangedOnlyAsAWhole() {
        XenGrantTable.EntryV1.flags(memory, BASE, XenGrantTable.GTF_PERMIT_ACCESS);
        XenGrantTable.EntryV1.domid(memory, BASE, 7);
        int seen = XenGrantTable.EntryV1.flagsAndDomid(memory, BASE);
        assertThat(seen).isEqualTo(7 << 16 | 1);
        XenGrantTable.EntryV1.domid(memory, BASE, 8);
        assertThat(XenGrantTable.EntryV1.compareAndSetFlagsAndDomid(memory, BASE, seen, seen | 8)).isFalse();
        assertThat(XenGrantTable.EntryV1.flags(memory, BASE)).isEqualTo(1);
    }

    @Test
    void numbersHaveNamesForLogs() {
        assertThat(HypercallNumber.name(HypercallNumber.UPDATE_VA_MAPPING)).isEqualTo("update_va_mapping");
        assertThat(HypercallNumber.name(11)).isEqualTo("hypercall 11");
        assertThat(XenErrno.name(XenErrno.EINVAL)).isEqualTo("EINVAL");
        assertThat(XenErrno.name(-22)).isEqualTo("errno -22");
        assertThat(XenSched.shutdownName(XenSched.SHUTDOWN_SUSPEND)).isEqualTo("suspend");
        assertThat(XenSched.shutdownName(-1)).isEqualTo("reason 4294967295");
        assertThat(XenElfNote.name(XenElfNote.XEN_ELFNOTE_INIT_P2M)).isEqualTo("INIT_P2M");
    }

    @Test
    void aDomainNumberHasSixteenBits() {
        assertThatIllegalArgumentException().isThrownBy(() -> new DomId(0x10000));
        assertThatIllegalArgumentException().isThrownBy(() -> new DomId(-1));
        assertThat(new DomId(DomId.DOMID_SELF).isOrdinary()).isFalse();
        assertThat(new DomId(0x7FEF).isOrdinary()).isTrue();
    }

    @Test
    void portsAndGrantsAreUnsigned() {
        assertThat(new Port(-1)).hasToString("port 4294967295");
        assertThat(new GrantRef(-1)).hasToString("gref 4294967295");
        assertThat(new Mfn(0x100000)).hasToString("mfn 0x100000");
    }
}
