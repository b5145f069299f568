package xenolith.vmm.build;

/// Where everything of a freshly built domain lies; input to its first registers and to the backends.
///
/// @param entry first instruction
/// @param stackTop initial RSP
/// @param startInfoVa initial RSI
/// @param rootMfn the level-4 table
/// @param storeMfn xenstore's ring page
/// @param consoleMfn the console's ring page
public record StartOfDay(long entry, long stackTop, long startInfoVa, long rootMfn, long storeMfn, long consoleMfn) {
}
