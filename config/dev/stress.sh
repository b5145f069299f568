# ./dev stress: what threads share without a lock, by jcstress: every way in which two of them can interleave, millions of times.

verb_stress() {
    find_jdk
    say "some minutes; vmm/target/results/index.html says more"
    # One way of compiling each case; "./dev stress -m default" tries them all, which takes hours.
    [ $# -gt 0 ] || set -- -m quick -sc false -jvmArgs -XX:+UseSerialGC
    maven -q -Pjcstress -pl vmm -am -DskipTests "-Djcstress.arguments=$*" test
    say "nothing forbidden was seen"
}
