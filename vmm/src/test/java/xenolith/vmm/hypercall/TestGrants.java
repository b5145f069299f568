package xenolith.vmm.hypercall;

import static xenolith.abi.HypercallNumber.GRANT_TABLE_OP;

import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.TestDomain;

/// Writes grant entries as a guest does, and makes grant-table calls of one element on a [TestDomain].
final class TestGrants {
    static final int OWN = TestDomain.DOMID;
    static final int PERMIT = XenGrantTable.GTF_PERMIT_ACCESS;
    static final int READONLY = XenGrantTable.GTF_READONLY;
    static final int SUB_PAGE = XenGrantTable.GTF_SUB_PAGE;
    static final int IN_USE = XenGrantTable.GTF_READING | XenGrantTable.GTF_WRITING;
    static final int HOST = XenGrantTable.GNTMAP_HOST_MAP;
    static final int DEVICE = XenGrantTable.GNTMAP_DEVICE_MAP;
    static final int RO = XenGrantTable.GNTMAP_READONLY;
    static final int PTE = XenGrantTable.GNTMAP_CONTAINS_PTE;
    /// A page of the guest's that no test grants, for lists.
    static final int LIST = TestCalls.ARG + 2;

    final TestCalls calls = new TestCalls();
    final TestDomain d = calls.d;

    // ---- the guest's side of the table

    private long tableMa() {
        return d.grantMfn << 12;
    }

    private long statusMa() {
        return d.grantMfn + TestDomain.MAX_GRANT_FRAMES << 12;
    }

    void grantV1(int ref, int flags, int domid, long mfn) {
        d.memory.writeWord(tableMa() + ref * 8L, flags | (long) domid << 16 | mfn << 32);
    }

    void grantV2(int ref, int flags, int domid, long mfn) {
        grantPart(ref, flags, domid, mfn, 0, 0);
    }

    void grantPart(int ref, int flags, int domid, long mfn, int offset, int byteLength) {
        d.memory.writeWord(tableMa() + ref * 16L + 8, mfn);
        d.memory.writeWord(tableMa() + ref * 16L,
                flags | (long) domid << 16 | (long) offset << 32 | (long) byteLength << 48);
    }

    long wordV1(int ref) {
        return d.memory.readWord(tableMa() + ref * 8L);
    }

    long wordV2(int ref, int word) {
        return d.memory.readWord(tableMa() + ref * 16L + word * 8L);
    }

    int statusV2(int ref) {
        return d.memory.readInt(statusMa() + (ref & ~1) * 2L) >>> (ref & 1) * 16 & 0xffff;
    }

    /// The marks on an entry of whichever version.
    int marks(int ref) {
        return (d.grants.version() == 1 ? (int) wordV1(ref) : statusV2(ref)) & IN_USE;
    }

    // ---- calls

    long op(int cmd) {
        return calls.call(GRANT_TABLE_OP, cmd, calls.arg(), 1);
    }

    private int statusAt(int offset) {
        return (short) (calls.word(TestCalls.ARG, offset & ~7) >>> (offset & 7) * 8);
    }

    long setVersion(int version) {
        calls.arg(version);
        return op(XenGrantTable.GNTTABOP_SET_VERSION);
    }

    /// Answers the status.
    int setup(int domid, int frames) {
        calls.arg(TestCalls.ints(domid, frames), 0, d.va(LIST));
        return op(XenGrantTable.GNTTABOP_SETUP_TABLE) == 0 ? statusAt(8) : Integer.MAX_VALUE;
    }

    int statusFrames(int domid, int frames) {
        calls.arg(TestCalls.ints(frames, domid), d.va(LIST));
        return op(XenGrantTable.GNTTABOP_GET_STATUS_FRAMES) == 0 ? statusAt(6) : Integer.MAX_VALUE;
    }

    /// Answers the status; then [#handle] and [#busAddress].
    int map(long hostAddr, int flags, int ref) {
        return map(hostAddr, flags, ref, OWN);
    }

    int map(long hostAddr, int flags, int ref, int domid) {
        calls.arg(hostAddr, TestCalls.ints(flags, ref), TestCalls.ints(domid, -1), 0xdead);
        return op(XenGrantTable.GNTTABOP_MAP_GRANT_REF) == 0 ? statusAt(18) : Integer.MAX_VALUE;
    }

    int handle() {
        return calls.intAt(TestCalls.ARG, 20);
    }

    long busAddress() {
        return calls.word(TestCalls.ARG, 24);
    }

    int unmap(long hostAddr, long devBusAddr, int handle) {
        calls.arg(hostAddr, devBusAddr, handle & 0xffff_ffffL);
        return op(XenGrantTable.GNTTABOP_UNMAP_GRANT_REF) == 0 ? statusAt(20) : Integer.MAX_VALUE;
    }

    int replace(long hostAddr, long newAddr, int handle) {
        calls.arg(hostAddr, newAddr, handle & 0xffff_ffffL);
        return op(XenGrantTable.GNTTABOP_UNMAP_AND_REPLACE) == 0 ? statusAt(20) : Integer.MAX_VALUE;
    }

    int swap(int refA, int refB) {
        calls.arg(TestCalls.ints(refA, refB), 0);
        return op(XenGrantTable.GNTTABOP_SWAP_GRANT_REF) == 0 ? statusAt(8) : Integer.MAX_VALUE;
    }

    /// A source or destination of a copy.
    record End(long refOrMfn, int domid, int offset, boolean isGrant) {
        static End grant(int ref, int offset) {
            return new End(ref & 0xffff_ffffL, OWN, offset, true);
        }

        static End frame(long mfn, int offset) {
            return new End(mfn, TestCalls.SELF, offset, false);
        }
    }

    int copy(End from, End to, int byteLength) {
        int flags = (from.isGrant() ? XenGrantTable.GNTCOPY_SOURCE_GREF : 0)
                | (to.isGrant() ? XenGrantTable.GNTCOPY_DEST_GREF : 0);
        calls.arg(from.refOrMfn(), from.domid() | (long) from.offset() << 16, to.refOrMfn(),
                to.domid() | (long) to.offset() << 16, byteLength | (long) flags << 16);
        return op(XenGrantTable.GNTTABOP_COPY) == 0 ? statusAt(36) : Integer.MAX_VALUE;
    }

    long entry(int pfn) {
        return d.memory.readWord(d.l1EntryMa(pfn));
    }
}
