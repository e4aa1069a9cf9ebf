package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestUrisTest {
    private static final String QUERY = "-._~!$&'()*+,;=:@/?";

    @ParameterizedTest
    @CsvSource({
        "token=abc%3D, token=abc%3D",
        "u={\"n\":1}, u=%7B%22n%22:1%7D",
        "a|b^c`d\\e, a%7Cb%5Ec%60d%5Ce",
        "50%, 50%25",
        "%zz%4, %25zz%254",
        "[1]#, %5B1%5D%23",
        "ä\uD83D\uDE00, %C3%A4%F0%9F%98%80",
        "a/b?c;d, a/b?c;d"
    })
    void query_isMadeLegal_andMeansTheSame(String query, String legal) {
        assertThat(RequestUris.legal(query, QUERY, false)).isEqualTo(legal);
    }

    @Test
    void path_keepsItsPercentSigns() {
        assertThat(RequestUris.legal("/a%/%zz", "/", true)).isEqualTo("/a%/%zz");
    }

    @Test
    void anyText_becomesALegalQuery_andALegalOneStays() {
        long seed = 11;
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            String query = random.ints(random.nextInt(12), 1, 0x2ff)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            String legal = RequestUris.legal(query, QUERY, false);
            assertThat(URI.create("http://h/?" + legal).getRawQuery())
                    .as("seed %d, %d", seed, i)
                    .isEqualTo(legal);
            assertThat(RequestUris.legal(legal, QUERY, false)).isEqualTo(legal);
        }
    }
}
