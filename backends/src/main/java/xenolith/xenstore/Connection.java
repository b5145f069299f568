package xenolith.xenstore;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import xenolith.xenstore.XenstoreException.AccessDenied;
import xenolith.xenstore.XenstoreException.MalformedRequest;
import xenolith.xenstore.XenstoreException.NestedTransaction;
import xenolith.xenstore.XenstoreException.NotFound;
import xenolith.xenstore.XenstoreException.NotSupported;
import xenolith.xenstore.XenstoreException.QuotaExceeded;
import xenolith.xenstore.XenstoreException.TooManyWatches;

/// One client of the wire protocol: its open transactions, its watches, and what it has still to be sent.
///
/// It knows nothing of rings or sockets: messages come in through [#handle] and go out of [#output]. All methods but
/// [#watchEvent] and [#caller] are called by one thread at a time.
final class Connection implements Watcher {
    /// How many times a guest's watches and transactions a privileged client may have.
    private static final int PRIVILEGED_SHARE = 64;

    private final Store store;
    private final DomainOperations domains;
    private final Runnable wake;
    private final OutputQueue output;
    private final Map<Integer, Transaction> transactions = new HashMap<>();
    private volatile Caller caller;
    private int lastTransactionId;
    private int watchCount;

    /// A connection of `caller`; `wake` is run when there is an event to send.
    Connection(Store store, DomainOperations domains, Caller caller, Runnable wake) {
        this.store = store;
        this.domains = domains;
        this.caller = caller;
        this.wake = wake;
        this.output = new OutputQueue(() -> store.quota().unsentEvents());
    }

    OutputQueue output() {
        return output;
    }

    @Override
    public Caller caller() {
        return caller;
    }

    void setTarget(int target) {
        caller = caller.withTarget(target);
    }

    @Override
    public void watchEvent(String path, String token) {
        output.event(path, token);
        wake.run();
    }

    /// Does what a message asks for and queues the reply.
    void handle(Message message) {
        output.holdEvents();
        Message reply;
        try {
            Request request = RequestParser.parse(message, caller.domid());
            reply = message.reply(Replies.fitting(answer(request, message.txId())));
        } catch (XenstoreException e) {
            reply = message.error(XsError.of(e));
        }
        output.reply(reply);
    }

    /// Forgets watches and transactions: `RESET_WATCHES`, and what a new kernel wants after a kexec.
    void reset() {
        store.unwatchAll(this);
        transactions.clear();
        watchCount = 0;
    }

    private byte[] answer(Request request, int txId) {
        return switch (request) {
            case Request.Read(Path path) -> view(txId).read(path);
            case Request.Directory(Path path) -> Replies.strings(view(txId).list(path));
            case Request.DirectoryPart(Path path, int offset) ->
                Replies.directoryPart(view(txId).readable(path), offset);
            case Request.GetPermissions(Path path) -> Replies.strings(view(txId).permissions(path).texts());
            case Request.Modify(Change change) -> modify(txId, change);
            case Request.AddWatch watch -> addWatch(watch);
            case Request.RemoveWatch(Path path, String token) -> removeWatch(path, token);
            case Request.ResetWatches _ -> resetWatches();
            case Request.TransactionStart _ -> startTransaction(txId);
            case Request.TransactionEnd(boolean commit) -> endTransaction(txId, commit);
            case Request.GetDomainPath(int domid) -> Replies.string(Path.home(domid).toString());
            case Request.Control(List<String> words) -> control(words);
            case Request.Introduce _, Request.Release _, Request.Resume _, Request.IsDomainIntroduced _,
                 Request.SetTarget _ -> answerPrivileged(request);
        };
    }

    private byte[] answerPrivileged(Request request) {
        requirePrivilege();
        switch (request) {
            case Request.Introduce(int domid, long gfn, int port) -> domains.introduce(domid, gfn, port);
            case Request.Release(int domid) -> domains.release(domid);
            case Request.Resume(int domid) -> domains.resume(domid);
            case Request.SetTarget(int domid, int target) -> domains.setTarget(domid, target);
            case Request.IsDomainIntroduced(int domid) -> {
                return Replies.string(domains.isIntroduced(domid) ? "T" : "F");
            }
            default -> throw new IllegalStateException("not a privileged request: " + request);
        }
        return Replies.ok();
    }

    private void requirePrivilege() {
        if (!caller.privileged()) {
            throw new AccessDenied("this is for privileged domains");
        }
    }

    /// The store, or the transaction named by the request.
    private View view(int txId) {
        if (txId == 0) {
            return store.view(caller);
        }
        Transaction transaction = transactions.get(txId);
        if (transaction == null) {
            throw new NotFound("transaction: " + Integer.toUnsignedString(txId));
        }
        return transaction;
    }

    private byte[] modify(int txId, Change change) {
        view(txId).apply(change);
        return Replies.ok();
    }

    /// Privileged clients are trusted with the store, but one that goes astray shall not take all our memory either.
    private int allowed(int guestsLimit) {
        return caller.privileged() ? guestsLimit * PRIVILEGED_SHARE : guestsLimit;
    }

    private byte[] addWatch(Request.AddWatch request) {
        int limit = allowed(store.quota().watches());
        if (watchCount >= limit) {
            throw new TooManyWatches(limit);
        }
        Path home = request.relative() ? Path.home(caller.domid()) : null;
        store.watch(new Watch(this, request.path(), request.token(), home, request.depth()));
        watchCount++;
        return Replies.ok();
    }

    private byte[] removeWatch(Path path, String token) {
        store.unwatch(this, path, token);
        watchCount--;
        return Replies.ok();
    }

    private byte[] resetWatches() {
        reset();
        return Replies.ok();
    }

    private byte[] startTransaction(int txId) {
        if (txId != 0) {
            throw new NestedTransaction();
        }
        int limit = allowed(store.quota().transactions());
        if (transactions.size() >= limit) {
            throw new QuotaExceeded("open transactions", limit);
        }
        do {
            lastTransactionId++;
        } while (lastTransactionId == 0 || transactions.containsKey(lastTransactionId));
        transactions.put(lastTransactionId, store.begin(caller));
        return Replies.string(Integer.toUnsignedString(lastTransactionId));
    }

    private byte[] endTransaction(int txId, boolean commit) {
        Transaction transaction = transactions.remove(txId);
        if (transaction == null) {
            throw new NotFound("transaction: " + Integer.toUnsignedString(txId));
        }
        if (commit) {
            store.commit(transaction);
        }
        return Replies.ok();
    }

    private byte[] control(List<String> words) {
        requirePrivilege();
        List<String> more = words.subList(1, words.size());
        return switch (words.getFirst()) {
            case "help" -> Replies.strings(List.of("check", "help", "print <string>", "quota [set <name> <val>|<domid>]"));
            case "check" -> check();
            case "print" -> print(more);
            case "quota" -> QuotaCommand.answer(store, domains, more);
            case "" -> throw new MalformedRequest("a control request without a command");
            default -> throw new NotSupported("control command " + words.getFirst());
        };
    }

    private byte[] print(List<String> words) {
        if (words.size() != 1) {
            throw new MalformedRequest("one text is printed");
        }
        domains.print(words.getFirst());
        return Replies.ok();
    }

    /// What it keeps here beside nodes.
    DomainOperations.Kept kept() {
        return new DomainOperations.Kept(watchCount, transactions.size(), output.replyCount());
    }

    private byte[] check() {
        String fault = TreeCheck.fault(store.tree());
        return fault == null ? Replies.ok() : Replies.string(fault);
    }
}
