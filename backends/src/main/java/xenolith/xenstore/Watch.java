package xenolith.xenstore;

/// One registered watch.
///
/// @param path the node watched, with all below it
/// @param token given back with each event
/// @param relativeTo the home below which event paths are told, or null for absolute ones
/// @param depth how many levels below `path` still count; [#ANY_DEPTH] for all
record Watch(Watcher watcher, Path path, String token, Path relativeTo, int depth) {
    static final int ANY_DEPTH = Integer.MAX_VALUE;

    /// The same watch for those who may register it but once.
    boolean isSame(Watcher otherWatcher, Path otherPath, String otherToken) {
        return watcher == otherWatcher && path.equals(otherPath) && token.equals(otherToken);
    }

    /// Reports a change at `changed`, the watch's own path or one below.
    void fire(Path changed) {
        if (changed.depth() - path.depth() <= depth) {
            watcher.watchEvent(told(changed), token);
        }
    }

    private String told(Path changed) {
        String text = changed.toString();
        return relativeTo == null ? text : text.substring(relativeTo.toString().length() + 1);
    }
}
