package io.keck.command;

import io.keck.storage.DatabaseFactory;
import io.keck.testing.FreshDatabase;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

class SqliteBackupDrillTest extends BackupDrillContract {
    @Override
    FreshDatabase database() {
        return FreshDatabase.sqlite();
    }

    @Override
    DatabaseFactory live(FreshDatabase db) {
        return factory(db.get().url());
    }

    @Override
    List<String> left(FreshDatabase db) {
        return List.of();
    }

    @Test
    void copyOfTheFile_isDrilled() throws Exception {
        Path copy = backups().resolve("keck.db");
        db().jdbi().useHandle(h -> h.execute("VACUUM INTO '" + copy + "'"));
        copyOfADatabase_isDrilled(
                copy, live(db()), () -> Jdbi.create("jdbc:sqlite:" + copy).useHandle(h -> h.execute(damage())));
        cutFile_isSeen(copy, live(db()));
    }
}
