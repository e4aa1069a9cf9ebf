package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartyMarkerTest {
    @Test
    void marker_isReadAsTheProviderWritesIt() {
        assertThat(PartyMarker.of("y-pk-batch#{\"id\":\"8.x1k\",\"type\":\"start\",\"size\":2000013,\"count\":3}"))
                .isEqualTo(new PartyMarker(false, "8.x1k", 2_000_013, 3));
        assertThat(PartyMarker.of("y-pk-batch#{\"id\":\"\",\"type\":\"end\",\"size\":0,\"count\":0}"))
                .isEqualTo(new PartyMarker(true, "", 0, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "y-pk-batch",
                "y-pk-batch#",
                "y-pk-batch#{}",
                "y-pk-batch#{\"id\":\"a\",\"type\":\"middle\",\"size\":1,\"count\":1}",
                "y-pk-batch#{\"id\":\"a\",\"type\":\"start\",\"size\":-1,\"count\":1}",
                "y-pk-batch#{\"id\":\"a\",\"type\":\"start\",\"size\":9999999999999999,\"count\":1}",
                "y-pk-batch#{\"id\":\"a\",\"type\":\"start\",\"size\":1,\"count\":1} "
            })
    void otherText_isNone(String text) {
        assertThat(PartyMarker.of(text)).isNull();
    }
}
