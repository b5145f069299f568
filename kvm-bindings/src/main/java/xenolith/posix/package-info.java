/// The few libc calls that a hypervisor needs, with their errors as [HostException].
///
/// Headers: `<sys/mman.h>`, `<sys/eventfd.h>`, `<poll.h>`, `<signal.h>`, `<time.h>`, `<unistd.h>`.
/// [Libc] holds every downcall handle of the project; nothing else links native code.
///
/// Who may call: anyone in the hypervisor. Guests never reach this package: every address, length and descriptor
/// given here comes from our own code.
///
/// Locks: none. `errno` is captured by the linker right after each call, into a [CallState] that belongs to the
/// calling thread or to an object that only one thread uses, never into one that threads share.
///
/// Calls that return a number follow the kernel's convention: negative means `-errno`.
package xenolith.posix;
