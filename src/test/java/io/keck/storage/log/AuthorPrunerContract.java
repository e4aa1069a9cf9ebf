package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which authors are deleted, and when. */
abstract class AuthorPrunerContract {
    private static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of());
    private static final Author BOB = new Author("bob", Origin.SOCKET, Map.of("session", "1"));
    private static final byte[] TYPED = {1, 1, 7, 0, 4, 1, 1, 't', 1, 'x', 0};
    private static final long DAY = 86_400_000;

    @RegisterExtension
    final FreshDatabase db;

    private Storage storage;
    private AuthorPruner pruner;
    private long room;

    AuthorPrunerContract(FreshDatabase db) {
        this.db = db;
    }

    @BeforeEach
    void open() {
        storage = db.reopen(TestDatabase.settings().withRetention(Duration.ofHours(1)));
        pruner = new AuthorPruner(storage.database(), db.clock());
        room = storage.log().create("a").toCompletableFuture().join().orElseThrow();
    }

    private void append(Author author) {
        storage.log()
                .append(room, new UpdateLog.Entry(UUID.randomUUID(), 5, TYPED, author), false, null)
                .toCompletableFuture()
                .join();
    }

    private List<String> authors() {
        return db.jdbi()
                .withHandle(h -> h.createQuery("SELECT principal FROM authors ORDER BY principal")
                        .mapTo(String.class)
                        .list());
    }

    private int dayPasses() {
        db.clock().now += DAY;
        return pruner.prune();
    }

    @Test
    void rowsAndRangesKeepTheirAuthors_whoHasNoneLeftIsDeletedADayLater() throws Exception {
        append(ALICE);
        append(BOB); // adds nothing: no range names him once the rows are folded
        assertThat(dayPasses() + dayPasses()).isZero();
        assertThat(authors()).containsExactly("alice", "bob");

        assertThat(storage.log().compact("a")).isTrue();
        assertThat(dayPasses()).as("only marked").isZero();
        assertThat(authors()).containsExactly("alice", "bob");
        assertThat(dayPasses()).isEqualTo(1);
        assertThat(authors()).containsExactly("alice");
        assertThat(dayPasses() + dayPasses()).isZero();
        assertThat(storage.log()
                        .introductions(room, 0)
                        .toCompletableFuture()
                        .join()
                        .by())
                .isEqualTo(Map.of(7L, "alice"));
    }

    /** A node wrote under the number of a marked author that it knew by heart, another has looked it up. */
    @Test
    void markedAuthorThatWritesAgain_isKept() throws Exception {
        append(BOB);
        append(ALICE);
        append(BOB);
        db.jdbi().useHandle(h -> h.execute("DELETE FROM room_log"));
        assertThat(dayPasses()).isZero();
        append(BOB);
        db.jdbi()
                .useHandle(h -> assertThat(h.createQuery("SELECT count(*) FROM authors WHERE unused_since IS NOT NULL")
                                .mapTo(Integer.class)
                                .one())
                        .as("looked up again after so long")
                        .isEqualTo(1));
        assertThat(dayPasses()).isEqualTo(1);
        assertThat(authors()).containsExactly("bob");

        db.jdbi()
                .useHandle(h -> h.execute("UPDATE authors SET unused_since = 1")); // by another node, a moment too late
        assertThat(dayPasses()).isZero();
        assertThat(authors()).containsExactly("bob");
    }

    /** The twin: without the check of rows an author is deleted that a row names. */
    @Test
    void twin_withoutTheReferences_historyForgetsWhoItWas() {
        append(ALICE);
        db.clock().now += DAY;
        db.jdbi().useHandle(h -> h.execute("DELETE FROM authors"));
        assertThat(storage.log()
                        .introductions(room, 0)
                        .toCompletableFuture()
                        .join()
                        .by())
                .isEmpty();
    }

    @Test
    void rangesThatCannotBeRead_keepAllAuthors() {
        append(BOB);
        db.jdbi().useHandle(h -> {
            h.execute("DELETE FROM room_log");
            h.execute("INSERT INTO room_authors (room_id, seq, ranges) VALUES (?, 0, ?)", room, new byte[] {99, 1});
        });
        assertThat(dayPasses() + dayPasses() + dayPasses()).isZero();
        assertThat(authors()).containsExactly("bob");
    }

    @Test
    void oneNodeADayLooks() {
        append(BOB);
        db.jdbi().useHandle(h -> h.execute("DELETE FROM room_log"));
        AuthorPruner other = new AuthorPruner(storage.database(), db.clock());
        for (int i = 0; i < 3; i++) {
            db.clock().now += DAY + 1;
            pruner.pruneIfDue();
            other.pruneIfDue();
        }
        assertThat(authors()).isEmpty();
        append(BOB);
        assertThat(authors()).containsExactly("bob");
    }
}
