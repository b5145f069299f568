package xenolith.kvm;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;

/// The counters that KVM keeps of a VM or a vCPU (KVM_GET_STATS_FD): exits, emulated instructions, shadow pages.
///
/// The descriptor is a file that describes itself: a header, one descriptor per counter, then the values. For
/// diagnostics, not for hot paths. May be used from every thread.
public final class KvmStats implements AutoCloseable {
    static final StructLayout HEADER = MemoryLayout.structLayout(
            JAVA_INT.withName("flags"),
            JAVA_INT.withName("name_size"),
            JAVA_INT.withName("num_desc"),
            JAVA_INT.withName("id_offset"),
            JAVA_INT.withName("desc_offset"),
            JAVA_INT.withName("data_offset")).withName("kvm_stats_header");

    /// Holds `name_size` bytes of name.
    static final StructLayout DESC = MemoryLayout.structLayout(
            JAVA_INT.withName("flags"),
            JAVA_SHORT.withName("exponent"),
            JAVA_SHORT.withName("size"),
            JAVA_INT.withName("offset"),
            JAVA_INT.withName("bucket_size"),
            MemoryLayout.sequenceLayout(0, JAVA_BYTE).withName("name")).withName("kvm_stats_desc");

    private static final long NAME_SIZE = HEADER.byteOffset(groupElement("name_size"));
    private static final long NUM_DESC = HEADER.byteOffset(groupElement("num_desc"));
    private static final long ID_OFFSET = HEADER.byteOffset(groupElement("id_offset"));
    private static final long DESC_OFFSET = HEADER.byteOffset(groupElement("desc_offset"));
    private static final long DATA_OFFSET = HEADER.byteOffset(groupElement("data_offset"));
    private static final long SIZE = DESC.byteOffset(groupElement("size"));
    private static final long NAME = DESC.byteOffset(groupElement("name"));
    private static final long OFFSET = DESC.byteOffset(groupElement("offset"));

    /// One counter, or the buckets of a histogram: `count` words from byte `at` of the data.
    private record Counter(String name, long at, int count) {
    }

    private final Fd fd;
    private final String id;
    private final long dataOffset;
    private final long dataBytes;
    private final List<Counter> counters;

    private KvmStats(Fd fd, String id, long dataOffset, List<Counter> counters) {
        this.fd = fd;
        this.id = id;
        this.dataOffset = dataOffset;
        this.counters = counters;
        long end = 0;
        for (Counter counter : counters) {
            end = Math.max(end, counter.at + (long) counter.count * Long.BYTES);
        }
        this.dataBytes = end;
    }

    /// Takes ownership of the descriptor and reads what it describes.
    static KvmStats of(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = read(fd, arena, 0, HEADER.byteSize());
            int nameSize = header.get(JAVA_INT, NAME_SIZE);
            String id = read(fd, arena, header.get(JAVA_INT, ID_OFFSET), nameSize).getString(0);
            long descBytes = NAME + nameSize;
            int count = header.get(JAVA_INT, NUM_DESC);
            MemorySegment descs = read(fd, arena, header.get(JAVA_INT, DESC_OFFSET), descBytes * count);
            List<Counter> counters = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                counters.add(counter(descs.asSlice(i * descBytes, descBytes)));
            }
            return new KvmStats(fd, id, header.get(JAVA_INT, DATA_OFFSET), counters);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static Counter counter(MemorySegment desc) {
        return new Counter(desc.getString(NAME), desc.get(JAVA_INT, OFFSET),
                Short.toUnsignedInt(desc.get(JAVA_SHORT, SIZE)));
    }

    /// What KVM calls the VM or vCPU, for example `kvm-1234/vcpu-0`.
    public String id() {
        return id;
    }

    /// All counters as they are now, in KVM's order. Bucket `i` of a histogram `h` goes by the name `h[i]`.
    public Map<String, Long> read() {
        Map<String, Long> values = new LinkedHashMap<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = read(fd, arena, dataOffset, dataBytes);
            for (Counter counter : counters) {
                for (int i = 0; i < counter.count; i++) {
                    String name = counter.count == 1 ? counter.name : counter.name + "[" + i + "]";
                    values.put(name, data.get(JAVA_LONG, counter.at + (long) i * Long.BYTES));
                }
            }
        }
        return values;
    }

    private static MemorySegment read(Fd fd, Arena arena, long offset, long byteLength) {
        MemorySegment bytes = arena.allocate(byteLength, Long.BYTES);
        for (long done = 0; done < byteLength; ) {
            long n = fd.pread(bytes.asSlice(done), byteLength - done, offset + done);
            if (n <= 0) {
                throw new HostException("KVM_GET_STATS_FD", Errno.EIO);
            }
            done += n;
        }
        return bytes;
    }

    @Override
    public void close() {
        fd.close();
    }
}
