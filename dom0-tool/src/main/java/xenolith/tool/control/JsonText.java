package xenolith.tool.control;

import java.util.List;
import java.util.Map;

/// What commands print for programs.
public final class JsonText {
    private JsonText() {
    }

    /// An object of strings, numbers, booleans, lists and objects, as indented text.
    public static String of(Map<String, ?> object) {
        return Json.text(object);
    }

    /// An array likewise.
    public static String of(List<?> array) {
        return Json.text(array);
    }
}
