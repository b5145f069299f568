package xenolith.backend.remote;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import xenolith.vmm.port.GrantAccess;

/// Grants of another process's guest: the machine maps and pins, and says where in its memory, which we have too.
final class RemoteGrants implements GrantAccess {
    private static final int PAGE_BYTES = 4096;
    private static final long UNMAPPED = -1;

    private final Link link;
    private final MemorySegment memory;
    private final int id;
    /// Where each handle's page is, times 2, and whether it is read-only.
    private long[] places = {};

    RemoteGrants(Link link, MemorySegment memory, int id) {
        this.link = link;
        this.memory = memory;
        this.id = id;
    }

    @Override
    public int map(int ref, boolean writable) {
        try (Call call = link.call(Wire.MAP)) {
            call.out().putInt(id).putInt(ref).putInt(writable ? 1 : 0);
            Message in = call.ask(0);
            int handle = in.getInt();
            if (handle >= 0) {
                remember(handle, in.getLong() << 1 | (writable ? 0 : 1));
            }
            return handle;
        } catch (ProtocolException e) {
            throw new LinkLostException(e.getMessage());
        }
    }

    private synchronized void remember(int handle, long place) {
        if (handle >= places.length) {
            int before = places.length;
            places = Arrays.copyOf(places, Math.max(64, 2 * handle));
            Arrays.fill(places, before, places.length, UNMAPPED);
        }
        places[handle] = place;
    }

    @Override
    public synchronized MemorySegment page(int handle) {
        long place = handle < places.length ? places[handle] : UNMAPPED;
        if (place == UNMAPPED) {
            throw new IllegalStateException("handle=" + handle + " is not mapped");
        }
        MemorySegment page = memory.asSlice(place >> 1, PAGE_BYTES);
        return (place & 1) == 0 ? page : page.asReadOnly();
    }

    @Override
    public void unmap(int handle) {
        page(handle);
        remember(handle, UNMAPPED);
        try (Call call = link.call(Wire.UNMAP)) {
            call.out().putInt(id).putInt(handle);
            call.ask(0);
        }
    }

    @Override
    public int copyFrom(int ref, int offset, MemorySegment to, long toOffset, int byteLength) {
        try (Call call = link.call(Wire.COPY_FROM)) {
            call.out().putInt(id).putInt(ref).putInt(offset).putInt(byteLength);
            Message in = call.ask(0);
            int result = in.getInt();
            if (result == 0) {
                MemorySegment.copy(in.segment(), in.getBytes(byteLength), to, toOffset, byteLength);
            }
            return result;
        } catch (ProtocolException e) {
            throw new LinkLostException(e.getMessage());
        }
    }

    @Override
    public int copyTo(int ref, int offset, MemorySegment from, long fromOffset, int byteLength) {
        try (Call call = link.call(Wire.COPY_TO)) {
            call.out().putInt(id).putInt(ref).putInt(offset).putInt(byteLength).putBytes(from, fromOffset, byteLength);
            return call.ask(0).getInt();
        } catch (ProtocolException e) {
            throw new LinkLostException(e.getMessage());
        }
    }

    @Override
    public void close() {
        try (Call call = link.call(Wire.CLOSE_GRANTS)) {
            call.out().putInt(id);
            call.ask(0);
        } catch (LinkLostException _) {
            // The machine has unmapped everything, or is gone.
        }
    }
}
