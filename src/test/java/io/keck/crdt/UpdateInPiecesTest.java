package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Spill;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateInPieces;
import io.keck.crdt.store.UpdateV2;
import io.keck.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An update that is written in pieces is the update that is made as a whole, and it is never in memory as a whole. */
class UpdateInPiecesTest {
    private static final int ROUNDS = Boolean.getBoolean("keck.campaign") ? 20_000 : 400;
    private static final int MIB = 1 << 20;

    /** Takes pieces, and puts them in their order. */
    private static final class Taken implements Spill {
        private final ByteArrayOutputStream all = new ByteArrayOutputStream();

        @Override
        public long take(byte[] bytes, int from, int length) {
            long position = all.size();
            all.write(bytes, from, length);
            return position;
        }

        byte[] inOrder(long[] pieces) {
            byte[] taken = all.toByteArray();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int i = 0; i < pieces.length; i += 2) {
                out.write(taken, (int) pieces[i], (int) pieces[i + 1]);
            }
            assertThat(out.size()).as("bytes that are in no piece, or in two").isEqualTo(taken.length);
            return out.toByteArray();
        }
    }

    private static byte[] inPieces(StructStore store, BiFunction<StructStore, Spill, long[]> format) {
        Taken taken = new Taken();
        return taken.inOrder(format.apply(store, taken));
    }

    private static void assertEqual(StructStore store, String what) {
        byte[] whole = store.encode();
        assertThat(inPieces(store, UpdateInPieces::v1)).as("%s in V1", what).isEqualTo(whole);
        assertThat(inPieces(store, UpdateInPieces::v2))
                .as("%s in V2", what)
                .isEqualTo(UpdateV2.encode(Update.decode(whole, DecodeLimits.OWN)));
    }

    private static StructStore store(byte[] update) {
        StructStore store = new StructStore();
        store.apply(update, DecodeLimits.OWN);
        return store;
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void recordedSessions(String size) {
        for (Session session : Session.read(size)) {
            for (boolean keepDeleted : new boolean[] {false, true}) {
                StructStore store = new StructStore(keepDeleted);
                session.updates().forEach(update -> store.apply(update, DecodeLimits.OWN));
                assertEqual(store, session.id());
            }
        }
    }

    @Test
    void randomUpdates_withGaps() {
        Random random = new Random(Seeds.next("UpdateInPiecesTest"));
        for (int round = 0; round < ROUNDS; round++) {
            long seed = random.nextLong();
            StructStore store = new StructStore(random.nextBoolean());
            List<byte[]> updates = new RandomUpdates(seed, 1 + random.nextInt(5)).make(1 + random.nextInt(80));
            Collections.shuffle(updates, random);
            updates.subList(0, 1 + random.nextInt(updates.size()))
                    .forEach(update -> store.apply(update, DecodeLimits.OWN));
            assertEqual(store, "round " + round + " with " + seed);
        }
    }

    @Test
    void emptyDocument() {
        assertEqual(new StructStore(), "nothing");
    }

    /** Text that is one struct, values, bytes, formats and deletes, each much larger than a piece. */
    private static Doc large() {
        Doc doc = new Doc();
        YText text = doc.getText("t");
        text.insert(0, "0123456789\ud83d\ude00é".repeat(300_000));
        for (int i = 0; i < 20_000; i++) {
            text.delete(3 * i, 1);
        }
        text.format(10, 5_000, java.util.Map.of("bold", "x".repeat(20_000)));
        doc.getMap("m").set("bytes", new byte[2 * MIB]);
        for (int i = 0; i < 20_000; i++) {
            doc.getMap("m").set("key" + i, "value" + i);
            doc.getArray("a").push("element " + i);
        }
        Doc other = new Doc();
        other.applyUpdate(doc.encodeStateAsUpdate());
        other.getText("t").insert(7, "x".repeat(100_000));
        other.getArray("a").push(new YMap());
        doc.applyUpdate(other.encodeStateAsUpdate());
        return doc;
    }

    @Test
    void largeDocument() {
        byte[] update = large().encodeStateAsUpdate();
        assertThat(update.length).isGreaterThan(6 * MIB);
        assertEqual(store(update), "a large document");
    }

    /** The whole of it costs its size; the difference to a document of half the size shows what grows with it. */
    @Test
    void memory_doesNotGrowWithTheDocument_butThatOfTheWholeDoes() {
        StructStore store = store(large().encodeStateAsUpdate());
        int size = store.encode().length;
        Spill nowhere = new Spill() {
            private long position;

            @Override
            public long take(byte[] bytes, int from, int length) {
                position += length;
                return position - length;
            }
        };
        UpdateInPieces.v1(store, nowhere); // what the store keeps of its encoding is there from now on
        UpdateInPieces.v2(store, nowhere);
        long v1 = Allocations.of(() -> UpdateInPieces.v1(store, nowhere));
        long v2 = Allocations.of(() -> UpdateInPieces.v2(store, nowhere));
        assertThat(v1).as("V1 of %d bytes", size).isLessThan(MIB / 4);
        assertThat(v2).as("V2 of %d bytes", size).isLessThan(MIB);
        assertThat(Allocations.of(store::encode)).as("the whole").isGreaterThan(size);
    }
}
