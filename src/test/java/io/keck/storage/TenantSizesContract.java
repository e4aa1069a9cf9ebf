package io.keck.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.TenantSizes;
import io.keck.access.TenantSizes.Page;
import io.keck.storage.database.Dialect;
import io.keck.testing.FreshDatabase;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The space that a tenant takes in the database, independent of the database's collation. */
abstract class TenantSizesContract {
    @RegisterExtension
    final FreshDatabase db;

    private final Dialect dialect;

    TenantSizesContract(FreshDatabase db, Dialect dialect) {
        this.db = db;
        this.dialect = dialect;
    }

    private TenantSizes sizes() {
        return new JdbiTenantSizes(jdbi(), dialect);
    }

    final Jdbi jdbi() {
        return db.jdbi();
    }

    private void document(long id, String name, int snapshot, int... later) {
        jdbi().useHandle(h -> {
            h.execute("INSERT INTO rooms (id, name, head, created_at) VALUES (?, ?, ?, 1)", id, name, later.length + 5);
            if (snapshot > 0) {
                h.execute(
                        "INSERT INTO room_snapshots (room_id, seq, state, created_at) VALUES (?, 5, ?, 1)",
                        id,
                        new byte[snapshot]);
            }
            row(h, id, 5, 1_000); // in the snapshot, and kept for streams that resume
            for (int i = 0; i < later.length; i++) {
                row(h, id, 6 + i, later[i]);
            }
        });
    }

    private static void row(org.jdbi.v3.core.Handle h, long id, long seq, int bytes) {
        h.execute(
                "INSERT INTO room_log (room_id, seq, batch_id, payload, created_at) VALUES (?, ?, ?, ?, 1)",
                id,
                seq,
                new byte[] {(byte) id, (byte) seq},
                new byte[bytes]);
    }

    private void blob(long space, String name, int size) {
        jdbi().useHandle(h -> {
            h.execute("INSERT INTO blob_spaces (id, name, created_at) VALUES (?, ?, 1)", space, name);
            h.execute("INSERT INTO blob_contents (id, size, piece_size) VALUES (?, ?, 1)", space, size);
            h.execute(
                    "INSERT INTO blobs (space_id, hash, content_id, created_at) VALUES (?, ?, ?, 1)",
                    space,
                    new byte[] {1},
                    space);
        });
    }

    @Test
    void documents_areThoseBelowTheTenantAlone() {
        document(1, "team-1/B", 100, 10, 20);
        document(2, "team-1/a", 50);
        document(3, "team-1/\u00e4/sub", 0, 7); // its first change is not folded, so it counts
        document(4, "team-1", 1);
        document(5, "team-10/a", 1);
        document(6, "team-1 /a", 1);
        document(7, "Team-1/a", 1);
        document(8, "team-1-/a", 1);
        document(9, "team-1/gone", 1);
        document(10, "team-1/unmade", 0);
        jdbi().useHandle(h -> {
            h.execute("UPDATE rooms SET deleted_at = 2 WHERE id = 9");
            h.execute("UPDATE rooms SET unmade = 1, head = 0 WHERE id = 10");
        });
        Page page = sizes().documents("team-1", null, 100);
        assertThat(page).isEqualTo(new Page(3, 130 + 50 + 1_007, null));
        assertThat(sizes().documents("team", null, 100)).isEqualTo(new Page(0, 0, null));
    }

    @Test
    void pages_makeUpTheWhole_inTheOrderOfBytes() {
        for (int i = 0; i < 25; i++) {
            document(i + 1, "t/" + (char) ('A' + 2 * i) + "-" + i, 1);
        }
        List<String> lasts = new ArrayList<>();
        long count = 0;
        long bytes = 0;
        @Nullable String after = null;
        do {
            Page page = sizes().documents("t", after, 10);
            count += page.count();
            bytes += page.bytes();
            after = page.last();
            if (after != null) {
                lasts.add(after);
            }
        } while (after != null);
        assertThat(count).isEqualTo(25);
        assertThat(bytes).isEqualTo(25);
        assertThat(lasts).hasSize(2).isSorted();
    }

    @Test
    void blobs_countWhetherThereIsADocumentOrNot() {
        blob(1, "team-1/a", 5_000);
        blob(2, "team-1/b", 600);
        blob(3, "team-2/b", 70);
        blob(4, "team-1/gone", 8);
        jdbi().useHandle(h -> h.execute("UPDATE blob_spaces SET deleted_at = 2 WHERE id = 4"));
        assertThat(sizes().blobs("team-1", null, 100)).isEqualTo(new Page(2, 5_600, null));
        assertThat(sizes().blobs("team-1", null, 1)).isEqualTo(new Page(1, 5_000, "team-1/a"));
        assertThat(sizes().blobs("team-1", "team-1/a", 1)).isEqualTo(new Page(1, 600, "team-1/b"));
        assertThat(sizes().blobs("team-1", "team-1/b", 1)).isEqualTo(new Page(0, 0, null));
    }

    @Test
    void deletedDocuments_countUntilTheyAreEmptied_inAllTheirLives() {
        document(1, "team-1/twice", 100, 10);
        jdbi().useHandle(h -> h.execute("UPDATE rooms SET deleted_at = 2 WHERE id = 1"));
        document(2, "team-1/twice", 30);
        jdbi().useHandle(h -> h.execute("UPDATE rooms SET deleted_at = 3 WHERE id = 2"));
        document(3, "team-1/twice", 5_000); // lives
        document(4, "team-1/z", 7);
        document(5, "team-1/emptied", 900);
        document(6, "team-2/z", 900);
        jdbi().useHandle(h -> {
            h.execute("UPDATE rooms SET deleted_at = 3 WHERE id IN (4, 5, 6)");
            h.execute("UPDATE rooms SET emptied_at = 4 WHERE id = 5");
        });
        assertThat(sizes().deletedDocuments("team-1", null, 100)).isEqualTo(new Page(2, 147, null));
        assertThat(sizes().deletedDocuments("team-1", null, 1)).isEqualTo(new Page(1, 140, "team-1/twice"));
        assertThat(sizes().deletedDocuments("team-1", "team-1/twice", 1)).isEqualTo(new Page(1, 7, "team-1/z"));
        assertThat(sizes().documents("team-1", null, 100)).isEqualTo(new Page(1, 5_000, null));
    }

    @Test
    void deletedBlobs_countUntilTheyAreRemoved() {
        blob(1, "team-1/a", 5_000);
        jdbi().useHandle(h -> h.execute("UPDATE blob_spaces SET deleted_at = 2 WHERE id = 1"));
        blob(2, "team-1/a", 600);
        jdbi().useHandle(h -> h.execute("UPDATE blob_spaces SET deleted_at = 3 WHERE id = 2"));
        blob(3, "team-1/b", 70);
        blob(4, "team-2/b", 70);
        jdbi().useHandle(h -> h.execute("UPDATE blob_spaces SET deleted_at = 3 WHERE id = 4"));
        assertThat(sizes().deletedBlobs("team-1", null, 100)).isEqualTo(new Page(1, 5_600, null));
        assertThat(sizes().blobs("team-1", null, 100)).isEqualTo(new Page(1, 70, null));
    }
}
