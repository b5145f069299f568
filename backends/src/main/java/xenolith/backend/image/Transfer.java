package xenolith.backend.image;

import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;

/// A read or a write of a disk that may go on while its caller does other things. Made once and used again and again, for
/// one thread.
///
/// Its caller fills [#pieces], says by [#prepare] what to do with them, and gives it to [DiskImage#begin]. From then until
/// [TransferQueue#finished] has given it back nothing of it is touched, and the memory of its pieces stays.
public final class Transfer {
    /// What an image has to do when a transfer of its is over.
    interface End {
        void over();
    }

    private final int number;
    private final Iovec pieces;
    private boolean write;
    private long offset;
    private Fd file;
    private End end;
    private int result;

    /// @param number     the caller's own, by which it knows the transfer when it is given back
    /// @param mostPieces how many pieces of memory it may have
    public Transfer(int number, int mostPieces) {
        this.number = number;
        this.pieces = new Iovec(mostPieces);
    }

    public int number() {
        return number;
    }

    /// What is to be read into or written. Nothing is in it when the transfer is over.
    public Iovec pieces() {
        return pieces;
    }

    /// Says what is to be done with the pieces.
    ///
    /// @param offset where on the disk, in bytes
    public void prepare(boolean isWrite, long byteOffset) {
        write = isWrite;
        offset = byteOffset;
    }

    public boolean isWrite() {
        return write;
    }

    public long offset() {
        return offset;
    }

    /// 0 or `-errno`, once it is over.
    public int result() {
        return result;
    }

    /// The file that it reads or writes, at the transfer's own offset.
    void in(Fd itsFile) {
        file = itsFile;
    }

    Fd file() {
        return file;
    }

    /// Has `whenOver` run when the transfer, which has begun, is over.
    void andThen(End whenOver) {
        if (end != null) {
            throw new IllegalStateException("somebody waits for the transfer's end already");
        }
        end = whenOver;
    }

    /// The host has moved so many bytes, or says `-errno`. What it left is moved here and now: that is a disk's error, or a
    /// file that has become shorter, and rare.
    void over(long moved) {
        if (moved == -Errno.EAGAIN || moved == -Errno.EINTR) {
            result = FileMove.all(file, pieces, offset, write);
        } else if (moved < 0) {
            result = (int) moved;
        } else if (moved == 0) {
            result = -Errno.EIO;
        } else {
            pieces.advance(moved);
            result = FileMove.all(file, pieces, offset + moved, write);
        }
        pieces.clear();
        if (end != null) {
            End told = end;
            end = null;
            told.over();
        }
    }
}
