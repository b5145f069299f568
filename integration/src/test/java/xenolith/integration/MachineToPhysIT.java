package xenolith.integration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Guests that take the traditional address of the machine-to-phys array for granted find it there, mapped or emulated.
class MachineToPhysIT {
    private static final int LAWS = 10;

    @ParameterizedTest
    @ValueSource(strings = {"plain", "linux"})
    void theArrayIsReadableAtItsTraditionalAddress(String image) {
        MicroGuest.of("m2p", image).options("--scramble-frames").holds(LAWS);
    }
}
