package xenolith.tool.control;

/// How a domain ended and what it did until then.
public record DomainResult(DomainEnd end, DomainStats stats) {
}
