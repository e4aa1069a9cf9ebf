package io.keck.crdt.store;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Doc;
import io.keck.crdt.RandomUpdates;
import io.keck.crdt.UnitForm;
import io.keck.crdt.UpdateBuilder;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.lib0.DecodeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Structs and deleted ranges of no length: whatever reads an update reads what it says without them. The engine of the
 * Rust Keck wrote them for ordinary texts, and Yjs clients that received them send them again.
 */
class EmptyStructsTest {
    private static final int RANDOM = Boolean.getBoolean("keck.campaign") ? 20_000 : 400;
    private static final int SESSIONS = Boolean.getBoolean("keck.campaign") ? 1_000 : 20;

    private static UpdateBuilder start() {
        return new UpdateBuilder().client(1, 5);
    }

    private static Stream<UpdateBuilder> emptyStructs() {
        return Stream.of(
                start().gc(0),
                start().skip(0),
                start().text(""),
                start().text("", id(1, 4), null),
                start().text("", id(1, 4), id(2, 7)),
                start().deleted(0, null),
                start().deleted(0, id(1, 4)),
                start().any(null),
                start().any(id(1, 4)),
                start().json(null),
                // origins and parents that an item of some length may not have
                start().text("", id(1, 5), id(1, 5)),
                start().text("", null, id(1, 9)),
                start().deleted(0, id(1, (1L << 53) - 2)),
                start().struct(Refs.STRING, out -> {
                    out.writeVarUint(0);
                    out.writeVarUint(1);
                    out.writeVarUint(77);
                    out.writeVarUint(0);
                }));
    }

    @ParameterizedTest
    @MethodSource("emptyStructs")
    void onlyStructOfAClient_leavesNoClient(UpdateBuilder empty) {
        byte[] bytes = empty.delete(2, 3, 4).bytes();
        Update update = Update.decode(bytes);
        assertThat(update.emptyCount()).isEqualTo(1);
        assertThat(update.clients()).isEmpty();
        assertThat(update.encode())
                .isEqualTo(new UpdateBuilder().delete(2, 3, 4).bytes());
        assertThat(Update.stateVector(bytes)).isEqualTo(StateVector.EMPTY);
    }

    @Test
    void firstMiddleAndLastStructs_areLeftOut() {
        byte[] bytes = start().text("")
                .gc(0)
                .text("ab")
                .deleted(0, id(1, 6))
                .text("c", id(1, 5), null)
                .any(id(1, 7))
                .delete(1, 6, 0)
                .delete(9, 0, 0)
                .bytes();
        Update update = Update.decode(bytes);
        assertThat(update.emptyCount()).isEqualTo(6);
        assertThat(update.encode())
                .isEqualTo(start().text("ab").text("c", id(1, 5), null).bytes());
        assertThat(Update.decode(update.encode()).emptyCount()).isZero();
    }

    @Test
    void idOfAnEmptyStruct_isThatOfTheNext() {
        assertThat(textOf(namingTheSecondItem().text("", id(1, 0), null)))
                .isEqualTo(textOf(namingTheSecondItem()))
                .hasSize(3);
    }

    private static UpdateBuilder namingTheSecondItem() {
        return new UpdateBuilder()
                .client(2, 0)
                .text("x", null, id(1, 1))
                .client(1, 0)
                .text("a");
    }

    private static String textOf(UpdateBuilder begun) {
        Doc doc = new Doc();
        doc.applyUpdate(begun.text("b", id(1, 0), null).bytes());
        assertThat(doc.isWaiting()).isFalse();
        return doc.getText("t").toString();
    }

    @Test
    void rangesAlone_sayNothing() {
        Update update = new UpdateBuilder().delete(1, 3, 0).delete(2, 0, 0).build();
        assertThat(update.isEmpty()).isTrue();
        assertThat(update.emptyCount()).isEqualTo(2);
        assertThat(update.encode()).containsExactly(0, 0);
    }

