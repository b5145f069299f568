# ./dev build: the jars, the directory that the launcher runs from, and its start-up cache.

verb_build() {
    find_jdk
    command -v mvn >/dev/null || fail "Maven is missing: run ./dev setup"
    say "building with $(sed -n 's/^JAVA_RUNTIME_VERSION="\(.*\)"/JDK \1/p' "$JAVA_HOME/release")"
    maven -q -DskipTests package "$@"
    say "built; try ./xenolith --help"
}

# Builds unless nothing has changed since the last time.
build_if_changed() {
    if [ -r "$dist/jdk" ] && [ -z "$(find "$root"/*/src "$root"/*/pom.xml "$root/pom.xml" -newer "$dist/jdk" | head -n 1)" ]; then
        return
    fi
    verb_build
}
