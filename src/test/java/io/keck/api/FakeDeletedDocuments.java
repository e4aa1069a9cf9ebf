package io.keck.api;

import io.keck.api.FakeDocuments.Database;
import io.keck.failure.Unavailable;
import io.keck.history.DeletedDocuments;
import java.util.List;
import java.util.function.Supplier;

/** One document was deleted, {@link ApiServer#DELETED}; one never existed, {@code none}; all others live. */
final class FakeDeletedDocuments implements DeletedDocuments {
    private static final String RECEIPT =
            "{\"document\":\"d\",\"life\":\"7\",\"by\":\"ann\",\"at\":5,\"removed\":{\"room_log\":3},"
                    + "\"sha256\":{\"rows\":\"ab\"},\"outside\":[\"backups\"]}";

    private final Supplier<Database> database;

    FakeDeletedDocuments(Supplier<Database> database) {
        this.database = database;
    }

    private void check() {
        if (database.get() != Database.WORKS) {
            throw new Unavailable("switched off", database.get() == Database.COMMITS_BUT_SAYS_NOTHING);
        }
    }

    @Override
    public Undeleted undelete(String document) {
        check();
        return document.equals(ApiServer.DELETED)
                ? Undeleted.BACK
                : document.equals("none") ? Undeleted.NOT_THERE : Undeleted.LIVES;
    }

    @Override
    public Purged purge(String document, String by) {
        check();
        boolean isDeleted = document.equals(ApiServer.DELETED);
        return new Purged(!isDeleted && !document.equals("none"), isDeleted ? List.of(RECEIPT) : List.of());
    }
}
