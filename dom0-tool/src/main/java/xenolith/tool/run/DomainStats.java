package xenolith.tool.run;

import java.util.Map;

/// What a domain cost, counted from its start to its end.
///
/// @param exits      exits to user space by kind
/// @param hypercalls by name, however they reached us
/// @param traps      exceptions given to the guest, by vector
/// @param refusals   what the validator of page tables refused, by rule
/// @param commits    page-table commits done by the monitor
/// @param disks      what each disk did, by name: requests, bytes, calls of the image, events
/// @param nics       what each network interface did, by name: frames, bytes, slots, events; *tx* is what the guest sent
/// @param timesMs    milliseconds from the start of the process: `jvm_start`, `domain_built`,
///                   `first_guest_instruction`, `first_console_byte`, `end`; a time that was not reached is absent
public record DomainStats(
        Map<String, Long> exits,
        Map<String, Long> hypercalls,
        Map<String, Long> traps,
        Map<String, Long> refusals,
        long commits,
        Map<String, Map<String, Long>> disks,
        Map<String, Map<String, Long>> nics,
        Map<String, Double> timesMs) {
}
