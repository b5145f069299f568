package xenolith.backend.remote;

/// A question to the other process: filled, sent, and waited for. Closing it makes it free for the next.
final class Call implements AutoCloseable {
    private final Link link;
    /// Its place among the link's calls, and how often it was used: a late answer to an earlier use is not taken.
    private final int slot;
    private int uses;
    private final Message out = new Message();
    private final Message in = new Message();
    private boolean answered;

    Call(Link link, int slot) {
        this.link = link;
        this.slot = slot;
    }

    Message begin(int type) {
        uses = uses + 1 & 0xff_ffff;
        synchronized (this) {
            answered = false;
        }
        return out.begin(type, tag());
    }

    int tag() {
        return uses << 8 | slot;
    }

    /// Where the question is written.
    Message out() {
        return out;
    }

    /// Sends the question.
    ///
    /// @throws LinkLostException if the other end is gone, or does not read
    void send() {
        link.send(out);
    }

    /// Sends the question and waits for the answer, which stands behind its type and tag.
    ///
    /// @param timeoutNs how long to wait; 0 waits for ever
    /// @throws LinkLostException if there will be none, or none came in time
    Message ask(long timeoutNs) {
        send();
        if (!awaitAnswer(timeoutNs == 0 ? Long.MAX_VALUE : timeoutNs)) {
            throw new LinkLostException("no answer within " + timeoutNs / 1_000_000 + " ms");
        }
        return in;
    }

    /// Waits for the answer to a question that was sent. Returns false if there is none yet after `timeoutNs`.
    ///
    /// @throws LinkLostException if there will be none
    synchronized boolean awaitAnswer(long timeoutNs) {
        long deadline = System.nanoTime() + timeoutNs;
        boolean interrupted = false;
        if (!answered) {
            link.requireUp();
        }
        try {
            for (long leftNs = timeoutNs; !answered && leftNs > 0; leftNs = deadline - System.nanoTime()) {
                link.requireUp();
                try {
                    wait(leftNs / 1_000_000 + 1);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
            return answered;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// The answer that was waited for.
    Message in() {
        return in;
    }

    /// The link's reader has the answer. A second one to the same question is dropped: the first may be being read.
    synchronized void answer(Message message) {
        if (answered) {
            return;
        }
        in.moveFrom(message);
        answered = true;
        notifyAll();
    }

    synchronized void lost() {
        notifyAll();
    }

    @Override
    public void close() {
        synchronized (this) {
            answered = true;
            in.closeDescriptors();
        }
        link.free(this);
    }
}
