package io.keck.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.protocol.HocuspocusMessage;
import org.junit.jupiter.api.Test;

class HocuspocusFramesTest {
    private final HocuspocusFrames frames = new HocuspocusFrames();

    private byte[] frame(String key, byte[] body) {
        return frames.of(new String(key), HocuspocusMessage.prefix(key), body);
    }

    @Test
    void membersOfOneDocument_shareAFrame_andOthersGetTheirOwn() {
        byte[] body = {0, 2, 1, 7};
        byte[] first = frame("a", body);
        assertThat(first).isEqualTo(HocuspocusMessage.frame(HocuspocusMessage.prefix("a"), body));
        assertThat(frame("a", body)).isSameAs(first);

        assertThat(frame("a", body.clone()))
                .as("an equal message is another one")
                .isNotSameAs(first);
        String twin = "Aa"; // both have one hash code, and so one place
        assertThat(twin.hashCode()).isEqualTo("BB".hashCode());
        assertThat(new String(frame(twin, body), UTF_8)).contains("Aa");
        assertThat(new String(frame("BB", body), UTF_8)).contains("BB");
        assertThat(new String(frame(twin, body), UTF_8)).contains("Aa");
    }
}
