package xenolith.abi.io;

import java.lang.foreign.MemorySegment;

/// The backend's half of a ring, as who serves it sees it: [BackRing], or one that remembers what it took elsewhere.
///
/// For one thread at a time.
public interface RequestRing {
    /// How many slots the ring has.
    int size();

    /// How many requests wait to be taken, or -EINVAL if the frontend's index cannot be true.
    int waiting();

    /// Copies the next request out. Only as often as [#waiting] said.
    void take(MemorySegment to, long toOffset);

    /// Requests that have been taken and not been answered.
    int unanswered();

    /// Puts a response into the ring; the frontend does not see it before [#push]. Only one for each request taken, as
    /// their slots are the same.
    void put(MemorySegment from, long fromOffset);

    /// Publishes the responses that were put. Returns whether the frontend wants to be notified.
    boolean push();

    /// To be called before the backend sleeps: asks for an event with the next request, and looks once more.
    ///
    /// @return as [#waiting]; only after 0 will the next request come with an event
    default int finalCheck() {
        return finalCheck(1);
    }

    /// Likewise, for a backend that has nothing to do before `count` requests wait.
    ///
    /// @return as [#waiting]; only after less than `count` will the request that makes them so many come with an event
    int finalCheck(int count);

    /// For a backend that did not notify the frontend when [#push] asked for it: how many responses the frontend has not
    /// seen that it waits for. 0 or less if it has seen all since, and asked for an event with the next.
    ///
    /// The frontend's word: any number.
    int unseenResponses();
}
