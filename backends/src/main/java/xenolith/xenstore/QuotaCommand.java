package xenolith.xenstore;

import java.util.ArrayList;
import java.util.List;
import xenolith.xenstore.XenstoreException.MalformedRequest;
import xenolith.xenstore.XenstoreException.NotFound;

/// `CONTROL quota`: shows what unprivileged domains may keep, changes it, or shows what one keeps. Names and forms are
/// those of Xen's `xenstored`.
///
/// | words | what comes of it |
/// |---|---|
/// | | a line for each quota |
/// | `set NAME VALUE` | a quota for all domains, from now on; what one has beyond it stays |
/// | `DOMID` | a line for each thing that the domain keeps |
final class QuotaCommand {
    private static final int MAX_VALUE = 1_000_000;

    private QuotaCommand() {
    }

    static byte[] answer(Store store, DomainOperations domains, List<String> words) {
        if (words.isEmpty()) {
            return Replies.string(shown(store.quota()));
        }
        if (words.getFirst().equals("set")) {
            return set(store, words);
        }
        return Replies.string(kept(store, domains, Numbers.parse(only(words), 0xFFFF)));
    }

    private static String only(List<String> words) {
        if (words.size() != 1) {
            throw new MalformedRequest("more than one domain");
        }
        return words.getFirst();
    }

    private static byte[] set(Store store, List<String> words) {
        if (words.size() != 3) {
            throw new MalformedRequest("a quota is set with its name and its value");
        }
        int value = Numbers.parse(words.get(2), MAX_VALUE);
        if (value < 1) {
            throw new MalformedRequest("no domain can live with a quota of nothing");
        }
        store.quota(store.quota().with(words.get(1), value));
        return Replies.ok();
    }

    private static String shown(Quota quota) {
        List<String> lines = new ArrayList<>();
        for (Quota.Limit limit : Quota.Limit.values()) {
            lines.add("%-17s: %8d %s".formatted(limit.word(), quota.of(limit), limit.what()));
        }
        return String.join("\n", lines) + '\n';
    }

    private static String kept(Store store, DomainOperations domains, int domid) {
        DomainOperations.Kept kept = domains.kept(domid);
        if (kept == null) {
            throw new NotFound("domain: " + domid);
        }
        return "Domain %d:\n%-17s: %8d\n%-17s: %8d\n%-17s: %8d\n%-17s: %8d\n".formatted(domid,
                Quota.Limit.NODES.word(), store.tree().counts().of(domid), Quota.Limit.WATCHES.word(), kept.watches(),
                Quota.Limit.TRANSACTIONS.word(), kept.transactions(), Quota.Limit.OUTSTANDING.word(), kept.outstanding());
    }
}
