package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
    private static final String DEFAULTS =
            "prepareThreshold=0&connectTimeout=5&socketTimeout=20&tcpKeepAlive=true&ApplicationName=keck";

    @Test
    void postgres_isTakenApart() {
        DatabaseUrl url = DatabaseUrl.parse("postgres://keck:secret@db.example:5433/docs?sslmode=require");

        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:5433/docs?sslmode=require&" + DEFAULTS);
        assertThat(url.user()).isEqualTo("keck");
        assertThat(url.password()).isEqualTo("secret");
        assertThat(url.isSqlite()).isFalse();
        assertThat(url.sqliteFile()).isNull();
    }

    @Test
    void postgres_credentialsArePercentDecodedAndAPlusIsAPlus() {
        DatabaseUrl url = DatabaseUrl.parse("postgresql://us%40er:p%2Fw%3A+%25%C3%A9:x@host/db");

        assertThat(url.user()).isEqualTo("us@er");
        assertThat(url.password()).isEqualTo("p/w:+%é:x");
        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://host/db?" + DEFAULTS);
    }

    @Test
    void postgres_withoutPasswordOrUser() {
        assertThat(DatabaseUrl.parse("postgres://keck@host/db").password()).isNull();
        assertThat(DatabaseUrl.parse("postgres://host/db").user()).isNull();
        assertThat(DatabaseUrl.parse("postgres://[::1]:5432/db").jdbcUrl())
                .isEqualTo("jdbc:postgresql://[::1]:5432/db?" + DEFAULTS);
    }

    @Test
    void postgres_whatTheUrlSaysIsNotOverridden() {
        assertThat(DatabaseUrl.parse("postgres://host/db?prepareThreshold=5&socketTimeout=0")
                        .jdbcUrl())
                .isEqualTo("jdbc:postgresql://host/db?prepareThreshold=5&socketTimeout=0"
                        + "&connectTimeout=5&tcpKeepAlive=true&ApplicationName=keck");
    }

    /** Of several servers one can be written to. */
    @Test
    void postgres_ofSeveralHostsThePrimaryIsTaken() {
        assertThat(DatabaseUrl.parse("postgres://a:1,b:2/db").jdbcUrl())
                .startsWith("jdbc:postgresql://a:1,b:2/db?targetServerType=primary&");
        assertThat(DatabaseUrl.parse("postgres://a:1,b:2/db?targetServerType=any")
                        .jdbcUrl())
                .doesNotContain("primary");
    }

    /** Names of containers have underscores, though names of hosts must not. */
    @Test
    void postgres_hostWithUnderscore() {
        DatabaseUrl url = DatabaseUrl.parse("postgres://keck:s%40cret@my_db:5432/docs");

        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://my_db:5432/docs?" + DEFAULTS);
        assertThat(url.user()).isEqualTo("keck");
        assertThat(url.password()).isEqualTo("s@cret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://keck:sec ret@host/db",
                "postgres://keck:sec%ret@host/db",
                "postgres://keck:secret@/db",
                "postgres://keck:secret@host",
                "postgres://keck:secret@host/",
                "postgres://keck:secret@:5432/db",
                "postgres://keck:sec[ret@host/db",
                "postgres:keck:secret@host/db",
                "mysql://keck:secret@host/db",
                "keck:secret@host"
            })
    void wrongUrls_areRefusedWithoutRepeatingThem(String text) {
        assertThatThrownBy(() -> DatabaseUrl.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasNoCause()
                .hasMessageStartingWith("The database URL")
                .message()
                .doesNotContain("sec")
                .doesNotContain("keck");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://keck:secret@host/db",
                "postgres://host/db?user=keck&password=secret",
                "jdbc:postgresql://host/db?user=keck&password=secret&ssl=true",
                "jdbc:postgresql://host/db?sslpassword=secret",
                "jdbc:postgresql://keck:secret@host/db"
            })
    void password_isNeverPrinted(String text) {
        assertThat(DatabaseUrl.parse(text).toString()).contains("host/db").doesNotContain("secret");
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "  ", "\t\n"})
    void blank_isTheEmbeddedDatabase(String text) {
        DatabaseUrl url = DatabaseUrl.parse(text);

        assertThat(url.isSqlite()).isTrue();
        assertThat(url.sqliteFile()).isEqualTo("data/keck.db");
        assertThat(url.jdbcUrl())
                .contains("journal_mode=WAL", "synchronous=FULL", "busy_timeout=", "foreign_keys=true");
    }

    @Test
    void sqlite_defaultsAreAddedAndNotOverridden() {
        DatabaseUrl url = DatabaseUrl.parse(" jdbc:sqlite:/var/lib/keck.db?synchronous=OFF&busy_timeout=1 ");

        assertThat(url.jdbcUrl())
                .isEqualTo(
                        "jdbc:sqlite:/var/lib/keck.db?synchronous=OFF&busy_timeout=1"
                                + "&journal_mode=WAL&transaction_mode=IMMEDIATE&foreign_keys=true&jdbc.get_generated_keys=false");
        assertThat(url.sqliteFile()).isEqualTo("/var/lib/keck.db");
        assertThat(DatabaseUrl.parse(url.jdbcUrl())).as("parsed again").isEqualTo(url);
    }

    @Test
    void sqlite_inMemoryHasNoFile() {
        assertThat(DatabaseUrl.parse("jdbc:sqlite::memory:").sqliteFile()).isNull();
        assertThat(DatabaseUrl.parse("jdbc:sqlite:").sqliteFile()).isNull();
        assertThat(DatabaseUrl.parse("jdbc:sqlite:file:x.db?cache=shared").sqliteFile())
                .isEqualTo("x.db");
    }
}
