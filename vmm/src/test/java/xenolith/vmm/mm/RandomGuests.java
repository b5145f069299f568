package xenolith.vmm.mm;

import static xenolith.vmm.mm.TestMachine.A;
import static xenolith.vmm.mm.TestMachine.D;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.ma;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import xenolith.vmm.guest.MachineMemory;

/// Two domains that do anything, one step at a time, as a source of chance directs.
///
/// Plain chance would build no page table of four levels, so half of the time frames are chosen by role: of each
/// domain's frames the first two play L4, the next two L3, and so on; the rest is memory.
final class RandomGuests {
    static final int FRAMES = 14;
    private static final int[] SLOTS = {0, 1, 255, 256, 257, 271, 272, 511};
    private static final long[] FLAGS = {P, P | RW, P | RW, P | RW | U | A | D, P | RW | PteBits.GLOBAL,
        P | RW | PteBits.NX, P | 0xE00, P | PteBits.PSE, P | RW | 1L << 60, P | PteBits.PCD, 0, RW | PteBits.PSE};
    private static final long[] DESCRIPTORS = {0, 0x00AF_9B00_0000_FFFFL, 0x00CF_9300_0000_FFFFL,
        0x0000_8900_0000_0067L, 0x0000_8C00_0008_0000L, -1};

    final TestMachine machine;
    /// Steps that succeeded.
    int done;
    private final List<List<Long>> bases = List.of(new ArrayList<>(), new ArrayList<>());
    private final List<List<Long>> writables = List.of(new ArrayList<>(), new ArrayList<>());
    private final List<List<Long>> readables = List.of(new ArrayList<>(), new ArrayList<>());
    private final List<List<Long>> descriptors = List.of(new ArrayList<>(), new ArrayList<>());

    RandomGuests() {
        this(Pieces.TABLES);
    }

    RandomGuests(int tablesPerPiece) {
        machine = new TestMachine(FRAMES, tablesPerPiece);
        lend(machine.one(FRAMES - 1), TestMachine.DOM1, true);
        lend(machine.one(FRAMES - 2), TestMachine.DOM1, false);
        lend(machine.two(FRAMES - 1), TestMachine.DOM2, true);
    }

    void step(Random chance) {
        int d = chance.nextInt(2);
        PageTables tables = d == 0 ? machine.dom1 : machine.dom2;
        LazyHardware hardware = d == 0 ? machine.hardware1 : machine.hardware2;
        long rc = switch (chance.nextInt(24)) {
            case 0, 1, 2 -> pin(chance, d, tables);
            case 3 -> tables.unpin(frame(chance, d));
            case 4, 5, 6, 7, 8, 9, 10 -> update(chance, d, tables, hardware);
            case 11 -> tables.updateVaMapping(any(chance, bases.get(d), frame(chance, d)), va(chance),
                    value(chance, d, 1));
            case 12 -> emulate(chance, d, tables);
            case 13 -> hold(roleFrame(chance, d, 4), bases.get(d), tables::newBase);
            case 14 -> drop(chance, bases.get(d), tables::dropBase);
            case 15 -> hold(frame(chance, d), writables.get(d), tables::getWritable);
            case 16 -> drop(chance, writables.get(d), tables::putWritable);
            case 17 -> chance.nextBoolean() ? hold(frame(chance, d), readables.get(d), tables::getReadable)
                    : drop(chance, readables.get(d), tables::putReadable);
            case 18 -> chance.nextBoolean() ? hold(frame(chance, d), descriptors.get(d), tables::getSegdesc)
                    : drop(chance, descriptors.get(d), tables::putSegdesc);
            case 19 -> tables.updateDescriptor(ma(frame(chance, d), slot(chance)),
                    DESCRIPTORS[chance.nextInt(DESCRIPTORS.length)]);
            case 20 -> handOver(chance, d, tables, hardware);
            case 21, 22 -> hostileStore(chance, d, hardware);
            default -> hardwareEvent(chance, d, hardware);
        };
        if (rc == 0) {
            done++;
        }
        if (chance.nextInt(4) != 0) {
            hardware.guestRuns();
        }
    }

    /// Puts every hold and kills both domains.
    long end() {
        machine.hardware1.canCommit = true;
        machine.hardware2.canCommit = true;
        long left = 0;
        for (int d = 0; d < 2; d++) {
            PageTables tables = d == 0 ? machine.dom1 : machine.dom2;
            writables.get(d).forEach(tables::putWritable);
            readables.get(d).forEach(tables::putReadable);
            left += tables.release();
        }
        return left;
    }

    private long pin(Random chance, int d, PageTables tables) {
        int level = 1 + chance.nextInt(4);
        return tables.pin(chance.nextInt(4) != 0 ? roleFrame(chance, d, level) : frame(chance, d), level);
    }

