package io.keck.crdt.store;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Doc;
import io.keck.crdt.Fixtures;
import io.keck.crdt.UpdateBuilder;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Values under keys of maps whose items do not say that they are: Yjs drops the flag where it merges or cuts updates
 * without a document, and other engines never write it. A store must leave them the items they are, since Yjs deletes a
 * value when the item of the next one comes.
 */
class ParentageTest {
    private static final int HISTORIES = Boolean.getBoolean("keck.campaign") ? 2_000 : 60;
    private static final JsonNode ROOTS = Fixtures.json("{\"m\":\"map\",\"a\":\"array\",\"t\":\"text\"}");

    /** Several clients that set keys, push to an array and append to a text, each knowing all that was done before. */
    private static final class Made {
        private final Random random;
        private final long[] clocks = new long[3];
        private final Map<String, UpdateBuilder.Id> last = new LinkedHashMap<>();
        final List<byte[]> updates = new ArrayList<>();

        Made(long seed) {
            random = new Random(seed);
            for (int i = 0; i < 25; i++) {
                int client = random.nextInt(clocks.length);
                UpdateBuilder update = new UpdateBuilder().client(1 + client, clocks[client]);
                String where = random.nextInt(3) == 0 ? null : "m" + random.nextInt(2); // some keys again and again
                for (int n = 1 + random.nextInt(4); n > 0; n--) {
                    one(update, client, where == null ? List.of("m0", "a", "t").get(random.nextInt(3)) : where);
                }
                updates.add(update.bytes());
            }
        }

        private void one(UpdateBuilder update, int client, String where) {
            UpdateBuilder.Id origin = last.get(where);
            int length = 1;
            switch (where.charAt(0)) {
                case 't' -> struct(update, Refs.STRING, origin, where, out -> out.writeVarString("x"));
                case 'a' -> struct(update, Refs.ANY, origin, where, out -> values(out, 1));
                default -> {
                    length = random.nextInt(8) == 0 ? 2 : 1; // as an engine that squashed what it must not
                    int count = length;
                    struct(update, Refs.ANY, origin, where, out -> values(out, count));
                }
            }
            clocks[client] += length;
            last.put(where, id(1 + client, clocks[client] - 1));
        }

        private void values(Encoder out, int count) {
            out.writeVarUint(count);
            for (int i = 0; i < count; i++) {
                Any.write(out, random.nextInt(100));
            }
        }

        private void struct(
                UpdateBuilder update, int ref, UpdateBuilder.Id origin, String where, Consumer<Encoder> content) {
            boolean key = where.charAt(0) == 'm' && (origin == null || random.nextInt(6) == 0);
            update.struct(ref | (origin == null ? 0 : Refs.ORIGIN) | (key ? Refs.PARENT_SUB : 0), out -> {
                if (origin != null) {
                    out.writeVarUint(origin.client());
                    out.writeVarUint(origin.clock());
                } else {
                    out.writeVarUint(1);
                    out.writeVarString(where.substring(0, 1));
                    if (key) {
                        out.writeVarString(where);
                    }
                }
                content.accept(out);
            });
        }
    }

    private static StructStore inOrder(Made made) {
        StructStore store = new StructStore();
        made.updates.forEach(u -> store.apply(store.reduce(Update.decode(u))));
        return store;
    }

    private static StructStore shuffled(Made made, Random random) {
        List<byte[]> order = new ArrayList<>(made.updates);
        Collections.shuffle(order, random);
        StructStore store = new StructStore();
        for (int i = 0; i < order.size(); ) {
            int end = Math.min(order.size(), i + 1 + random.nextInt(random.nextBoolean() ? 3 : 30));
            Update batch = Update.merge(
                    order.subList(i, end).stream().map(Update::decode).toList());
            store.apply(random.nextBoolean() ? store.reduce(batch) : batch);
            if (random.nextInt(4) == 0) {
                store.encode();
            }
            i = end;
        }
        return store;
    }

