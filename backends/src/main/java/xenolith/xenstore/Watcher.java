package xenolith.xenstore;

/// Who registered watches: a connection, or a client in Java.
interface Watcher {
    /// With whose rights the watches look.
    Caller caller();

    /// Takes an event. Called under the store's lock: it must queue it and return.
    void watchEvent(String path, String token);
}
