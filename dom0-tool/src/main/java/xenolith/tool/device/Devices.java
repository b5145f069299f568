package xenolith.tool.device;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import xenolith.backend.XenbusBackend;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.xenstore.StoreClient;

/// The devices of a running domain: those that it starts with, and those that come and go while it runs. Closed after
/// the domain has stopped and before its memory goes.
///
/// Any thread. Devices come one after the other; nobody waits for a guest, nor for another process that serves a
/// device, with the list locked.
public final class Devices implements DeviceControl, AutoCloseable {
    /// A guest whose driver does not say that it has let go of a device is not waited for longer.
    private static final long NOTICE_PATIENCE_NS = 2_000_000_000L;
    private static final long NOTICE_CHECK_MS = 5;

    private final StoreClient store;
    private final Map<String, DeviceKind> kinds = new LinkedHashMap<>();
    /// Held while a device is opened, so that no two take the same number.
    private final Object opening = new Object();
    /// Guarded by this object's monitor, as is `closed`.
    private final List<Attached> attached = new ArrayList<>();
    private boolean closed;

    /// A device in the list. Its own monitor is held while it is changed, and while it ends.
    private static final class Attached {
        final String kind;
        final HostedDevice device;
        final XenbusBackend backend;
        private boolean shut;
        /// Guarded by the list's monitor.
        boolean leaving;

        Attached(String kind, HostedDevice device, XenbusBackend backend) {
            this.kind = kind;
            this.device = device;
            this.backend = backend;
        }

        boolean is(String wantedKind, String name) {
            return kind.equals(wantedKind)
                    && (device.name().equals(name) || Long.toString(device.id().number()).equals(name));
        }

        /// When it returns no page of the guest's is touched any more, and the host has back what the device held.
        synchronized void shut() {
            if (!shut) {
                shut = true;
                try {
                    backend.close();
                } finally {
                    device.close();
                }
            }
        }

        synchronized void change(Map<String, String> wanted, Path directory) {
            if (shut) {
                throw new ControlException("there is no " + kind + " " + device.name() + " any more");
            }
            backend.announce(device.change(wanted, directory));
        }
    }

    /// @param kinds of which devices may be attached
    public Devices(StoreClient store, List<? extends DeviceKind> kinds) {
        this.store = store;
        kinds.forEach(kind -> this.kinds.put(kind.name(), kind));
    }

    /// Makes a device the domain's: the guest finds it by the nodes written here. One that cannot be added is closed.
    public void add(String kind, HostedDevice device) {
        put(kind, device);
    }

