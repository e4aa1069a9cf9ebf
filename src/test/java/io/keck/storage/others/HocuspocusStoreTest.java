package io.keck.storage.others;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.storage.others.HocuspocusStore.Table;
import io.keck.storage.others.OtherStore.UnreadableException;
import io.keck.testing.FreshDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.RealYjs;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Stores that real Hocuspocus servers wrote, and what may be wrong with them. */
class HocuspocusStoreTest {
    private static final int DOCUMENTS = Boolean.getBoolean("keck.campaign") ? 500 : 40;
    private static final Path STORES = Path.of("src", "test", "resources", "stores");

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    @TempDir
    Path dir;

    private void requireEqual(OtherStore store, List<StoredDocument> expected) {
        ImportTarget target = new ImportTarget(db);
        StoreReport report = target.run(store);
        assertThat(target.problems).isEmpty();
        assertThat(report.imported).isEqualTo(expected.size());
        expected.forEach(document -> document.requireEqual(target.document(document.name())));
        assertThat(target.run(store).unchanged).isEqualTo(expected.size());
    }

    @Test
    void whatExtensionSqliteStored_isThereAsYjsShowsIt() throws IOException {
        // opened as a copy, because SQLite may write beside the file
        Path file = Files.copy(STORES.resolve("hocuspocus.sqlite"), dir.resolve("hocuspocus.sqlite"));
        try (HocuspocusStore store = HocuspocusStore.sqlite(file.toString(), Table.DEFAULT)) {
            requireEqual(store, StoredDocument.read(Files.readAllBytes(STORES.resolve("hocuspocus.jsonl"))));
        }
    }

    @Test
    void whatHocuspocusStoresInPostgres_isThereAsYjsShowsIt() throws IOException {
        long seed = Seeds.next("HocuspocusStoreTest.postgres");
        PostgresServer server = PostgresServer.shared();
        server.execute("CREATE DATABASE hocuspocus");
        String url = "postgres://postgres@127.0.0.1:" + server.port() + "/hocuspocus";
        Process script = RealYjs.start("stores.mjs", "hocuspocus-postgres", url, "" + DOCUMENTS, "" + (int) seed);
        byte[] lines = script.getInputStream().readAllBytes();
        List<StoredDocument> expected = StoredDocument.read(lines);
        assertThat(expected).hasSize(DOCUMENTS);
        try (HocuspocusStore store = HocuspocusStore.postgres(url, Table.DEFAULT)) {
            requireEqual(store, expected);
        }
    }

    private Path sqlite(String... statements) throws SQLException {
        Path file = dir.resolve("made.sqlite");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
        return file;
    }

    @Test
    void rowsWithoutANameOrContent_areNamed_andSeveralRowsOfOneNameAreOneDocument() throws SQLException {
        Path file = sqlite(
                "CREATE TABLE \"my docs\" (\"doc\"\"name\" text, state blob)",
                "INSERT INTO \"my docs\" VALUES (NULL, x'0000'), ('null', NULL), ('two', x'0000'), ('two', x'0000')");
        Table table = new Table("my docs", "doc\"name", "state");
        ImportTarget target = new ImportTarget(db);
        try (HocuspocusStore store = HocuspocusStore.sqlite("sqlite:" + file, table)) {
            assertThat(target.run(store).imported).isEqualTo(1);
        }
        assertThat(target.problems)
                .containsExactly(
                        "1 rows of the table \"my docs\" have no name.",
                        "Document \"null\" was left out. Its column \"state\" is null.");
        assertThat(target.hasRoom("two")).isTrue();
    }

    @Test
    void whatIsNoSuchStore_isSaid_withoutThePassword() throws SQLException {
        Path file = sqlite("CREATE TABLE documents (name text, content blob)");
        assertThatThrownBy(() -> HocuspocusStore.sqlite(file.toString(), Table.DEFAULT))
                .isInstanceOf(UnreadableException.class)
                .hasMessageContaining("has no column \"data\" but \"name\", \"content\".");
        assertThatThrownBy(() -> HocuspocusStore.sqlite(file.toString(), new Table("docs", "name", "data")))
                .isInstanceOf(UnreadableException.class)
                .hasMessageContaining("no such table: docs");
        assertThatThrownBy(() -> HocuspocusStore.sqlite(dir.resolve("missing").toString(), Table.DEFAULT))
                .isInstanceOf(UnreadableException.class)
                .hasMessageContaining("there is no file");
        assertThat(dir.resolve("missing")).doesNotExist();
        assertThatThrownBy(() -> HocuspocusStore.postgres("mysql://user:secret@host/db", Table.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> HocuspocusStore.postgres("postgres://user:secret@127.0.0.1:1/db", Table.DEFAULT))
                .isInstanceOf(UnreadableException.class)
                .hasMessageNotContaining("secret");
        PostgresServer server = PostgresServer.shared();
        server.execute("CREATE DATABASE texts");
        String url = "postgres://postgres@127.0.0.1:" + server.port() + "/texts";
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl("texts"), "postgres", "");
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE documents (name text, data text)");
        }
        assertThatThrownBy(() -> HocuspocusStore.postgres(url, Table.DEFAULT))
                .isInstanceOf(UnreadableException.class)
                .hasMessageContaining("has the type text and not bytea");
    }
}
