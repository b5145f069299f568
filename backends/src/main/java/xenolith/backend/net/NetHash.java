package xenolith.backend.net;

import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_HASH_TYPE_IPV4;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_HASH_TYPE_IPV6;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
import static xenolith.abi.io.NetifCtrl.XEN_NETIF_CTRL_STATUS_SUCCESS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// By which hash a frontend wants its frames dealt to its queues, and the hash itself (`xen/io/netif.h`, "Control
/// messages"). Set by the thread of the control ring, asked by those of all queues: each looks at one whole setting.
final class NetHash {
    static final int MAX_KEY_BYTES = 40;
    static final int MAX_MAPPING = 128;
    static final int TYPES = XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP
            | XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
    /// Of a frame that has none: what [#of] returns.
    static final long NONE = -1;

    private static final int ETHERTYPE_AT = 12;
    private static final int L3 = 14;
    private static final int TCP = 6;
    private static final int U8 = 0xFF;
    private static final long U32 = 0xFFFF_FFFFL;

    private static final int IPV4_ADDRESSES_AT = 12;
    private static final int IPV6_ADDRESSES_AT = 8;

    /// Never changed: another takes its place.
    private record Setting(int algorithm, int types, byte[] key, int[] mapping) {
        static final Setting EMPTY = new Setting(XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, new byte[0], new int[0]);
    }

    private volatile Setting setting = Setting.EMPTY;

    /// Forgets all, for a new frontend.
    void clear() {
        setting = Setting.EMPTY;
    }

    private boolean isOff() {
        return setting.algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
    }

    // ---- what the frontend asks; each answers with an XEN_NETIF_CTRL_STATUS_

    int setAlgorithm(int algorithm) {
        if (algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE && algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ) {
            return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
        }
        Setting old = setting;
        setting = new Setting(algorithm, old.types, old.key, old.mapping);
        return XEN_NETIF_CTRL_STATUS_SUCCESS;
    }

    /// Whether one may ask for hash types now: not before an algorithm is chosen.
    boolean hasAlgorithm() {
        return !isOff();
    }

    int setTypes(int types) {
        if ((types & ~TYPES) != 0 || isOff()) {
            return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
        }
        Setting old = setting;
        setting = new Setting(old.algorithm, types, old.key, old.mapping);
        return XEN_NETIF_CTRL_STATUS_SUCCESS;
    }

    /// @param key ours from now on
    int setKey(byte[] key) {
        Setting old = setting;
        setting = new Setting(old.algorithm, old.types, key, old.mapping);
        return XEN_NETIF_CTRL_STATUS_SUCCESS;
    }

    int setMappingSize(int size) {
        if (size < 0 || size > MAX_MAPPING) {
            return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
        }
        Setting old = setting;
        setting = new Setting(old.algorithm, old.types, old.key, new int[size]);
        return XEN_NETIF_CTRL_STATUS_SUCCESS;
    }

    /// Whether `count` entries from `offset` on are in the table.
    int checkMapping(int count, int offset) {
        int size = setting.mapping.length;
        boolean within = count >= 0 && offset >= 0 && count <= size && offset <= size - count;
        return within ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
    }

    /// @param queues   of which each must be below `queueCount`, as an unsigned number
    int setMapping(int[] queues, int offset, int queueCount) {
        for (int queue : queues) {
            if (Integer.compareUnsigned(queue, queueCount) >= 0) {
                return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
            }
        }
        Setting old = setting;
        int[] mapping = old.mapping.clone();
        System.arraycopy(queues, 0, mapping, offset, queues.length);
        setting = new Setting(old.algorithm, old.types, old.key, mapping);
        return XEN_NETIF_CTRL_STATUS_SUCCESS;
    }

    // ---- what the queues ask

    /// The type of hash that this frame has, shifted up by 32, and the hash; [#NONE] if it has none.
    long of(MemorySegment frame, int headBytes) {
        Setting now = setting;
        if (now.types == 0 || now.algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE) {
            return NONE;
        }
        int etherType = u8(frame, ETHERTYPE_AT) << Byte.SIZE | u8(frame, ETHERTYPE_AT + 1);
        return switch (etherType) {
            case 0x0800 -> ipv4(now, frame, headBytes);
            case 0x86DD -> ipv6(now, frame, headBytes);
            default -> NONE;
        };
    }

    private static long ipv4(Setting now, MemorySegment frame, int headBytes) {
        if (headBytes < L3 + 20) {
            return NONE;
        }
        int l4 = L3 + (u8(frame, L3) & 0xF) * 4;
        boolean whole = (u8(frame, L3 + 6) & 0x3F | u8(frame, L3 + 7)) == 0;
        boolean tcp = u8(frame, L3 + 9) == TCP && whole && l4 + 4 <= headBytes;
        return hash(now, frame, L3 + IPV4_ADDRESSES_AT, 8, tcp, l4, XEN_NETIF_CTRL_HASH_TYPE_IPV4,
                XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
    }

    private static long ipv6(Setting now, MemorySegment frame, int headBytes) {
        if (headBytes < L3 + 40) {
            return NONE;
        }
        boolean tcp = u8(frame, L3 + 6) == TCP && L3 + 44 <= headBytes;
        return hash(now, frame, L3 + IPV6_ADDRESSES_AT, 32, tcp, L3 + 40, XEN_NETIF_CTRL_HASH_TYPE_IPV6,
                XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
    }

    /// The greatest type that is asked for: of addresses and ports, or of addresses alone.
    private static long hash(Setting now, MemorySegment frame, int addressesAt, int addressBytes, boolean tcp, int l4,
            int type, int tcpType) {
        boolean ports = tcp && (now.types & tcpType) != 0;
        if (!ports && (now.types & type) == 0) {
            return NONE;
        }
        long hash = toeplitz(now.key, frame, addressesAt, addressBytes, 0);
        if (ports) {
            hash ^= toeplitz(now.key, frame, l4, 4, addressBytes);
        }
        return (long) (ports ? tcpType : type) << Integer.SIZE | hash & U32;
    }

    /// The part of the Toeplitz hash that these bytes make, which stand at `place` of all that is hashed.
    private static long toeplitz(byte[] key, MemorySegment frame, int from, int byteLength, int place) {
        long hash = 0;
        for (int i = 0; i < byteLength; i++) {
            long window = 0;
            for (int j = 0; j < 5; j++) {
                int at = place + i + j;
                window = window << Byte.SIZE | (at < key.length ? key[at] & U8 : 0);
            }
            int octet = u8(frame, from + i);
            for (int bit = 7; bit >= 0; bit--) {
                if ((octet >> bit & 1) != 0) {
                    hash ^= window >> bit + 1;
                }
            }
        }
        return hash & U32;
    }

    /// The queue for a hash.
    int queue(long hash, int queueCount) {
        int[] mapping = setting.mapping;
        long value = hash & U32;
        // The table is of the frontend before, if it changed just now: its queues may be more.
        int queue = mapping.length == 0 ? (int) (value % queueCount) : mapping[(int) (value % mapping.length)];
        return queue < queueCount ? queue : 0;
    }

    private static int u8(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_BYTE, at) & U8;
    }
}
