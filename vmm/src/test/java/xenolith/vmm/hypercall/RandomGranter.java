package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.hypercall.TestGrants.End;
import xenolith.vmm.port.GrantAccess;

/// A guest that grants pages to itself and to domain 0, maps, copies, revokes and retypes them in any order, and a
/// backend that uses what it is granted.
final class RandomGranter {
    private static final int FIRST_REF = 5;
    private static final int REFS = 8;
    /// Mapped nowhere: to be granted, and to become page tables.
    private static final int FIRST_PAGE = TestDomain.SPARE;
    private static final int PAGES = 5;
    private static final int FIRST_PLACE = TestCalls.ARG + 20;
    private static final int PLACES = 6;

    final TestGrants g = new TestGrants();
    private final TestDomain d = g.d;
    private final GrantAccess backend = d.grants.backend(d.domain.lock(), d::commitAll);
    private final MemorySegment buffer = Arena.ofAuto().allocate(4096);
    private final List<Mapping> mappings = new ArrayList<>();
    private final List<Mapping> backendMappings = new ArrayList<>();
    int done;

    private record Mapping(int handle, int flags, long hostAddr, long busAddr) {
        boolean isWritable() {
            return (flags & TestGrants.RO) == 0;
        }
    }

    RandomGranter() {
        for (int i = 0; i < PLACES; i++) {
            clear(FIRST_PLACE + i);
        }
    }

    void step(Random chance) {
        boolean success = switch (chance.nextInt(20)) {
            case 0, 1, 2, 3 -> grant(chance);
            case 4, 5, 6 -> map(chance);
            case 7, 8 -> unmap(chance);
            case 9 -> replace(chance);
            case 10, 11 -> backendMap(chance);
            case 12 -> backendUnmap(chance);
            case 13 -> copy(chance);
            case 14 -> backend.copyTo(ref(chance), chance.nextInt(100), buffer, 0, chance.nextInt(100)) == 0;
            case 15 -> g.setVersion(1 + chance.nextInt(2)) == 0;
            case 16 -> g.swap(ref(chance), ref(chance)) == 0;
            case 17 -> d.domain.pageTables().pin(d.mfn(page(chance)), 1) == 0;
            case 18 -> d.domain.pageTables().unpin(d.mfn(page(chance))) == 0;
            default -> chance.nextBoolean() ? clear(place(chance)) : commit();
        };
        if (success) {
            done++;
        }
    }

    private boolean grant(Random chance) {
        int flags = TestGrants.PERMIT | (chance.nextInt(3) == 0 ? TestGrants.READONLY : 0)
                | (chance.nextInt(8) == 0 ? TestGrants.SUB_PAGE : 0);
        int domid = chance.nextBoolean() ? TestGrants.OWN : 0;
        long mfn = chance.nextInt(20) == 0 ? chance.nextInt() & 0xffff_ffffL : d.mfn(page(chance));
        if (d.grants.version() == 1) {
            g.grantV1(ref(chance), flags, domid, mfn);
        } else {
            g.grantPart(ref(chance), flags, domid, mfn, chance.nextInt(50), chance.nextInt(5000));
        }
        return true;
    }

    private boolean map(Random chance) {
        int flags = 1 + chance.nextInt(3) | (chance.nextBoolean() ? TestGrants.RO : 0)
                | (chance.nextBoolean() ? TestGrants.PTE : 0);
        long hostAddr = hostAddr(chance, flags);
        if (g.map(hostAddr, flags, ref(chance)) != 0) {
            return false;
        }
        mappings.add(new Mapping(g.handle(), flags, hostAddr, g.busAddress()));
        return true;
    }

    private boolean unmap(Random chance) {
        if (mappings.isEmpty()) {
            return false;
        }
        Mapping mapping = mappings.get(chance.nextInt(mappings.size()));
        long hostAddr = chance.nextInt(5) == 0 ? hostAddr(chance, mapping.flags()) : mapping.hostAddr();
        long busAddr = chance.nextBoolean() ? mapping.busAddr() : 0;
        int rc = g.unmap(hostAddr, busAddr, mapping.handle());
        forgetEnded();
        return rc == 0;
    }

