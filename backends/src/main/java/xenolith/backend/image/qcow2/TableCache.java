package xenolith.backend.image.qcow2;

import java.util.Arrays;

/// The tables of one kind that are in memory, of many that are not. A table that has changed stays until it has been
/// committed; of the others one makes room that has not been looked at for a while. Under the image's lock.
final class TableCache {
    private final Table[] slots;
    private final int clusterBytes;
    private int filled;
    private int hand;
    /// Slot of each table of the image plus one, or 0.
    private short[] slotOf;

    /// @param slotCount  the most in memory; fewer than 2^15
    /// @param tableCount how many there are in the image
    TableCache(int slotCount, int clusterBytes, int tableCount) {
        this.slots = new Table[slotCount];
        this.clusterBytes = clusterBytes;
        this.slotOf = new short[tableCount];
    }

    /// How many tables of that size may be in memory, if they are to take about so much of it.
    static int slotsFor(int byteLength, int clusterBytes, int least) {
        return Math.clamp(byteLength / clusterBytes, least, 256);
    }

    /// The table, or null if it is not in memory.
    Table find(int index) {
        int slot = slotOf[index];
        if (slot == 0) {
            return null;
        }
        slots[slot - 1].recent = true;
        return slots[slot - 1];
    }

    /// Room for a table that is not in memory; the caller fills it, and [#forget]s it if it cannot. Writers have made
    /// sure by [#isCrowded] that there is some.
    Table claim(int index, long hostOffset) {
        int slot = freeSlot();
        Table table = slots[slot];
        if (table.index >= 0) {
            slotOf[table.index] = 0;
        }
        table.index = index;
        table.hostOffset = hostOffset;
        table.linked = true;
        table.recent = true;
        slotOf[index] = (short) (slot + 1);
        return table;
    }

    private int freeSlot() {
        if (filled < slots.length) {
            slots[filled] = new Table(clusterBytes);
            return filled++;
        }
        for (int i = 0; i < 2 * slots.length; i++) {
            hand = (hand + 1) % slots.length;
            Table table = slots[hand];
            if (!table.isDirty() && !table.committing) {
                if (!table.recent) {
                    return hand;
                }
                table.recent = false;
            }
        }
        throw new IllegalStateException("all " + slots.length + " tables are dirty");
    }

    void forget(Table table) {
        slotOf[table.index] = 0;
        table.index = -1;
        table.clean();
        table.recent = false;
    }

    /// Whether so much has changed that a commit must come before the next change.
    boolean isCrowded() {
        int held = 0;
        for (int i = 0; i < filled; i++) {
            if (slots[i].isDirty() || slots[i].committing) {
                held++;
            }
        }
        return held >= slots.length / 2;
    }

    /// More tables in the image.
    void grow(int tableCount) {
        slotOf = Arrays.copyOf(slotOf, tableCount);
    }

    int filled() {
        return filled;
    }

    Table slot(int slot) {
        return slots[slot];
    }
}
