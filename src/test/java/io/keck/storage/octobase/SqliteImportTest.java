package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.testing.FreshDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteImportTest extends ImporterContract {
    @TempDir
    Path dir;

    SqliteImportTest() {
        super(FreshDatabase.sqlite());
    }

    @Override
    protected OldKeck source() {
        return OldKeck.sqlite(dir.resolve("jwst.db"));
    }

    @Test
    void everySpellingOfTheUrl_isUnderstood() {
        old.row("a", new byte[] {0, 0});
        String file = dir.resolve("jwst.db").toString();
        for (String url : new String[] {"sqlite:" + file, "sqlite://" + file + "?mode=rwc", "jdbc:sqlite:" + file}) {
            try (SourceDatabase source = SourceDatabase.open(url)) {
                assertThat(source.totals().rows()).as(url).isEqualTo(1);
            }
        }
    }

    @Test
    void whatIsNoSource_isSaid() {
        assertThatThrownBy(() -> SourceDatabase.open("sqlite:" + dir.resolve("missing.db")))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("there is no file");
        assertThat(dir.resolve("missing.db")).doesNotExist();
        assertThatThrownBy(() -> SourceDatabase.open(db.get().url()))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("no table docs");
        assertThatThrownBy(() -> SourceDatabase.open("mysql://user:secret@host/db"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> SourceDatabase.open("postgres://user:secret@127.0.0.1:1/db"))
                .isInstanceOf(SourceException.class)
                .hasMessageNotContaining("secret");
    }
}