    private boolean replace(Random chance) {
        if (mappings.isEmpty()) {
            return false;
        }
        Mapping mapping = mappings.get(chance.nextInt(mappings.size()));
        int rc = g.replace(mapping.hostAddr(), chance.nextInt(9) == 0 ? chance.nextLong() : d.va(place(chance)),
                mapping.handle());
        forgetEnded();
        return rc == 0;
    }

    /// What a handle is when it is gone: unmapping nothing of it says bad handle.
    private void forgetEnded() {
        mappings.removeIf(m -> g.unmap(0, 0, m.handle()) == XenGrantTable.GNTST_BAD_HANDLE);
    }

    private boolean backendMap(Random chance) {
        boolean writable = chance.nextBoolean();
        int handle = backend.map(ref(chance), writable);
        if (handle < 0) {
            return false;
        }
        long ma = backend.page(handle).address() - d.memory.segment().address();
        backendMappings.add(new Mapping(handle, writable ? 0 : TestGrants.RO, 0, ma + (1L << 32)));
        return true;
    }

    private boolean backendUnmap(Random chance) {
        if (backendMappings.isEmpty()) {
            return false;
        }
        backend.unmap(backendMappings.remove(chance.nextInt(backendMappings.size())).handle());
        return true;
    }

    private boolean copy(Random chance) {
        return g.copy(end(chance), end(chance), chance.nextInt(200)) == 0;
    }

    private End end(Random chance) {
        return chance.nextBoolean() ? End.grant(ref(chance), chance.nextInt(100))
                : End.frame(d.mfn(page(chance)), chance.nextInt(100));
    }

    private boolean clear(int place) {
        return d.domain.pageTables().updateEntry(d.l1EntryMa(place), 0, false) == 0;
    }

    private boolean commit() {
        d.commitAll();
        return true;
    }

    /// No page that somebody was granted for writing is a page table, and every use holds its frame.
    void assertLaws() {
        g.calls.assertSound();
        assertThat(d.grants.maps().mappings()).isEqualTo(mappings.size());
        for (List<Mapping> list : List.of(mappings, backendMappings)) {
            for (Mapping mapping : list) {
                long mfn = mapping.busAddr() >>> 12;
                assertThat(d.frames.refCount(mfn)).isPositive();
                if (mapping.isWritable()) {
                    assertThat(d.domain.pageTables().isPageTable(mfn)).as(d.frames.describe(mfn)).isFalse();
                    assertThat(d.frames.typeCount(mfn)).isPositive();
                }
            }
        }
    }

    /// Ends all uses; nothing remains.
    void end() {
        d.grants.release();
        backend.close();
        for (int i = 0; i < PLACES; i++) {
            clear(FIRST_PLACE + i);
        }
        for (int i = 0; i < PAGES; i++) {
            d.domain.pageTables().unpin(d.mfn(FIRST_PAGE + i));
            assertThat(d.frames.refCount(d.mfn(FIRST_PAGE + i))).isZero();
            assertThat(d.frames.typeCount(d.mfn(FIRST_PAGE + i))).isZero();
        }
        for (int ref = 0; ref < FIRST_REF + REFS; ref++) {
            assertThat(g.marks(ref)).as("ref %d", ref).isZero();
        }
        assertThat(d.grants.maps().mappings()).isZero();
        assertThat(g.setVersion(3 - d.grants.version())).as("nothing is in use").isZero();
        g.calls.assertSound();
    }

    private long hostAddr(Random chance, int flags) {
        int place = place(chance);
        return (flags & TestGrants.PTE) != 0 ? d.l1EntryMa(place) : d.va(place);
    }

    private static int ref(Random chance) {
        return FIRST_REF + chance.nextInt(REFS);
    }

    private static int page(Random chance) {
        return FIRST_PAGE + chance.nextInt(PAGES);
    }

    private static int place(Random chance) {
        return FIRST_PLACE + chance.nextInt(PLACES);
    }
}
