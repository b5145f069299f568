package xenolith.backend.blk;

import xenolith.abi.io.RequestRing;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.Transfer;
import xenolith.backend.image.TransferQueue;

/// The requests of a queue that were taken and not answered, in runs: one that is being gathered, and those whose transfers
/// are under way. Both come with the first need of them, and are used again.
///
/// For one thread.
final class BlkRuns {
    /// The most requests that are taken and not answered, hence the most runs under way too.
    static final int MOST_REQUESTS = 64;

    private final DiskImage image;
    private final GrantedPages granted;
    private final BlkCounters counters;
    private final TransferQueue transfers;
    /// By the numbers of their transfers. One more than can be under way, which is being gathered.
    private final BlkRun[] runs = new BlkRun[MOST_REQUESTS + 1];
    private int runCount;
    private final BlkRun[] freeRuns = new BlkRun[MOST_REQUESTS + 1];
    private int freeRunCount;
    private final BlkRequest[] freeRequests = new BlkRequest[MOST_REQUESTS];
    private int freeRequestCount;
    private int requestCount;
    private BlkRequest carried;
    private int takenBytes;
    private BlkRun gathered;

    BlkRuns(DiskImage image, GrantedPages granted, TransferQueue transfers, BlkCounters counters) {
        this.image = image;
        this.granted = granted;
        this.transfers = transfers;
        this.counters = counters;
        this.gathered = freeRun();
    }

    private BlkRun freeRun() {
        if (freeRunCount > 0) {
            return freeRuns[--freeRunCount];
        }
        BlkRun made = new BlkRun(runCount, image, granted, counters);
        runs[runCount++] = made;
        return made;
    }

    private BlkRequest freeRequest() {
        if (freeRequestCount > 0) {
            return freeRequests[--freeRequestCount];
        }
        requestCount++;
        return new BlkRequest();
    }

    /// Whether [#take] may take one more.
    boolean hasRoom() {
        return freeRequestCount > 0 || requestCount < MOST_REQUESTS;
    }

    /// Takes a request out of the ring. Returns false if it does not go with what is gathered: that is to be begun, and then
    /// [#takeCarried] called.
    boolean take(RequestRing ring) {
        BlkRequest request = freeRequest();
        ring.take(request.copy(), 0);
        request.decode(granted);
        takenBytes = request.movedBytes();
        if (gathered.add(request)) {
            return true;
        }
        carried = request;
        return false;
    }

    /// How much the request that was taken last reads or writes.
    int takenBytes() {
        return takenBytes;
    }

    void takeCarried() {
        gathered.add(carried);
        carried = null;
    }

    /// Whether what is gathered can take no more.
    boolean isFull() {
        return gathered.isFull();
    }

    /// Whether what is gathered is to wait for all that is under way.
    boolean isOrdered() {
        return gathered.isOrdered();
    }

    /// Begins what is gathered, or does it. Returns the run if it is done, null if it is under way.
    BlkRun begin() {
        BlkRun run = gathered;
        gathered = freeRun();
        if (run.begin(transfers)) {
            return null;
        }
        run.perform();
        return run;
    }

    /// Hands to the host what was begun.
    void submit() {
        transfers.submit();
    }

    int underWay() {
        return transfers.underWay();
    }

    /// Requests that are taken and not answered.
    int inHand() {
        return requestCount - freeRequestCount;
    }

    /// A run that is done now, in any order; null if there is none.
    BlkRun finished() {
        Transfer transfer = transfers.finished();
        if (transfer == null) {
            return null;
        }
        BlkRun run = runs[transfer.number()];
        run.finish();
        return run;
    }

    /// Takes a run back that was done and answered.
    void recycle(BlkRun run) {
        for (int i = 0; i < run.count(); i++) {
            freeRequests[freeRequestCount++] = run.request(i);
        }
        run.clear();
        freeRuns[freeRunCount++] = run;
    }
}
