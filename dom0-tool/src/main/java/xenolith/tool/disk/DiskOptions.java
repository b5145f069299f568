package xenolith.tool.disk;

import java.nio.file.Path;
import xenolith.tool.device.BackendPlace;

/// What else can be said of a disk.
///
/// @param isOverlaid what is written goes elsewhere, and the disk's own file is only read
/// @param overlay    where it goes: a qcow2 image, made if it is not there; null: nowhere, it is gone at the end
/// @param discard    the guest may give room back
/// @param backing    a qcow2 image may have a backing file
/// @param direct     a raw file is read and written past the host's page cache
/// @param sectorBytes how large the guest's sectors are to be; 0: as the image has them
/// @param limit      how much it may do in a second
/// @param place      where its backend runs
public record DiskOptions(boolean isOverlaid, Path overlay, boolean discard, boolean backing, boolean direct,
        int sectorBytes, DiskLimit limit, BackendPlace place) {
    public static final DiskOptions NONE = new DiskOptions(false, null, true, true, false, 0, DiskLimit.UNLIMITED,
            new BackendPlace.Here());

    /// The same with another limit.
    DiskOptions withLimit(DiskLimit other) {
        return new DiskOptions(isOverlaid, overlay, discard, backing, direct, sectorBytes, other, place);
    }
}
