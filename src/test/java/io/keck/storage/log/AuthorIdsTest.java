package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorIdsTest {
    private static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of("org", "7"));

    @TempDir
    private Path dir;

    private SqliteFile db;
    private AuthorIds ids;

    @BeforeEach
    void open() throws Exception {
        db = new SqliteFile(dir.resolve("keck.db"));
        ids = new AuthorIds(db.clock);
    }

    @AfterEach
    void close() throws Exception {
        db.close();
    }

    private Long id(AuthorIds of, Author author) {
        return db.jdbi.withHandle(h -> of.id(h, author));
    }

    @Test
    void author_hasOneNumberEverywhere_byEachWay() {
        Long alice = id(ids, ALICE);
        assertThat(id(ids, ALICE)).isEqualTo(alice);
        assertThat(id(ids, new Author("alice", Origin.REST, Map.of("org", "7"))))
                .isEqualTo(alice);
        assertThat(id(new AuthorIds(db.clock), ALICE)).as("on another node").isEqualTo(alice);
        assertThat(id(ids, new Author("alice", Origin.SOCKET, Map.of("org", "8"))))
                .isNotEqualTo(alice);
        assertThat(id(ids, null)).isNull();
        assertThat(db.count("authors")).isEqualTo(2);
    }

    @Test
    void knownAuthor_costsNoStatement() {
        Long alice = id(ids, ALICE);
        db.jdbi.useHandle(h -> {
            h.close();
            assertThat(ids.id(h, ALICE)).isEqualTo(alice);
        });
    }

    @Test
    void numberThatWasRolledBack_isDrawnAgain() {
        db.jdbi.useTransaction(h -> {
            ids.id(h, ALICE);
            h.rollback();
        });
        assertThat(db.count("authors")).isZero();
        Long alice = id(ids, ALICE);
        assertThat(alice).isEqualTo(id(new AuthorIds(db.clock), ALICE));
    }

    @Test
    void afterTheDatabaseWentBack_numbersAreAskedForAgain() {
        Long before = id(ids, ALICE);
        db.jdbi.useHandle(h -> h.execute("DELETE FROM authors"));
        assertThat(id(ids, ALICE)).isEqualTo(before);
        ids.forget();
        assertThat(id(ids, ALICE)).isNotEqualTo(before);
        assertThat(db.count("authors")).isEqualTo(1);
    }
}
