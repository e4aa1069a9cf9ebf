package io.keck.storage.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.check.Findings.Finding;
import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.feed.ChangeLog.Page;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.Storage;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.testing.FreshDatabase;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.TestDatabase;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage in PostgreSQL. */
class PostgresDamageTest extends DamageContract {
    PostgresDamageTest() {
        super(FreshDatabase.postgres());
    }

    /** Pages of the file that holds large values are overwritten: the database itself cannot read those rows. */
    @Test
    void rowsThatTheDatabaseCannotRead_endTheRoomAndNothingElse(@TempDir Path dir) throws Exception {
        try (PostgresServer server = PostgresServer.start(dir)) {
            damagedPage(server, dir.resolve("pgdata"));
        }
    }

    private static void damagedPage(PostgresServer server, Path files) throws Exception {
        PostgresDatabase db = PostgresDatabase.create(server);
        Storage storage = db.storage(TestDatabase.settings());
        JdbiUpdateLog log = storage.log();
        long seed = 20_261_123;
        byte[] large = new byte[60_000];
        new Random(seed).nextBytes(large);
        Doc doc = new Doc();
        doc.setClientId(5);
        long room = log.open("a").toCompletableFuture().join().roomId();
        for (int i = 0; i < 3; i++) {
            doc.getMap("m").set("k" + i, i == 1 ? large : "small");
            StructStore known = store(log.read(room, 0).toCompletableFuture().join());
            byte[] update =
                    known.reduce(Update.decode(doc.encodeStateAsUpdate())).encode();
            log.append(room, UUID.randomUUID(), 1_000 + i, update, false)
                    .toCompletableFuture()
                    .join();
        }
        long other = log.open("b").toCompletableFuture().join().roomId();
        log.append(other, UUID.randomUUID(), 1, new byte[] {0, 0}, false)
                .toCompletableFuture()
                .join();
        String file = db.jdbi.withHandle(h -> h.createQuery(
                        "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE relname = 'room_log'")
                .mapTo(String.class)
                .one());
        storage.stop();
        db.close();
        server.stop();
        try (RandomAccessFile toast = new RandomAccessFile(files.resolve(file).toFile(), "rw")) {
            byte[] nonsense = new byte[64];
            Arrays.fill(nonsense, (byte) 0x5a);
            toast.write(nonsense); // the header of the first page
        }
        server.start();
        db = PostgresDatabase.migrated(server, db.name, server.address());
        storage = db.storage(TestDatabase.settings());
        log = storage.log();

        Contents read = log.open("a").toCompletableFuture().join();
        assertThat(read.damage()).isNotNull();
        assertThat(read.damage().seq()).isEqualTo(2);
        assertThat(read.damage().what()).contains("row 2 cannot be read");
        assertThat(read.rows()).hasSize(1);
        assertThat(storage.database().isHealthy()).isTrue();
        Page told = storage.changes().read(room, 0, Long.MAX_VALUE, 1_000_000);
        assertThat(told.changes()).hasSize(1);
        assertThat(told.damage()).contains("row 2 cannot be read");
        var next = storage.cursors().next(Map.of(room, 0L, other, 0L), 1_000_000);
        assertThat(next.get(room).changes()).hasSize(1);
        assertThat(next.get(room).damage()).isEqualTo(told.damage());
        assertThat(next.get(other).changes()).hasSize(1);
        assertThat(storage.changes().base(room, 3).damage()).contains("row 2 cannot be read");
        assertThat(storage.cursors().scan(0, 10).waiting()).hasSize(2);
        List<Finding> found = new ArrayList<>();
        db.jdbi.useHandle(h -> new Scrub(h, true, null, found::add, (rooms, blobs, rows, bytes) -> {}).run(null, true));
        assertThat(found.get(0).what()).contains("row 2 cannot be read");
        assertThat(found.get(0).seq()).isEqualTo(2);
        Repair repair = new Repair(db.jdbi, db.clock);
        assertThatThrownBy(() -> repair.room(room))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("zero_damaged_pages");
        server.execute("ALTER DATABASE " + db.name + " SET zero_damaged_pages = on");
        storage.stop();
        db.close();
        db = PostgresDatabase.migrated(server, db.name, server.address());
        storage = db.storage(TestDatabase.settings());
        log = storage.log();
        assertThat(new Repair(db.jdbi, db.clock).room(room)).contains(1);
        Contents repaired = log.open("a").toCompletableFuture().join();
        assertThat(repaired.damage()).isNull();
        assertThat(store(repaired)
                        .reduce(Update.decode(doc.encodeStateAsUpdate()))
                        .isEmpty())
                .isFalse();
        storage.stop();
        db.close();
    }

    private static StructStore store(Contents contents) {
        StructStore store = new StructStore();
        if (contents.snapshot() != null) {
            store.apply(Update.decode(contents.snapshot()));
        }
        contents.rows().forEach(row -> store.apply(Update.decode(row.payload())));
        return store;
    }
}
