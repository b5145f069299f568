package xenolith.tool.control;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The firewall of an interface of a domain that some process runs, as other processes see it.
///
/// Every method throws `BadInputException` where a rule or a number is wrong, and `ControlException` where the domain's
/// process does not answer.
public final class RunningFirewall {
    private final RunningDevices nics;
    private final String nic;

    RunningFirewall(RunningDevices nics, String nic) {
        this.nics = nics;
        this.nic = nic;
    }

    /// All rules, each with `number`, `rule`, `packets`, `bytes` and `dropped`, as `rules`; and as `dropped_first` what
    /// was dropped before any of them, by reason.
    public Map<String, Object> list() {
        List<Object> rules = new ArrayList<>();
        Map<String, Object> answer;
        int before;
        do {
            before = rules.size();
            answer = ask("list", Map.of("from", before + 1));
            if (answer.get("rules") instanceof List<?> page) {
                rules.addAll(page);
            }
        } while (rules.size() > before && answer.get("total") instanceof Long total && rules.size() < total);
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("rules", rules);
        all.put("dropped_first", answer.get("dropped_first"));
        return all;
    }

    /// Appends a rule.
    public void add(String rule) {
        ask("add", Map.of("rule", rule));
    }

    /// Puts a rule before the one of that number.
    public void insert(int number, String rule) {
        ask("insert", Map.of("rule", rule, "number", number));
    }

    public void delete(int number) {
        ask("delete", Map.of("number", number));
    }

    /// Exchanges all rules for those of a file, at once.
    public void load(Path file) {
        ask("load", Map.of("file", file.toString()));
    }

    public void flush() {
        ask("flush", Map.of());
    }

    /// Sets all counts to 0.
    public void zero() {
        ask("zero", Map.of());
    }

    private Map<String, Object> ask(String op, Map<String, Object> fields) {
        Map<String, Object> question = new LinkedHashMap<>(fields);
        question.put("op", op);
        return nics.ask(nic, question);
    }
}
