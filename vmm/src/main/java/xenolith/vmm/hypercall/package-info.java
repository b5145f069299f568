/// The rooms behind the hypercall number: one class per hypercall or family, each arm in three beats: copy in, act,
/// copy out.
///
/// Who may call: the exit loop and the poller, through [Hypercalls#dispatch], with the domain's lock held. A handler
/// asks which of the two serves it only where it needs the vcpu's own thread (to block, or to change registers), and
/// then answers [CallContext#RING] to the poller. Whoever serves, it answers [CallContext#AGAIN] when a commit must
/// happen before it goes on, or when enough was done for one piece.
///
/// Every argument is the guest's and hostile. Answers are 0 or more, or a negative errno; nothing throws on a guest's
/// account. Loops over a guest's arrays are bounded by its own count, and answer [CallContext#AGAIN] whenever
/// enough is queued for a commit or a piece's worth is done, so they never hold more than that.
package xenolith.vmm.hypercall;
