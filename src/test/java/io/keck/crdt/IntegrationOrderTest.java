package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it costs to integrate one update, whatever client ids its authors have drawn: a few steps an item where Yjs takes a few. */
class IntegrationOrderTest {
    private static final int ITEMS = 4_000;

    /** A struct of an update. */
    private record Row(long client, long clock, byte[] body) {}

    private final List<Row> rows = new ArrayList<>();

    private void text(long client, long clock, long originClient, long origin, String text) {
        Encoder out = new Encoder();
        if (originClient < 0) {
            out.writeUint8(4);
            out.writeVarUint(1);
            out.writeVarString("t");
        } else {
            out.writeUint8(0x84);
            out.writeVarUint(originClient);
            out.writeVarUint(origin);
        }
        out.writeVarString(text);
        rows.add(new Row(client, clock, out.toByteArray()));
    }

    private byte[] update() {
        List<Long> clients =
                new ArrayList<>(rows.stream().map(Row::client).distinct().toList());
        clients.sort(Collections.reverseOrder());
        Encoder out = new Encoder();
        out.writeVarUint(clients.size());
        for (long client : clients) {
            List<Row> own = rows.stream().filter(row -> row.client() == client).toList();
            out.writeVarUint(own.size());
            out.writeVarUint(client);
            out.writeVarUint(own.get(0).clock());
            own.forEach(row -> out.writeBytes(row.body(), 0, row.body().length));
        }
        out.writeVarUint(0);
        return out.toByteArray();
    }

    private static long steps(byte[]... updates) {
        Doc doc = new Doc();
        for (byte[] update : updates) {
            doc.applyUpdate(Update.decode(update, DecodeLimits.OWN), null);
        }
        assertThat(doc.isWaiting()).isFalse();
        return doc.integrationSteps();
    }

    /** All stand behind one item, whose author has the smallest, the largest or some other id. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2_500, 1_000_000})
    void concurrentItemsBehindOne_takeASingleStepEach(long first) {
        text(first, 0, -1, 0, "x");
        for (long client = 2; client < ITEMS; client++) {
            if (client != first) {
                text(client, 0, first, 0, "y");
            }
        }

        assertThat(steps(update())).isLessThan(3L * ITEMS);
    }

    /** The author of what all wait for goes on behind it, too: that must not stand in their way. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void onlyWhatIsNeeded_isIntegratedAhead(long base) {
        text(base, 0, -1, 0, "x");
        for (long clock = 1; clock < ITEMS; clock++) {
            text(base, clock, base, 0, "z");
        }
        for (long client = 10; client < ITEMS; client++) {
            text(client, 0, base, 0, "y");
        }

        assertThat(steps(update())).isLessThan(8L * ITEMS);
    }

    /** One update each, in a random order: what is ahead waits, and is put in its place as soon as the first has come. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whatHasWaited_isIntegratedInTheOrderOfClients(long seed) {
        Random random = new Random(seed);
        List<byte[]> updates = new ArrayList<>();
        for (long client = 2; client < 1_000; client++) {
            rows.clear();
            text(client, 0, 1, 0, "y");
            updates.add(update());
        }
        Collections.shuffle(updates, random);
        rows.clear();
        text(1, 0, -1, 0, "x");
        updates.add(update());

        assertThat(steps(updates.toArray(byte[][]::new))).as("seed %d", seed).isLessThan(3_000);
    }
}
