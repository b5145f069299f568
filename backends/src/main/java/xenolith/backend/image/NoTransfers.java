package xenolith.backend.image;

/// Takes no transfer.
final class NoTransfers implements TransferQueue {
    @Override
    public boolean add(Transfer transfer) {
        return false;
    }

    @Override
    public void submit() {
        // There is nothing to begin.
    }

    @Override
    public int underWay() {
        return 0;
    }

    @Override
    public Transfer finished() {
        return null;
    }

    @Override
    public boolean await(int least, long timeoutNs) {
        return false;
    }

    @Override
    public void prepareToSleep() {
        // Nobody sleeps here.
    }

    @Override
    public void sleep(int descriptor) {
        throw new IllegalStateException("nothing is under way");
    }

    @Override
    public void wake() {
        // Nobody sleeps here.
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
