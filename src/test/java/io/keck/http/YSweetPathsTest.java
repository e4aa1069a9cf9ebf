package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the addresses of y-sweet lead. */
class YSweetPathsTest {
    @ParameterizedTest
    @CsvSource({
        "/doc/new, /api/y-sweet/doc/new",
        "/check_store, /api/y-sweet/check_store",
        "/doc/a/auth, /api/y-sweet/doc/a/auth",
        "/doc/new/auth, /api/y-sweet/doc/new/auth",
        "/doc/a/b%20c/auth, /api/y-sweet/doc/a%2Fb%20c/auth",
        "/doc/a/auth/auth, /api/y-sweet/doc/a%2Fauth/auth",
        "/d/a/as-update, /api/y-sweet/d/a/as-update",
        "/d/a%2Fb/update, /api/y-sweet/d/a%2Fb/update"
    })
    void address_leadsToTheResource(String path, String resource) {
        assertThat(YSweetPaths.moved(path)).isEqualTo(resource);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/doc",
                "/doc/auth",
                "/doc/new/",
                "/d/update",
                "/d/a",
                "/d/a/ws/a",
                "/collaboration/d/a/update",
                "/check_store/x",
                "/api/block/new"
            })
    void otherAddress_staysAsItIs(String path) {
        assertThat(YSweetPaths.moved(path)).isNull();
    }
}
