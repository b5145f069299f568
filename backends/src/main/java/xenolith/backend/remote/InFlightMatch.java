package xenolith.backend.remote;

import xenolith.abi.io.Blkif;

/// How a response names its request, for each kind of device.
final class InFlightMatch {
    /// By the number that the guest chose.
    static final RecordedRing.Match BLK = (request, requestAt, response, responseAt) ->
            Blkif.Request.id(request, requestAt) == Blkif.Response.id(response, responseAt);

    private InFlightMatch() {
    }
}
