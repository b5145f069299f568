package xenolith.vmm.evtchn;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import xenolith.abi.XenSharedInfo;
import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.guest.MachineMemory;

/// Event channels of a domain with some vcpus over two frames: shared info, and whatever `vcpu_info` moves to.
final class TestPorts {
    static final int DOMID = 7;
    static final int FRAMES = 160;
    static final long SHARED_INFO = MachineMemory.BASE_MFN << MachineMemory.PAGE_SHIFT;
    static final long OTHER_FRAME = SHARED_INFO + MachineMemory.PAGE_SIZE;

    final MachineMemory memory;
    final Target[] targets;
    final EventChannels events;
    final Bells bells = new Bells();

    TestPorts(int vcpuCount) {
        this(vcpuCount, new MachineMemory(Arena.ofAuto().allocate(FRAMES * 4096, 4096)));
    }

    /// Over less memory, for tests that make very many.
    TestPorts(int vcpuCount, MachineMemory memory) {
        this.memory = memory;
        targets = new Target[vcpuCount];
        for (int id = 0; id < vcpuCount; id++) {
            targets[id] = new Target(id, SHARED_INFO + XenVcpuInfo.SIZEOF * id);
        }
        events = new EventChannels(DOMID, memory, SHARED_INFO, targets, bells);
    }

    /// Remembers what is connected.
    static final class Bells implements SendBells {
        final Map<Integer, Integer> connected = new HashMap<>();
        boolean full;
        boolean failing;

        @Override
        public boolean connect(int port, int eventFd) {
            return !full && connected.putIfAbsent(port, eventFd) == null;
        }

        @Override
        public void disconnect(int port, int eventFd) {
            if (failing) {
                throw new IllegalStateException("on purpose");
            }
            if (!connected.remove(port, eventFd)) {
                throw new IllegalStateException("port " + port + " is not connected to " + eventFd);
            }
        }
    }

    /// Counts its kicks.
    static final class Target implements EventTarget {
        final int id;
        volatile long infoMa;
        int kicks;
        int wakes;

        Target(int id, long infoMa) {
            this.id = id;
            this.infoMa = infoMa;
        }

        @Override
        public int id() {
            return id;
        }

        @Override
        public long vcpuInfoMa() {
            return infoMa;
        }

        @Override
        public synchronized void kick() {
            kicks++;
        }

        @Override
        public synchronized void wakeIfBlocked() {
            wakes++;
        }
    }

    long pendingWord(int word) {
        return memory.readWord(SHARED_INFO + XenSharedInfo.EVTCHN_PENDING_OFFSET + 8L * word);
    }

    void mask(int port) {
        memory.getAndOrWord(maskMa(port), 1L << port);
    }

    /// As a guest does it that does not ask us.
    void clearMask(int port) {
        memory.getAndAndWord(maskMa(port), ~(1L << port));
    }

    boolean isMasked(int port) {
        return (memory.readWord(maskMa(port)) >>> port & 1) != 0;
    }

    private static long maskMa(int port) {
        return SHARED_INFO + XenSharedInfo.EVTCHN_MASK_OFFSET + port / 64 * 8L;
    }

    boolean upcallPending(int vcpu) {
        return memory.readByte(targets[vcpu].infoMa + XenVcpuInfo.EVTCHN_UPCALL_PENDING_OFFSET) != 0;
    }

    long selector(int vcpu) {
        return memory.readWord(targets[vcpu].infoMa + XenVcpuInfo.EVTCHN_PENDING_SEL_OFFSET);
    }

    /// What a guest's upcall handler does: upcall flag, selector, pending words, in this order. Answers how many
    /// unmasked events it found.
    int consume(int vcpu) {
        long info = targets[vcpu].infoMa;
        memory.writeByteVolatile(info + XenVcpuInfo.EVTCHN_UPCALL_PENDING_OFFSET, (byte) 0);
        long words = memory.getAndAndWord(info + XenVcpuInfo.EVTCHN_PENDING_SEL_OFFSET, 0);
        int found = 0;
        for (; words != 0; words &= words - 1) {
            int word = Long.numberOfTrailingZeros(words);
            long pendingMa = SHARED_INFO + XenSharedInfo.EVTCHN_PENDING_OFFSET + 8L * word;
            long live = memory.readWord(pendingMa)
                    & ~memory.readWord(SHARED_INFO + XenSharedInfo.EVTCHN_MASK_OFFSET + 8L * word);
            memory.getAndAndWord(pendingMa, ~live);
            found += Long.bitCount(live);
        }
        return found;
    }
}
