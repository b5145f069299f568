package xenolith.vmm.host;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Positive;

class ProfileTextTest {
    private static final String KEY = "probes 1|6.1|boot|CPU|device";

    @Provide
    Arbitrary<HostProfile> profiles() {
        return Profiles.any();
    }

    @Property
    void aProfileReadBackIsTheOneThatWasWritten(@ForAll("profiles") HostProfile profile, @ForAll String key) {
        assertThat(ProfileText.parse(ProfileText.format(profile, key), key)).contains(profile);
    }

    @Property
    void aProfileOfAnotherHostIsNone(@ForAll("profiles") HostProfile profile) {
        assertThat(ProfileText.parse(ProfileText.format(profile, KEY), KEY + " ")).isEmpty();
    }

    @Property
    void aTextWithOneWrongCharacterIsNone(@ForAll("profiles") HostProfile profile, @ForAll @Positive int where,
            @ForAll @IntRange(min = 1, max = 127) int change) {
        StringBuilder text = new StringBuilder(ProfileText.format(profile, KEY));
        int at = where % text.length();
        text.setCharAt(at, (char) (text.charAt(at) ^ change));
        assertThat(ProfileText.parse(text.toString(), KEY)).isEmpty();
    }

    @Property
    void aTextThatEndsEarlyIsNone(@ForAll("profiles") HostProfile profile, @ForAll @Positive int where) {
        String text = ProfileText.format(profile, KEY);
        assertThat(ProfileText.parse(text.substring(0, where % text.length()), KEY)).isEmpty();
    }

    @Property
    void anythingElseIsNone(@ForAll String text) {
        assertThat(ProfileText.parse(text, KEY)).isEmpty();
    }
}
