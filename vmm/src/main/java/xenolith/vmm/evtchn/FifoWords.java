package xenolith.vmm.evtchn;

import static xenolith.abi.XenEventFifo.EVTCHN_FIFO_LINK_MASK;
import static xenolith.abi.XenEventFifo.EVTCHN_FIFO_NR_CHANNELS;

import java.util.Arrays;
import java.util.BitSet;
import xenolith.abi.XenEventFifo;
import xenolith.vmm.guest.MachineMemory;

/// The queued interface (`xen/event_channel.h`): a word for each port, linked into a queue for each priority of a vcpu.
///
/// ## Who does what
/// We, to raise: **1** set PENDING (a full barrier); **2** read the word: MASKED or LINKED, done; **3** set LINKED;
/// **4** put the port behind the tail if the tail is still LINKED, else make it the head and set the ready bit; **5**
/// if that bit was clear, the upcall flag and a kick.
/// The guest, in its upcall: **a** clear the upcall flag; **b** take the ready bits; **c** read a head; **d** clear
/// LINKED and the link, at once, and follow the link; **e** if PENDING and not MASKED, clear PENDING and handle it.
///
/// ## Why no event is lost
/// * LINKED at 2: the guest has not come to *d*. It reads PENDING after *d*, and 1 was before 2, so *e* sees it.
/// * MASKED at 2: the guest unmasks, then reads PENDING. Both sides write, then read, with full barriers between: at
///   least one sees the other's bit. If it is the guest, it asks us to unmask, which queues.
/// * The tail at 4: the link is stored by compare-and-exchange of a word that has LINKED; so either the guest's *d*
///   comes later and finds the link, or it came before, the exchange fails, and the guest has run out of that queue:
///   it looks at the head again once it sees the ready bit, which is set after the head.
/// * The ready bit was set at 4: the guest is before *b* with the upcall flag set, or will take the bits again.
/// * The guest may come upon a head early, by an old ready bit: it handles the port, and finds a word neither LINKED nor
///   PENDING later. So a port may be the tail and not LINKED; linking it behind itself is prevented by forgetting it
///   as tail when it is queued anew, in its old queue too if it has moved since.
///
/// ## What the guest can do to us
/// Write any word at any time. A link of its making is never followed here, and the exchange at 4 is tried a fixed
/// number of times, the last ones with BUSY set, which asks an honest guest to leave the word alone; a guest that
/// keeps changing it loses its own event.
///
/// Lock: its own monitor, for all that writes, because queues have several raisers; and because the frames are the
/// guest's again after [#retire]: nobody may be about to write to them. Kicks are sent outside of it.
final class FifoWords extends EventWords {
    static final int PORTS = EVTCHN_FIFO_NR_CHANNELS;
    static final int DEFAULT_PRIORITY = XenEventFifo.EVTCHN_FIFO_PRIORITY_DEFAULT;
    private static final int PENDING = 1 << XenEventFifo.EVTCHN_FIFO_PENDING;
    private static final int MASKED = 1 << XenEventFifo.EVTCHN_FIFO_MASKED;
    private static final int LINKED = 1 << XenEventFifo.EVTCHN_FIFO_LINKED;
    private static final int BUSY = 1 << XenEventFifo.EVTCHN_FIFO_BUSY;
    private static final int WORDS_PER_PAGE = MachineMemory.PAGE_SIZE / Integer.BYTES;
    private static final int LINK_TRIES = 4;
    private static final int NEVER_QUEUED = 0xff;

    private final FifoQueue[] queues;
    private final long[] pageMfn = new long[PORTS / WORDS_PER_PAGE];
    private volatile int pages;
    /// Raised before their words were there.
    private final BitSet early = new BitSet();
    /// By port: the queue that it shall go to, and where it was last.
    private byte[] priority = new byte[0];
    private byte[] lastPriority = new byte[0];
    private short[] lastVcpu = new short[0];

    FifoWords(MachineMemory memory, int vcpuCount) {
        super(memory);
        queues = new FifoQueue[vcpuCount];
        for (int id = 0; id < vcpuCount; id++) {
            queues[id] = new FifoQueue();
        }
    }

    // ---- set-up, under the event channels' lock as well

    synchronized boolean hasControl(int vcpu) {
        return queues[vcpu].hasControl();
    }

    synchronized void control(int vcpu, long ma) {
        queues[vcpu].control(ma);
    }

    boolean isFullyExpanded() {
        return pages == pageMfn.length;
    }

    /// Adds the words of the next ports. Which of them were raised already, [#takeEarly] tells.
    synchronized void expand(long mfn) {
        pageMfn[pages] = mfn;
        pages++;
    }

    /// The lowest port that was raised before its word was there, which now is; or -1.
    synchronized int takeEarly() {
        int port = early.nextSetBit(0);
        if (port < 0 || port >= pages * WORDS_PER_PAGE) {
            return -1;
        }
        early.clear(port);
        return port;
    }

