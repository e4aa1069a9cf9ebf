package io.keck.crdt;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.Contradictions.Kind;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ContradictionsTest {
    private static final long CLIENT = 7;

    private static List<String> between(byte[] first, byte[] second) {
        StructStore store = new StructStore();
        store.apply(Update.decode(first));
        return find(store, Update.decode(second));
    }

    private static List<String> find(StructStore store, Update update) {
        byte[] before = store.encode();
        List<String> found = new ArrayList<>();
        Contradictions.find(
                store, update, (client, from, to, kind) -> found.add(client + " " + from + "-" + to + " " + kind));
        assertThat(store.encode()).isEqualTo(before);
        return found;
    }

    private static UpdateBuilder at(long clock) {
        return new UpdateBuilder().client(CLIENT, clock);
    }

    private static byte[] item(int ref, Consumer<Encoder> content) {
        return at(0).item(ref, null, null, content).bytes();
    }

    @Test
    void anotherText_isFoundToTheUnit_fromEitherSide() {
        byte[] one = at(0).text("hello world").bytes();
        byte[] other = at(0).text("hexxo worly").bytes();
        assertThat(between(one, other)).containsExactly("7 2-4 CONTENT", "7 10-11 CONTENT");
        assertThat(between(other, one)).containsExactly("7 2-4 CONTENT", "7 10-11 CONTENT");
        byte[] end = at(9).text("x", id(CLIENT, 8), null).bytes();
        assertThat(between(one, end)).containsExactly("7 9-10 CONTENT");
    }

    @Test
    void theSameRunCutElsewhere_isNone() {
        byte[] whole = at(0).text("hello").bytes();
        byte[] cut = at(0).text("he")
                .text("l", id(CLIENT, 1), null)
                .text("lo", id(CLIENT, 2), null)
                .bytes();
        byte[] rest = at(3).text("lo!", id(CLIENT, 2), null).bytes();
        assertThat(between(whole, cut)).isEmpty();
        assertThat(between(cut, whole)).isEmpty();
        assertThat(between(whole, rest)).isEmpty();
        assertThat(between(rest, cut)).isEmpty();
    }

    @Test
    void aPairThatYjsCut_isNone() {
        byte[] whole = at(0).text("a\ud83d\ude00b").bytes();
        byte[] cut = at(0).text("a\ufffd").text("\ufffdb", id(CLIENT, 1), null).bytes();
        assertThat(between(whole, cut)).isEmpty();
        assertThat(between(cut, whole)).isEmpty();
        assertThat(between(at(0).text("axyb").bytes(), cut)).containsExactly("7 1-2 CONTENT", "7 2-3 CONTENT");
    }

    @Test
    void deletedOrCollected_besideContent_isNone() {
        byte[] text = at(0).text("abc").bytes();
        byte[] deleted = at(0).deleted(3, null).bytes();
        byte[] collected = at(0).gc(3).bytes();
        for (byte[] gone : List.of(deleted, collected)) {
            assertThat(between(text, gone)).isEmpty();
            assertThat(between(gone, text)).isEmpty();
        }
        assertThat(between(deleted, collected)).isEmpty();
    }

    @Test
    void anotherPlace_isFound() {
        byte[] base = at(5).text("ab", id(1, 1), id(2, 2)).bytes();
        assertThat(between(base, at(5).text("ab", id(1, 3), id(2, 2)).bytes())).containsExactly("7 5-6 PLACE");
        assertThat(between(base, at(5).text("ab", null, id(2, 2)).bytes())).containsExactly("7 5-6 PLACE");
        assertThat(between(base, at(5).text("ab", id(1, 1), id(2, 9)).bytes())).containsExactly("7 5-7 PLACE");
        assertThat(between(base, at(5).text("ab", id(1, 1), null).bytes())).containsExactly("7 5-7 PLACE");
        assertThat(between(base, at(6).text("b", id(1, 1), id(2, 2)).bytes())).containsExactly("7 6-7 PLACE");
        assertThat(between(base, at(6).text("b", id(CLIENT, 5), id(2, 2)).bytes()))
                .isEmpty();
    }

    private static byte[] value(String root, String key, Object value) {
        return at(0).struct(Refs.ANY | (key == null ? 0 : Refs.PARENT_SUB), out -> {
                    out.writeVarUint(1);
                    out.writeVarString(root);
                    if (key != null) {
                        out.writeVarString(key);
                    }
                    out.writeVarUint(1);
                    io.keck.crdt.lib0.Any.write(out, value);
                })
                .bytes();
    }

    @Test
    void valuesOfMaps_areCompared() {
        byte[] one = value("m", "k", 1);
        assertThat(between(one, value("m", "k", 1))).isEmpty();
        assertThat(between(one, value("m", "k", 2))).containsExactly("7 0-1 CONTENT");
        assertThat(between(one, value("m", "o", 1))).containsExactly("7 0-1 PLACE");
        assertThat(between(one, value("n", "k", 1))).containsExactly("7 0-1 PLACE");
        assertThat(between(one, value("m", null, 1))).containsExactly("7 0-1 PLACE");
        assertThat(between(one, value("m", "k", null))).containsExactly("7 0-1 CONTENT");
    }

    /** The flag of an item with an origin says nothing: the old server leaves it out. */
    @Test
    void aMissingFlag_isNone() {
        Consumer<Encoder> content = out -> {
            out.writeVarUint(1);
            out.writeVarUint(1);
            out.writeVarUint(1);
            io.keck.crdt.lib0.Any.write(out, "v");
        };
        byte[] with =
                at(3).struct(Refs.ANY | Refs.ORIGIN | Refs.PARENT_SUB, content).bytes();
        byte[] without = at(3).struct(Refs.ANY | Refs.ORIGIN, content).bytes();
        assertThat(between(with, without)).isEmpty();
        assertThat(between(without, with)).isEmpty();
    }

    @Test
    void theSameValueInOtherBytes_isNone() {
        byte[] wide = item(Refs.ANY, out -> {
            out.writeVarUint(1);
            out.writeUint8(123);
            out.writeBigInt64(Double.doubleToLongBits(5));
        });
        assertThat(between(wide, at(0).any(null, 5).bytes())).isEmpty();
        assertThat(between(wide, at(0).any(null, BigInteger.valueOf(5)).bytes()))
                .isEmpty();
        assertThat(between(wide, at(0).any(null, BigInteger.valueOf(6)).bytes()))
                .hasSize(1);
        Map<String, Object> forth = new java.util.LinkedHashMap<>();
        forth.put("a", List.of(1, "x"));
        forth.put("b", new byte[] {1});
        Map<String, Object> back = new java.util.LinkedHashMap<>();
        back.put("b", new byte[] {1});
        back.put("a", List.of(1, "x"));
        assertThat(between(
                        at(0).any(null, 1, forth).bytes(),
                        at(0).any(null, 1, back).bytes()))
                .isEmpty();
        back.put("b", new byte[] {2});
        assertThat(between(
                        at(0).any(null, 1, forth).bytes(),
                        at(0).any(null, 1, back).bytes()))
                .containsExactly("7 1-2 CONTENT");
        assertThat(between(
                        item(Refs.EMBED, out -> out.writeVarString("{\"a\":1,\"b\":[2]}")),
                        item(Refs.EMBED, out -> out.writeVarString("{ \"b\": [2.0], \"a\": 1 }"))))
                .isEmpty();
        assertThat(between(
                        at(0).json(null, "1", "undefined").bytes(),
                        at(0).json(null, "1.0", "null").bytes()))
                .containsExactly("7 1-2 CONTENT");
    }

    @Test
    void everyKindOfContent_isCompared() {
        List<byte[]> kinds = List.of(
                at(0).text("a").bytes(),
                at(0).any(null, "a").bytes(),
                at(0).any(null, 1.5).bytes(),
                at(0).any(null, io.keck.crdt.lib0.Any.UNDEFINED).bytes(),
                at(0).json(null, "\"a\"").bytes(),
                item(Refs.BINARY, out -> out.writeVarUint8Array(new byte[] {1})),
                item(Refs.BINARY, out -> out.writeVarUint8Array(new byte[] {2})),
                item(Refs.EMBED, out -> out.writeVarString("{\"a\":1}")),
                item(Refs.EMBED, out -> out.writeVarString("{\"a\":2}")),
                format("bold", "true"),
                format("bold", "null"),
                format("italic", "true"),
                item(Refs.TYPE, out -> out.writeVarUint(0)),
                item(Refs.TYPE, out -> out.writeVarUint(1)),
                element("p"),
                element("h1"),
                document("one"),
                document("two"));
        for (int i = 0; i < kinds.size(); i++) {
            for (int k = 0; k < kinds.size(); k++) {
                assertThat(between(kinds.get(i), kinds.get(k)))
                        .as("%d and %d", i, k)
                        .isEqualTo(i == k ? List.of() : List.of("7 0-1 " + Kind.CONTENT));
            }
        }
    }

    private static byte[] format(String key, String value) {
        return item(Refs.FORMAT, out -> {
            out.writeVarString(key);
            out.writeVarString(value);
        });
    }

    private static byte[] element(String name) {
        return item(Refs.TYPE, out -> {
            out.writeVarUint(3);
            out.writeVarString(name);
        });
    }

    private static byte[] document(String guid) {
        return item(Refs.DOC, out -> {
            out.writeVarString(guid);
            io.keck.crdt.lib0.Any.write(out, Map.of("autoLoad", true));
        });
    }

    // ---- no false alarm

    @Test
    void whatRealYjsWrote_neverContradictsItself() {
        for (Session session : Session.read("small")) {
            Random random = new Random(session.id().hashCode());
            List<byte[]> updates = new ArrayList<>(session.updates());
            Doc doc = DocSessionConformance.doc(session.gc());
            for (byte[] update : session.updates()) {
                doc.applyUpdate(update);
                if (random.nextInt(8) == 0) {
                    updates.add(doc.encodeStateAsUpdate()); // cut, joined and collected as of then
                }
                if (random.nextInt(8) == 0) {
                    updates.add(update);
                }
            }
            Collections.shuffle(updates, random);
            StructStore store = new StructStore();
            for (byte[] update : updates) {
                Update decoded = Update.decode(update);
                assertThat(find(store, decoded)).as(session.id()).isEmpty();
                store.apply(decoded);
                if (random.nextInt(8) == 0) {
                    assertThat(find(store, Update.decode(store.encode()))).isEmpty();
                }
            }
        }
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("keck.campaign") ? 5_000 : 100);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void randomUpdates_inAnyOrderMergedAndRepeated_neverContradictThemselves(long seed) {
        Random random = new Random(seed);
        List<byte[]> updates = new ArrayList<>(new RandomUpdates(seed, 1 + random.nextInt(4)).make(40));
        for (int i = 0; i < 20; i++) {
            List<Update> some = updates.stream()
                    .filter(u -> random.nextBoolean())
                    .map(Update::decode)
                    .toList();
            updates.add(Update.merge(some, random.nextBoolean()).encode());
        }
        Collections.shuffle(updates, random);
        StructStore store = new StructStore(random.nextBoolean());
        for (byte[] update : updates) {
            Update decoded = Update.decode(update);
            assertThat(find(store, decoded)).isEmpty();
            store.apply(decoded);
        }
    }

    // ---- and none missed

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void changedUnits_areFoundExactly_howeverTheTextIsCut(long seed) {
        Random random = new Random(seed);
        int length = 1 + random.nextInt(3_000);
        StringBuilder text = new StringBuilder();
        StringBuilder changed = new StringBuilder();
        List<Long> expected = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            char c = (char) ('a' + random.nextInt(20));
            text.append(c);
            boolean changes = random.nextInt(40) == 0;
            changed.append(changes ? (char) (c + 1) : c);
            if (changes) {
                expected.add((long) i);
            }
        }
        StructStore store = new StructStore();
        store.apply(Update.decode(cut(random, text)));
        List<Long> found = new ArrayList<>();
        Contradictions.find(store, Update.decode(cut(random, changed)), (client, from, to, kind) -> {
            assertThat(kind).isEqualTo(Kind.CONTENT);
            LongStream.range(from, to).forEach(found::add);
        });
        assertThat(found).isEqualTo(expected);
    }

    private static byte[] cut(Random random, CharSequence text) {
        UpdateBuilder update = at(0);
        for (int from = 0; from < text.length(); ) {
            int to = Math.min(text.length(), from + 1 + random.nextInt(random.nextBoolean() ? 3 : 500));
            update.text(text.subSequence(from, to).toString(), from == 0 ? null : id(CLIENT, from - 1), null);
            from = to;
        }
        return update.bytes();
    }
}