    /** What is malformed in an empty struct is malformed, and what follows it is checked as ever. */
    @Test
    void malformedUpdates_areRefusedAllTheSame() {
        byte[] whole = start().text("", id(1, 4), id(2, 7)).delete(1, 2, 0).bytes();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Update.decode(part)).isInstanceOf(DecodeException.class);
        }
        refused(start().text("").item(11, null, null, out -> {}), "unknown content");
        refused(start().text("", id(1, 5), null).text("a", id(1, 5), null), "names itself");
        refused(start().text("").delete(1, (1L << 53) - 1, 1), "beyond 2^53");
        assertThatThrownBy(() ->
                        Update.decode(start().gc(0).gc(1).gc(1).bytes(), new DecodeLimits(1 << 20, 10, 10, 1, 10)))
                .hasMessageContaining("more than 1 structs");
    }

    private static void refused(UpdateBuilder update, String why) {
        assertThatThrownBy(update::build).isInstanceOf(DecodeException.class).hasMessageContaining(why);
    }

    /** Every way in reads the same with them as without: decoder, skim, one-pass load, merge, diff, reduce, document. */
    @Test
    void randomUpdates_sayTheSameWithThem() {
        for (int seed = 0; seed < RANDOM; seed++) {
            Random random = new Random(seed);
            List<Update> clean = new RandomUpdates(seed, 1 + random.nextInt(3))
                    .make(1 + random.nextInt(12)).stream().map(Update::decode).toList();
            List<byte[]> dirty = new ArrayList<>();
            for (Update update : clean) {
                WithEmptyStructs empty = new WithEmptyStructs(random, true);
                byte[] bytes = empty.into(update);
                Update read = Update.decode(bytes);
                assertThat(read.emptyCount()).as("seed %d", seed).isEqualTo(empty.added);
                assertThat(UnitForm.lines(read.encode()))
                        .as("seed %d", seed)
                        .isEqualTo(UnitForm.lines(update.encode()));
                assertThat(Update.stateVector(bytes)).as("seed %d", seed).isEqualTo(update.stateVector());
                dirty.add(bytes);
            }
            StructStore store = new StructStore(true);
            clean.forEach(store::apply);
            byte[] merged = store.encode();
            StructStore dirtyStore = new StructStore(true);
            dirty.forEach(bytes -> dirtyStore.apply(dirtyStore.reduce(Update.decode(bytes))));
            assertThat(dirtyStore.encode()).as("seed %d", seed).isEqualTo(merged);

            byte[] all = new WithEmptyStructs(random, true).into(Update.decode(merged));
            StructStore loaded = new StructStore(true);
            loaded.load(all, DecodeLimits.DEFAULT);
            assertThat(loaded.encode()).as("seed %d", seed).isEqualTo(merged);
            assertThat(loaded.reduce(Update.decode(all)).isEmpty())
                    .as("seed %d", seed)
                    .isTrue();
            StateVector known = clean.get(0).stateVector();
            assertThat(Update.decode(all).diff(known).encode())
                    .as("seed %d", seed)
                    .isEqualTo(Update.decode(merged).diff(known).encode());
        }
    }

    /** A document that the Rust Keck wrote and Yjs has read and sent again. */
    @Test
    void documentOfTheRustKeck_isRead() throws IOException {
        byte[] bytes;
        try (InputStream file = EmptyStructsTest.class.getResourceAsStream("/octobase/empty-items.bin")) {
            bytes = file.readAllBytes();
        }
        Update update = Update.decode(bytes);
        assertThat(update.emptyCount()).isEqualTo(2);
        Doc doc = new Doc();
        doc.applyUpdate(update, null);
        assertThat(doc.getText("t").length()).isEqualTo(68);
        assertThat(doc.isWaiting()).isFalse();
    }

    @Test
    void yjsReadsTheSame_whereItReadsThem() throws Exception {
        int read = 0;
        int added = 0;
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int seed = 1; seed <= SESSIONS; seed++) {
                yjs.session(seed, 3, 60, true);
                YjsOracle.Answers made = yjs.ask();
                JsonNode roots = made.get(0).get("roots");
                WithEmptyStructs empty = new WithEmptyStructs(new Random(seed), false);
                List<byte[]> dirty = new ArrayList<>();
                made.get(0).get("updates").forEach(index -> dirty.add(empty.into(Update.decode(made.blob(index)))));
                StructStore store = new StructStore();
                dirty.forEach(u -> store.apply(Update.decode(u)));
                yjs.apply(true, roots, dirty);
                yjs.apply(true, roots, store.encode());
                YjsOracle.Answers answers = yjs.ask();
                for (String field : List.of("svJson", "ds", "unitSha", "pending", "deep")) {
                    assertThat(answers.get(1).get(field))
                            .as("seed %d %s", seed, field)
                            .isEqualTo(made.get(0).get(field));
                    if (answers.get(0).get("fail") == null) {
                        assertThat(answers.get(0).get(field))
                                .as("seed %d %s", seed, field)
                                .isEqualTo(answers.get(1).get(field));
                    }
                }
                read += answers.get(0).get("fail") == null ? 1 : 0;
                added += empty.added;
            }
        }
        assertThat(read).as("sessions that Yjs read").isPositive();
        assertThat(added).as("empty structs in them").isGreaterThan(SESSIONS);
    }

    @Test
    void updatesInV2_sayTheSameWithThem() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            List<Update> clean = new ArrayList<>();
            List<byte[]> dirty = new ArrayList<>();
            for (int seed = 0; seed < SESSIONS; seed++) {
                for (byte[] bytes : new RandomUpdates(seed, 2).make(5)) {
                    Update update = Update.decode(bytes).withoutDeletes(); // V2 has no range of no length
                    if (!update.isEmpty()) {
                        clean.add(update);
                        dirty.add(new WithEmptyStructs(new Random(seed), true).into(update));
                    }
                }
            }
            yjs.toV2(dirty);
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < dirty.size(); i++) {
                byte[] v2 = answers.blob(answers.get(0).get(i).get("v2"));
                Update read = UpdateV2.decode(v2);
                assertThat(UnitForm.lines(read.encode()))
                        .isEqualTo(UnitForm.lines(clean.get(i).encode()));
            }
        }
    }
}
