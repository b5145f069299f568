# Reads JUnit's XML reports; writes how many tests ran, which failed, and which were skipped, by reason.
function attribute(name) {
    if (!match($0, " " name "=\"[^\"]*\"")) return ""
    return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
}
function plain(text) {
    gsub(/&quot;/, "\"", text); gsub(/&apos;|&#39;/, "'", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text)
    gsub(/&#10;.*/, "", text); gsub(/&amp;/, "\\&", text)
    return text
}
/<testcase / {
    total++
    class = attribute("classname"); sub(/.*\./, "", class)
    name = class " " plain(attribute("name"))
}
/<(failure|error)[ >]/ { failed[++failures] = name }
/<skipped/ {
    reason = attribute("message")
    if (reason == "" && match($0, /<!\[CDATA\[[A-Za-z0-9.]*: /)) reason = substr($0, RSTART + RLENGTH)
    reason = plain(reason); sub(/]]>.*/, "", reason); sub(/^xenolith: /, "", reason)
    if (reason == "") reason = "no reason given"
    if (!(reason in count)) reasons[++kinds] = reason
    count[reason]++; names[reason] = names[reason] "\n      " name
    skipped++
}
END {
    printf "\ndev: %d tests: %d passed, %d failed, %d skipped\n", total, total - failures - skipped, failures, skipped
    for (i = 1; i <= failures; i++) print "  failed: " failed[i]
    for (i = 1; i <= kinds; i++) printf "  skipped (%d): %s%s\n", count[reasons[i]], reasons[i], names[reasons[i]]
}
