# Two jobs of pure computing, one after the other and both at once, by turns; a line for each: "smp HOW MILLISECONDS".
# Run by the static busybox on the host and in a guest.
job() {
    awk 'BEGIN { for (i = 0; i < 6000000; i++) x += i % 7; print x }' >/dev/null
}
ms() {
    now=$EPOCHREALTIME
    echo $((${now%.*}${now#*.} / 1000))
}
for round in 1 2 3 4 5; do
    start=$(ms)
    job
    job
    echo "smp in-turn $(($(ms) - start))"
    start=$(ms)
    job &
    job &
    wait
    echo "smp at-once $(($(ms) - start))"
done
