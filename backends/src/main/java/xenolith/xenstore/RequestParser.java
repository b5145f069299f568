package xenolith.xenstore;

import java.util.ArrayList;
import java.util.List;
import xenolith.abi.io.XsWire;
import xenolith.xenstore.XenstoreException.MalformedRequest;
import xenolith.xenstore.XenstoreException.NotSupported;

/// Reads requests off messages. All that comes from a client is checked here, once.
final class RequestParser {
    private static final int DOMID_MAX = 0xFFFF;
    /// So that an event's path and token always fit a message.
    private static final int TOKEN_MAX = XsWire.XENSTORE_PAYLOAD_MAX - XsWire.XENSTORE_ABS_PATH_MAX - 2;

    private RequestParser() {
    }

    /// Reads a message of the domain `domid`, below whose home relative paths lie.
    ///
    /// @throws XenstoreException if it is no request, or not a proper one
    static Request parse(Message message, int domid) {
        Payload payload = new Payload(message.payload());
        return switch (message.type()) {
            case XsWire.XS_READ -> new Request.Read(path(payload, domid));
            case XsWire.XS_WRITE -> write(payload, domid);
            case XsWire.XS_DIRECTORY -> new Request.Directory(path(payload, domid));
            case XsWire.XS_DIRECTORY_PART -> directoryPart(payload, domid);
            case XsWire.XS_MKDIR -> new Request.Modify(new Change.MakeDirectory(path(payload, domid)));
            case XsWire.XS_RM -> new Request.Modify(new Change.Remove(path(payload, domid)));
            case XsWire.XS_GET_PERMS -> new Request.GetPermissions(watchable(payload.lastString(), domid));
            case XsWire.XS_SET_PERMS -> setPermissions(payload, domid);
            case XsWire.XS_WATCH -> addWatch(payload, domid);
            case XsWire.XS_UNWATCH -> removeWatch(payload, domid);
            case XsWire.XS_RESET_WATCHES -> new Request.ResetWatches();
            case XsWire.XS_TRANSACTION_START -> new Request.TransactionStart();
            case XsWire.XS_TRANSACTION_END -> transactionEnd(payload);
            case XsWire.XS_GET_DOMAIN_PATH -> new Request.GetDomainPath(domid(payload.lastString()));
            case XsWire.XS_INTRODUCE -> introduce(payload);
            case XsWire.XS_RELEASE -> new Request.Release(domid(payload.lastString()));
            case XsWire.XS_RESUME -> new Request.Resume(domid(payload.lastString()));
            case XsWire.XS_IS_DOMAIN_INTRODUCED -> new Request.IsDomainIntroduced(domid(payload.lastString()));
            case XsWire.XS_SET_TARGET ->
                new Request.SetTarget(domid(payload.string()), domid(payload.lastString()));
            case XsWire.XS_CONTROL -> control(payload);
            default -> throw new NotSupported(XsWire.name(message.type()));
        };
    }

    private static Request control(Payload payload) {
        List<String> words = new ArrayList<>(List.of(payload.string()));
        words.addAll(payload.strings());
        return new Request.Control(words);
    }

    private static Path path(Payload payload, int domid) {
        return Path.resolve(payload.lastString(), domid);
    }

    private static Path watchable(String text, int domid) {
        return Path.resolveWatchable(text, domid);
    }

    private static int domid(String text) {
        return Numbers.parse(text, DOMID_MAX);
    }

    private static Request write(Payload payload, int domid) {
        Path path = Path.resolve(payload.string(), domid);
        return new Request.Modify(new Change.Write(path, payload.rest()));
    }

    private static Request directoryPart(Payload payload, int domid) {
        Path path = Path.resolve(payload.string(), domid);
        return new Request.DirectoryPart(path, Numbers.parse(payload.lastString(), Integer.MAX_VALUE));
    }

    private static Request setPermissions(Payload payload, int domid) {
        Path path = watchable(payload.string(), domid);
        return new Request.Modify(new Change.SetPermissions(path, Permissions.parse(payload.strings())));
    }

    private static Request addWatch(Payload payload, int domid) {
        String text = payload.string();
        String token = token(payload);
        // Older clients may send an empty third string, which never meant anything.
        String depth = payload.hasMore() ? payload.lastString() : "";
        return new Request.AddWatch(watchable(text, domid), token, Path.isRelative(text),
                depth.isEmpty() ? Watch.ANY_DEPTH : Numbers.parse(depth, Integer.MAX_VALUE));
    }

    private static Request removeWatch(Payload payload, int domid) {
        Path path = watchable(payload.string(), domid);
        return new Request.RemoveWatch(path, token(payload));
    }

    private static String token(Payload payload) {
        String token = payload.string();
        if (token.length() > TOKEN_MAX) {
            throw new MalformedRequest("a token of " + token.length() + " bytes");
        }
        return token;
    }

    private static Request transactionEnd(Payload payload) {
        return switch (payload.lastString()) {
            case "T" -> new Request.TransactionEnd(true);
            case "F" -> new Request.TransactionEnd(false);
            default -> throw new MalformedRequest("a transaction ends with T or F");
        };
    }

    private static Request introduce(Payload payload) {
        int domid = domid(payload.string());
        long gfn = Numbers.parseLong(payload.string(), Long.MAX_VALUE);
        return new Request.Introduce(domid, gfn, Numbers.parse(payload.string(), Integer.MAX_VALUE));
    }
}
