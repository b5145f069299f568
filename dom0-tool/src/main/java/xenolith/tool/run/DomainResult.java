package xenolith.tool.run;

import java.util.List;
import java.util.Optional;

/// How a domain ended and what it did until then.
///
/// @param audit if it was asked for: where the validator's counts were wrong, one line each
public record DomainResult(DomainEnd end, DomainStats stats, Optional<List<String>> audit) {
}
