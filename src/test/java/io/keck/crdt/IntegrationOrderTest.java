package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it costs to integrate one update, whatever client ids its authors have drawn: a few steps an item where Yjs takes a few. */
class IntegrationOrderTest {
    private static final int ITEMS = 4_000;
    private static final int RANDOM_CLIENTS = 300;
    private static final int RANDOM_UPDATES = Boolean.getBoolean("keck.campaign") ? 2_000 : 60;

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

    /** Random trees of concurrent items, in one update and in many in a random order, cost about what they cost Yjs. */
    @Test
    void randomUpdates_takeNoMoreStepsThanInYjs() throws IOException {
        try (YjsOracle yjs = YjsOracle.open()) {
            List<Long> ours = new ArrayList<>();
            List<Integer> asked = new ArrayList<>();
            for (long seed = 0; seed < RANDOM_UPDATES; seed++) {
                Random random = new Random(seed);
                randomRows(random);
                List<byte[]> updates = random.nextBoolean() ? List.of(update()) : oneByOne(random);
                ours.add(steps(updates.toArray(byte[][]::new)));
                asked.add(yjs.steps(updates));
            }
            YjsOracle.Answers answers = yjs.ask();
            for (int seed = 0; seed < ours.size(); seed++) {
                long theirs = answers.get(asked.get(seed)).longValue();
                assertThat(ours.get(seed))
                        .as("seed %d, %d steps in Yjs", seed, theirs)
                        .isLessThanOrEqualTo(2 * theirs + 4L * RANDOM_CLIENTS);
            }
        }
    }

    /**
     * An update that is quadratic in Yjs too: each client has an item behind one of two units, and its next one behind the
     * first unit. Every item of the one kind walks over all of the other.
     */
    @Test
    void whatIsQuadraticInYjs_isNotWorseHere() throws IOException {
        text(1, 0, -1, 0, "ab");
        for (long client = 2; client < 1_000; client++) {
            text(client, 0, 1, client % 2, "x");
            text(client, 1, 1, 0, "y");
        }
        try (YjsOracle yjs = YjsOracle.open()) {
            int asked = yjs.steps(List.of(update()));
            long theirs = yjs.ask().get(asked).longValue();

            assertThat(theirs).isGreaterThan(100_000);
            assertThat(steps(update())).isLessThanOrEqualTo(theirs + 4_000);
        }
    }

    /** A document that takes an update in part by part becomes the same, and never goes far beyond what it is given. */
    @Test
    void inParts_anUpdateMakesTheSameDocument() {
        for (long seed = 0; seed < RANDOM_UPDATES; seed++) {
            Random random = new Random(seed);
            randomRows(random);
            List<byte[]> updates = random.nextBoolean() ? List.of(update()) : oneByOne(random);
            Doc whole = new Doc();
            Doc parts = new Doc();
            for (byte[] bytes : updates) {
                Update update = Update.decode(bytes, DecodeLimits.OWN);
                whole.applyUpdate(update, null);
                boolean done = parts.applyUpdate(update, null, 1 + random.nextInt(40));
                while (!done && random.nextInt(20) > 0) { // else the next update completes it
                    long before = parts.work();
                    done = parts.continueUpdate(null, 1 + random.nextInt(40));
                    assertThat(parts.work() - before).as("seed %d", seed).isLessThan(41 + 4 * RANDOM_CLIENTS);
                }
            }
            while (!parts.continueUpdate(null, 50)) {}
            assertThat(parts.encodeStateAsUpdate()).as("seed %d", seed).isEqualTo(whole.encodeStateAsUpdate());
            assertThat(parts.getText("t").toString())
                    .as("seed %d", seed)
                    .isEqualTo(whole.getText("t").toString());
            assertThat(parts.isWaiting()).as("seed %d", seed).isFalse();
        }
    }

    /** Each client has a few items, each behind a random unit of itself or of others, or at the beginning. */
    private void randomRows(Random random) {
        rows.clear();
        List<Long> clients = new ArrayList<>();
        for (long client = 1; client <= RANDOM_CLIENTS; client++) {
            clients.add(client);
        }
        Collections.shuffle(clients, random);
        int behindFew = 1 + random.nextInt(20);
        for (int i = 0; i < clients.size(); i++) {
            int count = 1 + random.nextInt(4);
            for (int clock = 0; clock < count; clock++) {
                if (i == 0) {
                    text(clients.get(i), clock, -1, 0, "x");
                } else {
                    Row origin = rows.get(
                            random.nextInt(random.nextInt(5) > 0 ? Math.min(behindFew, rows.size()) : rows.size()));
                    text(clients.get(i), clock, origin.client(), origin.clock(), "x");
                }
            }
        }
    }

    /** An update for each client, in a random order. */
    private List<byte[]> oneByOne(Random random) {
        List<Row> all = List.copyOf(rows);
        List<byte[]> updates = new ArrayList<>();
        all.stream().map(Row::client).distinct().forEach(client -> {
            rows.clear();
            all.stream().filter(row -> row.client() == client).forEach(rows::add);
            updates.add(update());
        });
        Collections.shuffle(updates, random);
        return updates;
    }
}
