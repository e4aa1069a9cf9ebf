package io.keck.storage.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.storage.Storage;
import io.keck.testing.SqliteFile;
import io.keck.testing.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbiNodesTest {
    private SqliteFile db;
    private Storage storage;
    private JdbiNodes nodes;

    @BeforeEach
    void open(@TempDir Path dir) throws Exception {
        db = new SqliteFile(dir.resolve("keck.db"));
        storage = db.storage(TestDatabase.settings());
        nodes = storage.nodes();
    }

    @AfterEach
    void close() throws Exception {
        storage.stop();
        db.close();
    }

    private List<String> labels() {
        return db.jdbi.withHandle(h -> h.createQuery("SELECT label FROM nodes ORDER BY label")
                .mapTo(String.class)
                .list());
    }

    @Test
    void theLastToStart_hasTheLabel() {
        nodes.take("one", 1);
        nodes.take("one", 2);
        assertThat(nodes.holder("one")).contains(2L);
        assertThat(labels()).containsExactly("one");
    }

    @Test
    void labelsOfContainersThatAreGone_doNotPileUp() {
        nodes.take("old", 1);
        db.clock.now += TimeUnit.DAYS.toMillis(29);
        nodes.take("recent", 2);
        assertThat(labels()).containsExactly("old", "recent");
        db.clock.now += TimeUnit.DAYS.toMillis(2);
        nodes.take("new", 3);
        assertThat(labels()).containsExactly("new", "recent");
    }

    @Test
    void aNodeThatRunsForLong_stillNoticesWhoTakesItsLabel() {
        nodes.take("old", 1);
        db.clock.now += TimeUnit.DAYS.toMillis(31);
        nodes.take("other", 2);
        assertThat(nodes.holder("old")).isEmpty(); // which is no reason to end
        nodes.take("old", 3);
        assertThat(nodes.holder("old")).contains(3L);
    }
}
