package xenolith.vmm.host;

import xenolith.vmm.monitor.MonitorTables;

/// The probes that say what the host sees of our stores to page-table entries. Each has its own entries and frames; an
/// entry under test is first used, so that whatever the host derives from entries, it has derived.
final class EntryProbe {
    private static final long OLD = 0xaaaa;
    private static final long NEW = 0xbbbb;
    private static final long TABLE = 0x67;
    private static final int PAGE_FAULT = 14;
    private static final long FULL = MonitorTables.WRITABLE | MonitorTables.RING3;

    private final ProbeGuest guest;
    private final ProbeMemory memory;
    private long va;
    private long entryMa;
    private int entries;

    EntryProbe(ProbeGuest guest) {
        this.guest = guest;
        this.memory = guest.memory();
        this.va = memory.va("first_page");
    }

    /// Every kind of downgrade, followed by a flush alone.
    Answer hostWritesCoherent() {
        memory.softGate("gate_flush");
        return frameChange().and(removal()).and(protection()).and(tableChange());
    }

    /// Every kind of downgrade of a leaf, followed by what the monitor does to commit it.
    Answer commitsSeen() {
        memory.softGate("gate_commit");
        return frameChange().and(removal()).and(protection());
    }

    /// An entry that was absent, and one that was read-only.
    Answer hostUpgradesSeen() {
        long frame = memory.newFrame(OLD);
        newEntry(frame, 0);
        Answer added = faultsFirst("probe_read", MonitorTables.leaf(frame, FULL));
        newEntry(frame, MonitorTables.leaf(frame, MonitorTables.RING3));
        return added.and(faultsFirst("probe_write", MonitorTables.leaf(frame, FULL)));
    }

    private Answer frameChange() {
        newEntry(memory.newFrame(OLD));
        long other = MonitorTables.leaf(memory.newFrame(NEW), FULL);
        return used() ? newWord(other) : Answer.UNKNOWN;
    }

    private Answer removal() {
        newEntry(memory.newFrame(OLD));
        return used() ? faultsNow("probe_gate_read", 0) : Answer.UNKNOWN;
    }

    private Answer protection() {
        long frame = memory.newFrame(OLD);
        newEntry(frame);
        return used() ? faultsNow("probe_gate_write", MonitorTables.leaf(frame, MonitorTables.RING3)) : Answer.UNKNOWN;
    }

    /// The same for an entry that leads to another table.
    private Answer tableChange() {
        va = memory.va("second_page");
        memory.map(va, memory.newFrame(OLD));
        entryMa = memory.level2Entry(va);
        long table = memory.newFrame(MonitorTables.leaf(memory.newFrame(NEW), FULL));
        return used() ? newWord(table | TABLE) : Answer.UNKNOWN;
    }

    private void newEntry(long frame) {
        newEntry(frame, MonitorTables.leaf(frame, FULL));
    }

    /// The next entry of the first table, which ring 0 sees at `tables`.
    private void newEntry(long frame, long value) {
        va = memory.va("first_page") + entries++ * ProbeMemory.PAGE;
        entryMa = memory.map(va, frame);
        memory.map("tables", entryMa & -ProbeMemory.PAGE, MonitorTables.WRITABLE);
        memory.memory.writeWord(entryMa, value);
    }

    private long aliasOfEntry() {
        return memory.va("tables") + (entryMa & ProbeMemory.PAGE - 1);
    }

    private boolean used() {
        return guest.isDone(guest.run("probe_write", OLD, va, 0))
                && guest.isDone(guest.run("probe_read", 0, va, 0)) && guest.rax() == OLD;
    }

    private Answer newWord(long entry) {
        memory.memory.writeWord(entryMa, entry);
        int end = guest.run("probe_gate_read", 0, va, aliasOfEntry());
        return guest.isDone(end) ? Answer.of(guest.rax() == NEW, guest.rax() == OLD) : Answer.UNKNOWN;
    }

    private Answer faultsNow(String probe, long entry) {
        memory.memory.writeWord(entryMa, entry);
        int end = guest.run(probe, NEW, va, aliasOfEntry());
        return Answer.of(end == PAGE_FAULT, guest.isDone(end));
    }

    private Answer faultsFirst(String probe, long better) {
        if (guest.run(probe, NEW, va, 0) != PAGE_FAULT) {
            return Answer.UNKNOWN;
        }
        memory.memory.writeWord(entryMa, better);
        int end = guest.run(probe, NEW, va, 0);
        return Answer.of(guest.isDone(end), end == PAGE_FAULT);
    }
}
