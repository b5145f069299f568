package xenolith.backend.remote;

import java.util.HashMap;
import java.util.Map;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.GrantAccess;
import xenolith.vmm.port.SharedMemory;

/// What a device's process has mapped of its guest, and its questions for more. Whoever calls holds the session's lock.
final class GrantQuestions {
    private final DeviceAccess domain;
    private final SharedMemory memory;
    private final Map<Integer, GrantAccess> sets = new HashMap<>();
    private int last;

    GrantQuestions(DeviceAccess domain, SharedMemory memory) {
        this.domain = domain;
        this.memory = memory;
    }

    boolean isEmpty() {
        return sets.isEmpty();
    }

    /// Unmaps everything.
    void close() {
        sets.values().forEach(GrantAccess::close);
        sets.clear();
    }

    void open(Message answer) throws ProtocolException {
        if (sets.size() == Wire.MAX_GRANTS) {
            throw new ProtocolException("more than " + Wire.MAX_GRANTS + " sets of grants");
        }
        sets.put(++last, domain.grants());
        answer.putInt(last);
    }

    /// Any other question about grants.
    void answer(int type, Message in, Message answer) throws ProtocolException {
        int id = in.getInt();
        GrantAccess access = sets.get(id);
        if (access == null) {
            throw new ProtocolException("there are no grants " + id);
        }
        switch (type) {
            case Wire.MAP -> map(access, in.getInt(), in.getInt() != 0, answer);
            case Wire.UNMAP -> {
                access.unmap(in.getInt());
                answer.putInt(Wire.OKAY);
            }
            case Wire.COPY_FROM, Wire.COPY_TO -> copy(access, type == Wire.COPY_FROM, in, answer);
            default -> {
                sets.remove(id);
                access.close();
                answer.putInt(Wire.OKAY);
            }
        }
    }

    private void map(GrantAccess access, int ref, boolean writable, Message answer) {
        int handle = access.map(ref, writable);
        long offset = 0;
        if (handle >= 0) {
            offset = memory.offsetOf(access.page(handle));
            if (offset < 0 || offset > memory.byteLength() - Generation.PAGE_BYTES) {
                access.unmap(handle);
                handle = XenGrantTable.GNTST_GENERAL_ERROR;
            }
        }
        answer.putInt(handle).putLong(offset);
    }

    private static void copy(GrantAccess access, boolean fromGuest, Message in, Message answer) throws ProtocolException {
        int ref = in.getInt();
        int offset = in.getInt();
        int length = in.getInt();
        if (length < 0 || length > Generation.PAGE_BYTES) {
            throw new ProtocolException("a copy of " + length + " bytes");
        }
        if (fromGuest) {
            int resultAt = answer.reserve(Integer.BYTES);
            int at = answer.reserve(length);
            int result = access.copyFrom(ref, offset, answer.segment(), at, length);
            answer.setInt(resultAt, result);
        } else {
            answer.putInt(access.copyTo(ref, offset, in.segment(), in.getBytes(length), length));
        }
    }
}
