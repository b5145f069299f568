/// Network interfaces: joins a domain's network frontends to what the host offers.
///
/// Header: `xen/io/netif.h`.
///
/// A [xenolith.backend.net.FrameLink] is what an interface is attached to, a [xenolith.backend.net.FramePort] its end
/// for one queue; a [xenolith.backend.net.FrameFilter] looks at every frame in between.
package xenolith.backend.net;
