package xenolith.backend.image;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.posix.Iovec;

/// Deals out turns at the host's storage to domains that share this process, as in *Xen and the Art of Virtualization*:
/// round-robin, a batch of requests for each, so that one that asks for much keeps nobody waiting for longer than the
/// others' batches take.
///
/// Domains whose disks are served by different processes share through the host's own scheduler. A request goes through
/// at once while there is room and nobody waits; a batch may then be as long as it likes. The order of one queue's requests
/// is never changed: its thread waits with each.
public final class DiskScheduler {
    /// A domain's part.
    private final class Domain {
        private final Condition granted = lock.newCondition();
        private int waiting;
        private int grants;
        private int underWay;

        private boolean mayStart() {
            return underWay < mostPerDomain;
        }

        /// Waits for a turn.
        void begin() {
            lock.lock();
            try {
                if (waitingCount == 0 && free > 0 && mayStart()) {
                    take(this);
                    return;
                }
                waiting++;
                waitingCount++;
                deal();
                while (grants == 0) {
                    granted.awaitUninterruptibly();
                }
                grants--;
            } finally {
                lock.unlock();
            }
        }

        void end() {
            lock.lock();
            try {
                underWay--;
                free++;
                deal();
            } finally {
                lock.unlock();
            }
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final int batch;
    private final int mostPerDomain;
    private final List<Domain> domains = new ArrayList<>();
    private int free;
    private int waitingCount;
    /// Whose turn it is, and how many of its batch are left.
    private int turn;
    private int left;

    /// @param most          requests that may be under way at once
    /// @param mostPerDomain of which one domain may have so many
    /// @param batch         requests that a domain may begin before the next one's turn, if that waits
    public DiskScheduler(int most, int mostPerDomain, int batch) {
        if (most < 1 || mostPerDomain < 1 || batch < 1) {
            throw new IllegalArgumentException("most=" + most + " mostPerDomain=" + mostPerDomain + " batch=" + batch);
        }
        this.free = most;
        this.mostPerDomain = mostPerDomain;
        this.batch = batch;
    }

    /// The same image, whose requests take turns as those of one more domain. Closing it closes `image`, and the domain takes
    /// part no more; none of its requests is under way then.
    public DiskImage over(DiskImage image) {
        Domain domain = new Domain();
        lock.lock();
        try {
            domains.add(domain);
        } finally {
            lock.unlock();
        }
        return new ScheduledImage(image, domain);
    }

    /// Who comes after it has the turn next.
    private void remove(Domain domain) {
        lock.lock();
        try {
            int index = domains.indexOf(domain);
            if (index < 0) {
                return;
            }
            domains.remove(index);
            if (index < turn) {
                turn--;
            } else if (index == turn) {
                left = batch;
            }
            turn = domains.isEmpty() ? 0 : turn % domains.size();
        } finally {
            lock.unlock();
        }
    }

    private void take(Domain domain) {
        domain.underWay++;
        free--;
    }

    /// Gives what is free to those that wait: the one whose turn it is until its batch is over, then the next.
    private void deal() {
        int passed = 0;
        while (free > 0 && waitingCount > 0 && passed <= domains.size()) {
            Domain domain = domains.get(turn);
            if (left > 0 && domain.waiting > 0 && domain.mayStart()) {
                left--;
                domain.waiting--;
                waitingCount--;
                domain.grants++;
                take(domain);
                domain.granted.signal();
                passed = 0;
            } else {
                turn = (turn + 1) % domains.size();
                left = batch;
                passed++;
            }
        }
    }

    /// Each request takes a turn.
    private final class ScheduledImage implements ForwardingImage {
        private final DiskImage image;
        private final Domain domain;

        ScheduledImage(DiskImage image, Domain domain) {
            this.image = image;
            this.domain = domain;
        }

        @Override
        public DiskImage image() {
            return image;
        }

        @Override
        public int read(Iovec to, long offset) {
            domain.begin();
            try {
                return image.read(to, offset);
            } finally {
                domain.end();
            }
        }

        @Override
        public int write(Iovec from, long offset) {
            domain.begin();
            try {
                return image.write(from, offset);
            } finally {
                domain.end();
            }
        }

        @Override
        public int flush() {
            domain.begin();
            try {
                return image.flush();
            } finally {
                domain.end();
            }
        }

        @Override
        public int discard(long offset, long byteLength) {
            domain.begin();
            try {
                return image.discard(offset, byteLength);
            } finally {
                domain.end();
            }
        }

        @Override
        public void close() {
            try {
                image.close();
            } finally {
                remove(domain);
            }
        }
    }
}
