# Shared by the verbs of ./dev. Sourced; needs $root.

cache=${XENOLITH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xenolith}
kernels=$cache/kernels
guest_image=$cache/guests/busybox.cpio.gz
test_image=$cache/guests/tests.cpio.gz
dist=$root/dom0-tool/target/dist

say() {
    echo "dev: $*" >&2
}

fail() {
    say "$*"
    exit 1
}

# The feature number of the JDK in $1 ("25"), or 0 where there is none with a compiler.
jdk_version() {
    version=0
    if [ -x "$1/bin/javac" ] && [ -r "$1/release" ]; then
        version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
    fi
    echo "${version:-0}"
}

# Sets and exports JAVA_HOME: the user's where it is new enough, else the newest that is installed.
find_jdk() {
    if [ -n "${JAVA_HOME:-}" ] && [ "$(jdk_version "$JAVA_HOME")" -ge 22 ]; then
        return
    fi
    best=0
    for home in /usr/lib/jvm/*; do
        version=$(jdk_version "$home")
        if [ "$version" -ge 22 ] && [ "$version" -gt "$best" ]; then
            best=$version
            JAVA_HOME=$home
        fi
    done
    if [ "$best" -eq 0 ]; then
        fail "no JDK 22 or newer in JAVA_HOME or /usr/lib/jvm: install one (JDK 25 is best: https://adoptium.net) and try again"
    fi
    export JAVA_HOME
}

# Maven's own notices on these JDKs are no concern of ours.
maven() {
    (cd "$root" && MAVEN_OPTS="${MAVEN_OPTS:-} -XX:+IgnoreUnrecognizedVMOptions --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow" mvn -B -ntp "$@")
}

# Prints why no guest can run here; prints nothing when one can.
kvm_trouble() {
    if [ ! -e /dev/kvm ]; then
        echo "there is no /dev/kvm (load kvm-intel, kvm-amd or kvm-pvm)"
    elif [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
        echo "no permission for /dev/kvm (join the group kvm, or be root)"
    fi
}