    private Attached put(String kind, HostedDevice device) {
        try {
            return listed(kind, device);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private synchronized Attached listed(String kind, HostedDevice device) {
        if (closed) {
            throw new ControlException("the domain has ended");
        }
        if (attached.stream().anyMatch(other -> other.device.id().equals(device.id()) || other.is(kind, device.name()))) {
            throw new BadInputException("there is a " + kind + " " + device.name() + " already");
        }
        device.id().create(store, device.frontendNodes(), device.backendNodes());
        Attached added = new Attached(kind, device, new XenbusBackend(store, device.id(), device.driver()));
        attached.add(added);
        added.backend.start();
        return added;
    }

    @Override
    public Map<String, Object> attach(String kind, String text, Path directory, Duration patience)
            throws InterruptedException {
        Attached added;
        synchronized (opening) {
            added = put(kind, kind(kind).open(text, directory, taken(kind)));
        }
        boolean connected = added.backend.awaitConnected(patience);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", added.device.name());
        answer.put("connected", connected);
        if (!connected) {
            answer.put("hindrance", hindrance(added.backend.status()));
        }
        return answer;
    }

    private static String hindrance(XenbusBackend.Status status) {
        if (status.hindrance() != null) {
            return status.hindrance();
        }
        return switch (status.frontend()) {
            case "INITIALISING", "UNKNOWN" -> "no driver of the guest's has begun to use it";
            case "CLOSING", "CLOSED" -> "the guest's driver has closed it";
            default -> "the guest's driver is still at " + status.frontend();
        };
    }

    @Override
    public String detach(String kind, String name, boolean force, Duration patience) throws InterruptedException {
        Attached leaving = leaving(kind, name);
        try {
            leaving.backend.detach();
            if (!force && !leaving.backend.awaitClosed(patience)) {
                throw new ControlException("the guest has not let go of " + name + " after " + patience.toSeconds()
                        + " seconds (its driver is at " + leaving.backend.status().frontend()
                        + "); ask again later, or --force");
            }
            remove(leaving);
            return leaving.device.name();
        } finally {
            synchronized (this) {
                leaving.leaving = false;
            }
        }
    }

    private void remove(Attached leaving) throws InterruptedException {
        leaving.shut();
        leaving.device.id().remove(store);
        try {
            awaitNotice(leaving);
        } finally {
            synchronized (this) {
                attached.remove(leaving);
            }
        }
    }

    private synchronized Attached leaving(String kind, String name) {
        Attached leaving = find(kind, name);
        if (leaving.leaving) {
            throw new ControlException(name + " is being detached already");
        }
        leaving.leaving = true;
        return leaving;
    }

    /// A guest learns by a watch that the device's directory has gone, and looks whether it has. Were there another
    /// device of the same number by then, it would take it for the old one and never begin to use it. Its driver has done
    /// with the old one when it watches our state no more.
    private void awaitNotice(Attached gone) throws InterruptedException {
        long deadline = System.nanoTime() + NOTICE_PATIENCE_NS;
        while (store.isWatchedBy(gone.device.id().domid(), gone.device.id().backendPath())
                && System.nanoTime() < deadline) {
            Thread.sleep(NOTICE_CHECK_MS);
        }
    }

    /// What each device tells of itself may take the time of another process, so it is asked when the list is free
    /// again.
    @Override
    public List<Map<String, Object>> list(String kind) {
        kind(kind);
        return ofKind(kind).stream().map(Devices::described).toList();
    }

    private synchronized List<Attached> ofKind(String kind) {
        return attached.stream().filter(each -> each.kind.equals(kind)).toList();
    }

    private static Map<String, Object> described(Attached each) {
        XenbusBackend.Status status = each.backend.status();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", each.device.name());
        object.put("number", each.device.id().number());
        object.putAll(each.device.description());
        object.put("state", word(status.backend()));
        object.put("frontend_state", word(status.frontend()));
        if (status.hindrance() != null) {
            object.put("hindrance", status.hindrance());
        }
        object.put("counters", each.device.driver().counters());
        return object;
    }

    private static String word(String state) {
        return state.toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public String change(String kind, String name, Map<String, String> wanted, Path directory) {
        Attached changing;
        synchronized (this) {
            changing = find(kind, name);
        }
        changing.change(wanted, directory);
        return changing.device.name();
    }

    @Override
    public Map<String, Object> ask(String kind, String name, Map<String, Object> question, Path directory) {
        return asked(kind, name).device.answer(question, directory);
    }

    private synchronized Attached asked(String kind, String name) {
        List<Attached> all = ofKind(kind);
        if (name.isEmpty() && all.size() > 1) {
            throw new BadInputException("there are several, so name one: "
                    + String.join(", ", all.stream().map(each -> each.device.name()).toList()));
        }
        return name.isEmpty() && !all.isEmpty() ? all.getFirst() : find(kind, name);
    }

    private DeviceKind kind(String name) {
        DeviceKind kind = kinds.get(name);
        if (kind == null) {
            throw new BadInputException("there are no devices of the kind '" + name + "'");
        }
        return kind;
    }

    /// What another device of a kind cannot be called.
    public DeviceKind.Taken taken(String kind) {
        Set<Long> numbers = new LinkedHashSet<>();
        Set<String> names = new LinkedHashSet<>();
        for (Attached each : ofKind(kind)) {
            numbers.add(each.device.id().number());
            names.add(each.device.name());
        }
        return new DeviceKind.Taken(numbers, names);
    }

    private Attached find(String kind, String name) {
        kind(kind);
        return attached.stream().filter(each -> each.is(kind, name)).findFirst()
                .orElseThrow(() -> new BadInputException("there is no " + kind + " " + name));
    }

    /// When it returns no page of the guest's is touched any more.
    @Override
    public void close() {
        List<Attached> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(attached);
        }
        all.forEach(each -> each.device.domainGone());
        RuntimeException failure = null;
        for (Attached each : all) {
            try {
                each.shut();
            } catch (RuntimeException e) {
                // The others must let go of the guest's memory all the same.
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