    /** What a store encodes, whatever came in whatever order, brings Yjs where the updates themselves bring it. */
    @Test
    void valuesUnderKeys_stayTheItemsTheyWere() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int seed = 1; seed <= HISTORIES; seed++) {
                Made made = new Made(seed);
                yjs.apply(true, ROOTS, made.updates);
                byte[] encoded = inOrder(made).encode();
                yjs.apply(true, ROOTS, encoded);
                StructStore other = shuffled(made, new Random(seed));
                assertThat(other.encode()).as("seed %d", seed).isEqualTo(encoded);
                StructStore loaded = new StructStore();
                loaded.load(encoded, DecodeLimits.DEFAULT);
                assertThat(loaded.encode()).as("seed %d", seed).isEqualTo(encoded);
                Doc doc = new Doc();
                doc.applyUpdate(encoded);
                yjs.apply(true, ROOTS, doc.encodeStateAsUpdate());
            }
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < HISTORIES; i++) {
                for (String field : List.of("svJson", "ds", "unitSha", "pending", "deep")) {
                    for (int other = 1; other < 3; other++) {
                        assertThat(answers.get(3 * i + other).get(field))
                                .as("seed %d %s", i + 1, field)
                                .isEqualTo(answers.get(3 * i).get(field));
                    }
                }
            }
        }
    }

    /** The twin of the one above: Yjs tells two values from one item that holds both. */
    @Test
    void squashedValues_areNoticed() throws Exception {
        UpdateBuilder.Id first = id(1, 0);
        try (YjsOracle yjs = YjsOracle.open()) {
            yjs.apply(true, ROOTS, underKey().any(first, 2).any(id(1, 1), 3).bytes());
            yjs.apply(true, ROOTS, underKey().any(first, 2, 3).bytes());
            YjsOracle.Answers answers = yjs.ask();
            assertThat(answers.get(1).get("deep")).isEqualTo(answers.get(0).get("deep"));
            assertThat(answers.get(1).get("ds")).isNotEqualTo(answers.get(0).get("ds"));
        }
    }

    private static UpdateBuilder underKey() {
        return new UpdateBuilder().client(1, 0).struct(Refs.ANY | Refs.PARENT_SUB, out -> {
            out.writeVarUint(1);
            out.writeVarString("m");
            out.writeVarString("key");
            out.writeVarUint(1);
            Any.write(out, 1);
        });
    }

    @Test
    void elementsAndText_areSquashedAsEver() {
        UpdateBuilder update = new UpdateBuilder().client(1, 0).text("a");
        for (int clock = 1; clock < 100; clock++) {
            update.text("b", id(1, clock - 1), null);
        }
        update.item(Refs.ANY, null, null, out -> out.writeVarUint(0)); // has no length
        update.any(null, 1);
        for (int clock = 101; clock < 200; clock++) {
            update.any(id(1, clock - 1), 1);
        }
        StructStore store = new StructStore();
        store.apply(update.build());
        Update encoded = Update.decode(store.encode());
        assertThat(encoded.structCount).isEqualTo(2);
    }

    /** Items that name each other in a circle, and long ways back, take no more than one pass. */
    @Test
    void circlesAndLongPaths_end() {
        UpdateBuilder update = new UpdateBuilder().client(2, 0);
        int many = 50_000;
        for (int clock = 0; clock < many; clock++) { // each names one of the other client, which is not here yet
            update.any(id(1, clock), clock);
        }
        update.client(1, 0);
        update.any(id(2, many - 1), 0);
        for (int clock = 1; clock < many; clock++) {
            update.any(id(2, clock - 1), clock).any(id(1, 2L * clock - 1), clock);
        }
        StructStore store = new StructStore();
        store.apply(update.build());
        byte[] encoded = store.encode();
        assertThat(store.encode()).isEqualTo(encoded);
        assertThat(Update.decode(encoded).structCount).isEqualTo(3 * many - 1);
    }
}
