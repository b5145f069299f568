/// What the control plane sees and says of a domain: how it ended, where its log goes, what is traced.
///
/// Plain values; any thread.
package xenolith.vmm.control;
