package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.room.UpdateLog.Appended;
import io.keck.storage.database.HeldHandle;
import io.keck.testing.FreshDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who writes keeps a connection while there is work, and no broken one. */
class HeldHandleTest {
    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private final AtomicLong nanos = new AtomicLong(1);
    private final List<Connection> opened = new ArrayList<>();
    private Jdbi jdbi;

    @BeforeEach
    void open() {
        jdbi = Jdbi.create(() -> {
            Connection connection = DriverManager.getConnection(db.get().url());
            opened.add(connection);
            return connection;
        });
    }

    @AfterEach
    void close() throws Exception {
        for (Connection connection : opened) {
            connection.close();
        }
    }

    private boolean isOpen(int number) throws SQLException {
        return !opened.get(number).isClosed();
    }

    @Test
    void connection_isKeptUntilReleased() throws Exception {
        HeldHandle held = new HeldHandle(jdbi, nanos::get);
        assertThat(held.get()).isSameAs(held.get());
        assertThat(opened).hasSize(1);
        held.release();
        held.release();
        assertThat(isOpen(0)).isFalse();
        held.get();
        assertThat(opened).hasSize(2);
        assertThat(isOpen(1)).isTrue();
        held.release();
    }

    @Test
    void connection_goesBackToThePoolNowAndThen() throws Exception {
        HeldHandle held = new HeldHandle(jdbi, nanos::get);
        held.get();
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(9));
        held.get();
        assertThat(opened).hasSize(1);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        held.get();
        assertThat(opened).hasSize(2);
        assertThat(isOpen(0)).isFalse();
        held.release();
    }

    @Test
    void poolThatHasNone_leavesNothingHalfDone() {
        boolean[] empty = {true};
        HeldHandle held = new HeldHandle(
                Jdbi.create(() -> {
                    if (empty[0]) {
                        throw new SQLException("none");
                    }
                    return DriverManager.getConnection("jdbc:sqlite::memory:");
                }),
                nanos::get);
        assertThatThrownBy(held::get).hasRootCauseMessage("none");
        empty[0] = false;
        assertThat(held.get()).isNotNull();
        held.release();
    }

    @Test
    void writerWhoseConnectionBreaks_writesTheNextGroupOverAnother() throws Exception {
        LogWriter writer = new LogWriter(jdbi, new SqliteStatements(), "test", db.clock());
        LogWrite.Create create = new LogWrite.Create("room", Long.MAX_VALUE, new CompletableFuture<>());
        writer.commit(List.of(create));
        long room = create.done().join();
        assertThat(append(writer, room).join().seq()).isEqualTo(1);
        assertThat(opened).as("one connection for all groups").hasSize(1);

        opened.get(0).close(); // as when the database restarts
        assertThat(append(writer, room)).isCompletedExceptionally();
        assertThat(append(writer, room).join().seq()).isEqualTo(2);
        assertThat(opened).hasSize(2);

        writer.idle();
        assertThat(isOpen(1)).as("who has nothing to do keeps no connection").isFalse();
        assertThat(append(writer, room).join().seq()).isEqualTo(3);
        writer.idle();
    }

    private static CompletableFuture<Appended> append(LogWriter writer, long room) {
        LogWrite.Append append = Appends.of(room, UUID.randomUUID(), 7, new byte[] {0, 0}, false);
        writer.commit(List.of(append));
        return append.done().thenApply(rows -> rows.get(0));
    }
}
