# ./dev build: the jars, the directory that the launcher runs from, and its start-up cache.

verb_build() {
    find_jdk
    command -v mvn >/dev/null || fail "Maven is missing: run ./dev setup"
    say "building with $(sed -n 's/^JAVA_RUNTIME_VERSION="\(.*\)"/\1/p' "$JAVA_HOME/release")"
    maven -q -DskipTests package "$@"
}
