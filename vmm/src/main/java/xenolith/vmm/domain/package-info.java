/// A domain and its vcpus: the state that hypercalls change, the door to the guest's memory, counters and the end.
///
/// Who may call: the hypercall rooms and the machine: its exit loop, pollers and threads. Backends never see this
/// package; they reach a domain by [xenolith.vmm.port].
///
/// Lock: [Domain#lock], taken for each hypercall and each trap that Java handles. Other threads may ask where a vcpu
/// is, kick it, raise events and end the domain without it.
///
/// What the guest can do: everything here is read and written on its behalf, after the rooms have checked it.
package xenolith.vmm.domain;
