# ./dev test: everything that can be tested here, and what could not, with the reasons.

verb_test() {
    verb_setup
    find "$root" -path '*/target/*-reports' -type d -prune -exec rm -rf {} +
    status=0
    maven --fail-at-end verify "$@" || status=$?
    summarise_tests
    exit "$status"
}

# Reads the reports of all modules.
summarise_tests() {
    find "$root" -path '*/target/*-reports/TEST-*.xml' -exec cat {} + | awk -f "$root/config/dev/summary.awk" >&2
}
