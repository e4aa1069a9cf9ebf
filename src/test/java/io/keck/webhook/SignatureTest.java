package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureTest {
    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);

    private static String expected(byte[] key) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return "v1," + Base64.getEncoder().encodeToString(mac.doFinal("id.1.{}".getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"plain", "&x", "~", " space at both ends ", "Sekret #99", "\u00e9\ud83d\ude00", "null", "''"})
    void secret_isTakenAsItIs(String secret) throws Exception {
        Signature signature = Signature.of(secret);
        assertThat(signature).isNotNull();
        assertThat(signature.sign("id", 1, BODY)).isEqualTo(expected(secret.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void secretOfStandardWebhooks_isBase64() throws Exception {
        Signature signature = Signature.of("whsec_c2VjcmV0");
        assertThat(signature).isNotNull();
        assertThat(signature.sign("id", 1, BODY)).isEqualTo(expected("secret".getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "\n", "whsec_", "whsec_!", "whsec_a"})
    void secretThatCannotBeUsed_isRefused(String secret) {
        assertThatThrownBy(() -> Signature.of(secret)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void withoutASecret_nothingIsSigned() {
        assertThat(Signature.of(null)).isNull();
        assertThat(Signature.of("")).isNull();
    }
}