    synchronized void priority(int port, int value) {
        ensureState(port);
        priority[port] = (byte) value;
    }

    /// No word and no control block is written from now on.
    synchronized void retire() {
        pages = 0;
        early.clear();
        for (FifoQueue queue : queues) {
            queue.control(0);
        }
    }

    // ---- events

    @Override
    int ports() {
        return PORTS;
    }

    @Override
    boolean raise(int port, EventTarget target) {
        boolean isNew;
        boolean isDue;
        synchronized (this) {
            if (port >= pages * WORDS_PER_PAGE) {
                isNew = !early.get(port);
                early.set(port);
                return isNew;
            }
            isNew = (memory.getAndOrInt(wordMa(port), PENDING) & PENDING) == 0;
            isDue = queue(port, target.id());
        }
        if (isDue) {
            upcall(target);
        }
        return isNew;
    }

    @Override
    void unmask(int port, EventTarget target) {
        boolean isDue;
        synchronized (this) {
            if (port >= pages * WORDS_PER_PAGE) {
                return;
            }
            memory.getAndAndInt(wordMa(port), ~MASKED);
            isDue = (memory.readIntVolatile(wordMa(port)) & PENDING) != 0 && queue(port, target.id());
        }
        if (isDue) {
            upcall(target);
        }
    }

    /// A closed port may stay in its queue: the guest takes it off and sees that it is not pending.
    @Override
    synchronized void clear(int port) {
        early.clear(port);
        if (port < pages * WORDS_PER_PAGE) {
            memory.getAndAndInt(wordMa(port), ~PENDING);
        }
    }

    @Override
    boolean isPending(int port) {
        if (port >= pages * WORDS_PER_PAGE) {
            synchronized (this) {
                return early.get(port);
            }
        }
        return (memory.readIntVolatile(wordMa(port)) & PENDING) != 0;
    }

    @Override
    boolean isBusy(int port) {
        return port < pages * WORDS_PER_PAGE && (memory.readIntVolatile(wordMa(port)) & LINKED) != 0;
    }

    /// The queues did not move with `vcpu_info`; only the flag may have been lost.
    @Override
    void raiseAll(EventTarget target) {
        upcall(target);
    }

    /// Puts a pending port into its queue unless it is masked or in one; says whether an upcall is due.
    private boolean queue(int port, int vcpu) {
        long wordMa = wordMa(port);
        FifoQueue queue = queues[vcpu];
        if ((memory.readIntVolatile(wordMa) & (MASKED | LINKED)) != 0 || !queue.hasControl()
                || (memory.getAndOrInt(wordMa, LINKED) & LINKED) != 0) {
            return false;
        }
        ensureState(port);
        forgetAsTail(port);
        int level = priority[port];
        lastVcpu[port] = (short) vcpu;
        lastPriority[port] = (byte) level;
        int tail = queue.tail(level);
        queue.tail(level, port);
        if (tail != 0 && link(wordMa(tail), port)) {
            return false;
        }
        return queue.begin(memory, level, port);
    }

    private void forgetAsTail(int port) {
        int level = lastPriority[port] & 0xff;
        if (level != NEVER_QUEUED && queues[lastVcpu[port]].tail(level) == port) {
            queues[lastVcpu[port]].tail(level, 0);
        }
    }

    /// Stores `port` as the link of the tail at `tailMa`; false if that is in no queue any more. A guest that keeps
    /// changing the word is told that it worked.
    private boolean link(long tailMa, int port) {
        int word = memory.readIntVolatile(tailMa);
        for (int i = 0; i < 2 * LINK_TRIES; i++) {
            if ((word & LINKED) == 0) {
                break;
            }
            int found = memory.compareAndExchangeInt(tailMa, word, word & ~(EVTCHN_FIFO_LINK_MASK | BUSY) | port);
            if (found == word) {
                return true;
            }
            word = i < LINK_TRIES ? found : memory.getAndOrInt(tailMa, BUSY) | BUSY;
        }
        memory.getAndAndInt(tailMa, ~BUSY);
        return (word & LINKED) != 0;
    }

    private long wordMa(int port) {
        return (pageMfn[port / WORDS_PER_PAGE] << MachineMemory.PAGE_SHIFT)
                + (long) (port % WORDS_PER_PAGE) * Integer.BYTES;
    }

    /// Room for what is kept by port, a page of ports at a time.
    private void ensureState(int port) {
        int old = priority.length;
        if (port < old) {
            return;
        }
        int ports = (port / WORDS_PER_PAGE + 1) * WORDS_PER_PAGE;
        priority = Arrays.copyOf(priority, ports);
        Arrays.fill(priority, old, ports, (byte) DEFAULT_PRIORITY);
        lastPriority = Arrays.copyOf(lastPriority, ports);
        Arrays.fill(lastPriority, old, ports, (byte) NEVER_QUEUED);
        lastVcpu = Arrays.copyOf(lastVcpu, ports);
    }
}
