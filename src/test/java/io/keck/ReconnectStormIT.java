package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawClient;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that have everything come back all at once: nothing is written and nobody is told. */
class ReconnectStormIT {
    private static final int RECONNECTS = 1_000;

    @TempDir
    private Path dir;

    @Test
    void reconnects_ofUpToDateClients_costNoRowAndNoFrame() throws SQLException {
        Typist setter = new Typist(1);
        Typist typist = new Typist(2);
        try (KeckProcess keck = KeckProcess.in(dir).start();
                SyncClient bystander = SyncClient.join(keck.room("storm"));
                SyncClient writer = SyncClient.join(keck.room("storm"))) {
            for (int i = 0; i < 200; i++) {
                writer.write(setter.set("value " + i)); // each deletes the one before
                writer.write(typist.type("x"));
            }
            bystander.await(
                    "everything", () -> bystander.missing(writer.encode()).isEmpty());
            byte[] document = bystander.encode();
            long rows = rows();
            int frames = bystander.syncFrames();
            assertThat(rows).isPositive();

            IntStream.range(0, RECONNECTS).parallel().forEach(i -> reconnect(keck, document));

            // what the server did with all that is done when it has committed and passed on one more update
            byte[] last = typist.type("the end");
            writer.write(last);
            bystander.await("the last update", () -> bystander.missing(last).isEmpty());
            assertThat(bystander.syncFrames() - frames).as("frames to others").isEqualTo(1);
            assertThat(rows() - rows).as("rows").isEqualTo(1);
        }
    }

    /** As stock clients do it: both sides ask, both answer, and every answer carries all deletes. */
    private static void reconnect(KeckProcess keck, byte[] document) {
        StructStore store = new StructStore();
        store.apply(Update.decode(document));
        try (RawClient client = RawClient.connect(keck.room("storm"))) {
            client.send(Message.step1(store.stateVector()));
            Message asked = read(client);
            byte[] ours = store.diff(((Message.SyncStep1) asked).stateVector());
            assertThat(ours).as("the deletes").hasSizeGreaterThan(3);
            client.send(Message.step2(ours));
            Message answer = read(client);
            assertThat(((Message.SyncStep2) answer).update().clients()).isEmpty();
            client.send(new byte[] {Message.QUERY_AWARENESS
            }); // answered after our step 2; a second step 1 would wait for a second
            assertThat(read(client)).isInstanceOf(Message.AwarenessUpdate.class);
        }
    }

    private static Message read(RawClient client) {
        List<Message> messages = Message.readAll(client.next(), io.keck.crdt.store.DecodeLimits.DEFAULT);
        return messages.get(0);
    }

    private long rows() throws SQLException {
        String url = "jdbc:sqlite:file:" + dir.resolve("keck.db") + "?mode=ro";
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT count(*) FROM room_log")) {
            return result.getLong(1);
        }
    }
}
