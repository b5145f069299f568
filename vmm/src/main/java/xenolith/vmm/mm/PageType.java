package xenolith.vmm.mm;

/// What a machine frame is used as. Plain `int`s, because the frame table packs them and the hot paths compare them.
///
/// A frame keeps its last type while its type count is zero: the type then tells only what stale translations of it
/// may exist, and any other type may be taken.
public final class PageType {
    public static final int NONE = 0;
    /// The page tables: the type is the level.
    public static final int L1 = 1;
    public static final int L2 = 2;
    public static final int L3 = 3;
    public static final int L4 = 4;
    /// Some entry maps it read-write, or the hypervisor writes to it.
    public static final int WRITABLE = 5;
    /// A page of a GDT or LDT.
    public static final int SEGDESC = 6;
    /// The hypervisor's own frame, lent to a domain: shared_info, grant-table frames. Its type never changes.
    public static final int SHARED = 7;

    private PageType() {}

    static boolean isTable(int type) {
        return type >= L1 && type <= L4;
    }

    public static String name(int type) {
        return switch (type) {
            case NONE -> "none";
            case L1 -> "l1";
            case L2 -> "l2";
            case L3 -> "l3";
            case L4 -> "l4";
            case WRITABLE -> "writable";
            case SEGDESC -> "segdesc";
            case SHARED -> "shared";
            default -> "type" + type;
        };
    }
}
