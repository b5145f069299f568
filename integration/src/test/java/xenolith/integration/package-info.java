/// Tests of the whole: the launcher with stock Debian kernels, and the shape of the code.
///
/// What lives here: [xenolith.integration.Guest] boots a guest through `./xenolith run` and collects what it printed
/// and how it ended; the `*IT` classes say what must hold; `ArchitectureTest` reads all modules' classes, `SourcesTest`
/// their sources, and `HypercallTableTest` the table in docs/hypercalls.md.
///
/// Who may call: the build. Guests run one at a time: the machines that run this have few cores.
///
/// A test that cannot run here (no usable `/dev/kvm`, no kernels) is skipped with its reason, never passed. Where the
/// environment says `XENOLITH_REQUIRE_GUESTS=1`, it fails instead.
package xenolith.integration;
