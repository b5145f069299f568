/// What a device backend may ask of a domain: shared pages, event ports and grants; and of the
/// machine's memory for backends in other processes. Nothing else.
///
/// Who may call: backends and the tool that wires them. The interfaces are implemented inside the machine; a unit
/// test implements them over plain memory. The guest writes the shared pages at any moment: every word read from one
/// is hostile and is read once.
package xenolith.vmm.port;
