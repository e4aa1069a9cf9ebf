package io.keck.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobIdTest {
    /** Of "hello", by {@code openssl dgst -sha256 -binary | basenc --base64url}. */
    private static final String HELLO = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

    @Test
    void of_isTheUrlSafeFormWithPadding() throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest("hello".getBytes(StandardCharsets.UTF_8));
        assertThat(BlobId.of(digest).text()).isEqualTo(HELLO);
        assertThat(BlobId.of(digest).digest()).isEqualTo(digest);
        assertThat(BlobId.parse(HELLO)).contains(BlobId.of(digest));
    }

    @Test
    void of_anotherLengthIsRefused() {
        assertThatThrownBy(() -> BlobId.of(new byte[31])).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ", // no padding
                "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", // the other alphabet
                "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCR=", // the same bytes, spelt in another way
                "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQA", // 33 bytes
                "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLm==A",
                "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC%=",
                "\uD83D\uDE00PJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            })
    void parse_whatIsNoIdIsNone(String text) {
        assertThat(BlobId.parse(text)).isEmpty();
    }
}
