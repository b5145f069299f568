package xenolith.tool.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import xenolith.tool.control.DomainStore;
import xenolith.tool.input.Json;

/// `xenolith xenstore ls`: the tree below a node, in the form of Xen's own tool or as JSON.
final class StoreListing {
    private final DomainStore store;
    private final boolean whole;
    private final boolean permissions;

    private StoreListing(DomainStore store, boolean whole, boolean permissions) {
        this.store = store;
        this.whole = whole;
        this.permissions = permissions;
    }

    /// Prints all below `path`: with `whole` paths or indented names, and `permissions` if asked for. The store may
    /// change meanwhile, as one moment of it is taken: the listing is a transaction.
    static int print(DomainStore store, String path, boolean whole, boolean permissions, boolean json) {
        StringBuilder text = new StringBuilder();
        Map<String, Object> object = new LinkedHashMap<>();
        StoreListing listing = new StoreListing(store, whole, permissions);
        store.transaction(() -> {
            text.setLength(0);
            object.clear();
            if (json) {
                listing.walk(path, 0, (node, _) -> object.put(node, listing.describedForJson(node)));
            } else {
                listing.walk(path, 0, (node, depth) -> listing.line(text, node, depth));
            }
        });
        System.out.print(json ? Json.text(object) : text);
        return ExitStatus.OK;
    }

    static String child(String path, String name) {
        return path.endsWith("/") ? path + name : path + '/' + name;
    }

    private void walk(String path, int depth, BiConsumer<String, Integer> visit) {
        for (String name : store.list(path)) {
            String node = child(path, name);
            visit.accept(node, depth);
            walk(node, depth + 1, visit);
        }
    }

    private void line(StringBuilder text, String node, int depth) {
        text.append(" ".repeat(whole ? 0 : depth)).append(whole ? node : node.substring(node.lastIndexOf('/') + 1))
                .append(" = \"").append(store.read(node).replace("\"", "\\x22")).append('"');
        if (permissions) {
            text.append("   (").append(String.join(",", store.permissions(node))).append(')');
        }
        text.append('\n');
    }

    private Object describedForJson(String node) {
        String value = store.read(node);
        if (!permissions) {
            return value;
        }
        List<String> all = store.permissions(node);
        return Map.of("value", value, "permissions", all);
    }
}