    private long update(Random chance, int d, PageTables tables, LazyHardware hardware) {
        int level = 1 + chance.nextInt(4);
        long table = chance.nextInt(4) != 0 ? roleFrame(chance, d, level) : frame(chance, d);
        long misalignment = chance.nextInt(50) == 0 ? 1 + chance.nextInt(7) : 0;
        long rc = tables.updateEntry(ma(table, slot(chance)) + misalignment, value(chance, d, level),
                chance.nextBoolean());
        if (rc == 0 && hardware.mayStillWalk(machine.frames.index(table))) {
            throw new AssertionError("unchecked entry in a table that is still walked: "
                    + machine.frames.describe(table));
        }
        return rc;
    }

    private long emulate(Random chance, int d, PageTables tables) {
        long entryMa = ma(roleFrame(chance, d, 1), slot(chance));
        long expected = machine.memory.readWord(entryMa);
        return tables.emulatedWrite(entryMa, chance.nextInt(5) == 0 ? expected ^ A : expected, value(chance, d, 1));
    }

    private static long hold(long mfn, List<Long> held, LongUnaryOperator get) {
        long rc = get.applyAsLong(mfn);
        if (rc == 0) {
            held.add(mfn);
        }
        return rc;
    }

    private static long drop(Random chance, List<Long> held, LongConsumer put) {
        if (held.isEmpty()) {
            return -1;
        }
        put.accept(held.remove(chance.nextInt(held.size())));
        return 0;
    }

    /// The frame goes to the other domain as soon as the hardware has forgotten it.
    private long handOver(Random chance, int d, PageTables tables, LazyHardware hardware) {
        long mfn = frame(chance, d);
        long rc = tables.releaseFrame(mfn);
        if (rc == 0) {
            hardware.guestRuns();
            machine.frames.assign(mfn, d == 0 ? TestMachine.DOM2 : TestMachine.DOM1);
        }
        return rc;
    }

    /// A word written by the guest's own instruction: wherever it has, or still has, the right to.
    private long hostileStore(Random chance, int d, LazyHardware hardware) {
        hardware.guestRuns();
        long mfn = frame(chance, d);
        int i = machine.frames.index(mfn);
        if (i < 0) {
            return -1;
        }
        boolean mapped = machine.frames.type(mfn) == PageType.WRITABLE && machine.frames.typeCount(mfn) > 0
                && machine.frames.owner(mfn) == d + 1;
        if (!mapped && !hardware.mayStillWrite(i)) {
            return -1;
        }
        machine.store(mfn, slot(chance), value(chance, d, 1 + chance.nextInt(4)));
        return 0;
    }

    private long hardwareEvent(Random chance, int d, LazyHardware hardware) {
        switch (chance.nextInt(3)) {
            case 0 -> hardware.commit();
            case 1 -> hardware.canCommit = chance.nextBoolean();
            default -> {
                long entryMa = ma(roleFrame(chance, d, 1), slot(chance));
                if (machine.dom1.isLiveL1(entryMa) && (machine.memory.readWord(entryMa) & P) != 0) {
                    machine.memory.getAndOrWord(entryMa, chance.nextBoolean() ? A : A | D);
                }
            }
        }
        return 0;
    }

    private long value(Random chance, int d, int level) {
        if (level > 1 && chance.nextInt(6) == 0) {
            return roleFrame(chance, d, level) << 12 | P | (chance.nextInt(8) == 0 ? RW : 0);
        }
        long mfn = level > 1 && chance.nextInt(4) != 0 ? roleFrame(chance, d, level - 1) : frame(chance, d);
        return mfn << 12 & PteBits.ADDRESS | FLAGS[chance.nextInt(FLAGS.length)];
    }

    /// A frame to play a table of `level` in domain `d`.
    private long roleFrame(Random chance, int d, int level) {
        int i = (4 - level) * 2 + chance.nextInt(2);
        return d == 0 ? machine.one(i) : machine.two(i);
    }

    /// Mostly the domain's own, sometimes the other's or none.
    private long frame(Random chance, int d) {
        int i = chance.nextInt(FRAMES);
        return switch (chance.nextInt(20)) {
            case 0 -> d == 0 ? machine.two(i) : machine.one(i);
            case 1 -> MachineMemory.BASE_MFN + 2 * FRAMES + i;
            default -> d == 0 ? machine.one(i) : machine.two(i);
        };
    }

    private static int slot(Random chance) {
        return SLOTS[chance.nextInt(SLOTS.length)];
    }

    private static long va(Random chance) {
        long va = 0;
        for (int level = 0; level < 4; level++) {
            va = va << 9 | slot(chance);
        }
        return va << 28 >> 16;
    }

    private static long any(Random chance, List<Long> list, long otherwise) {
        return list.isEmpty() ? otherwise : list.get(chance.nextInt(list.size()));
    }

    private void lend(long mfn, int domid, boolean writable) {
        machine.frames.release(mfn);
        machine.frames.assignShared(mfn, domid, writable);
    }
}
