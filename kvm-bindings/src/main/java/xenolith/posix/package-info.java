/// The few libc calls that a hypervisor needs, with their errors as [HostException].
///
/// Headers: `<sys/mman.h>`, `<sys/eventfd.h>`, `<poll.h>`, `<signal.h>`, `<asm/termbits.h>`, `<time.h>`, `<unistd.h>`,
/// `<sys/uio.h>`, `<sys/socket.h>`, `<sys/un.h>`, `<sys/epoll.h>`, `<spawn.h>`, `<sys/wait.h>`, `<net/if.h>`,
/// `<linux/aio_abi.h>`, `<linux/if_tun.h>`, `<linux/sockios.h>`, `<linux/stat.h>`.
/// [Libc] and its two parts link every downcall of the project; nothing else does. [NativeCode] has two of them to a page of
/// instructions of our own, `rdtsc` and `cpuid`.
///
/// Who may call: anyone in the hypervisor. Guests never reach this package: every address, length and descriptor
/// given here comes from our own code.
///
/// Locks: none. `errno` is captured by the linker right after each call, into a [CallState] that belongs to the
/// calling thread or to an object that only one thread uses, never into one that threads share.
///
/// Calls that return a number follow the kernel's convention: negative means `-errno`.
package xenolith.posix;
