package io.keck.crdt.store;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.UpdateBuilder;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UpdateTest {
    private static void refused(UpdateBuilder update, String why) {
        byte[] bytes = update.bytes();
        assertThatThrownBy(() -> Update.decode(bytes))
                .isInstanceOf(DecodeException.class)
                .hasMessageContaining(why);
    }

    private static UpdateBuilder client1() {
        return new UpdateBuilder().client(1, 5);
    }

    @Test
    void goodUpdate_isKeptByteForByte() {
        byte[] bytes = client1()
                .text("abc")
                .skip(2)
                .any(id(1, 7), 1, null)
                .delete(2, 0, 3)
                .bytes();
        Update update = Update.decode(bytes);
        assertThat(update.encode()).isSameAs(bytes);
        assertThat(update.clients()).containsExactly(1L);
        assertThat(update.isEmpty()).isFalse();
    }

    @Test
    void emptyUpdate_isEmpty() {
        assertThat(Update.EMPTY.isEmpty()).isTrue();
        assertThat(Update.EMPTY.encode()).containsExactly(0, 0);
        assertThat(Update.decode(client1().skip(7).bytes()).isEmpty()).isTrue();
    }

    @Test
    void skipOfNoLength_isLeftOut() {
        Update update = client1().text("a").skip(0).text("b", id(1, 5), null).build();
        assertThat(update.emptyCount()).isEqualTo(1);
        assertThat(update.encode())
                .isEqualTo(client1().text("a").text("b", id(1, 5), null).bytes());
    }

    @Test
    void itemsThatNameThemselvesOrTheirFuture_areRefused() {
        refused(client1().text("a", id(1, 5), null), "names itself or a later");
        refused(client1().text("a", id(1, 9), null), "names itself or a later");
        refused(client1().text("a", null, id(1, 5)), "names itself or a later");
        refused(client1().struct(Refs.DELETED, itemIn(1, 5)), "names itself or a later");
        Update past = client1().text("a", id(1, 4), id(1, 3)).build();
        assertThat(past.isEmpty()).isFalse();
        Update parentInThePast = client1().struct(Refs.DELETED, itemIn(1, 4)).build();
        assertThat(parentInThePast.isEmpty()).isFalse();
    }

    /** A deleted item of length 1 whose parent is that id. */
    private static Consumer<Encoder> itemIn(long parentClient, long parentClock) {
        return out -> {
            out.writeVarUint(0);
            out.writeVarUint(parentClient);
            out.writeVarUint(parentClock);
            out.writeVarUint(1);
        };
    }

    @Test
    void clocksBeyond53Bits_areRefused() {
        long last = (1L << 53) - 1;
        refused(new UpdateBuilder().client(1, last - 2).text("abc"), "beyond");
        refused(new UpdateBuilder().client(1, 1).gc(last), "beyond");
        refused(new UpdateBuilder().client(1, 1).skip(last), "beyond");
        refused(new UpdateBuilder().delete(1, 1, last), "beyond");
        refused(client1().text("a", id(2, last), null), "beyond");
        Update largest = new UpdateBuilder().client(last, last - 3).text("abc").build();
        assertThat(largest.clients()).containsExactly(last);
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 12, 15, 16, 20, 31})
    void unknownContent_isRefused(int ref) {
        refused(client1().item(ref, id(1, 0), null, out -> out.writeVarUint(1)), "unknown content");
    }

    @Test
    void unknownTypes_areRefused() {
        for (int type = 0; type <= 6; type++) {
            int ref = type;
            Consumer<Encoder> content = out -> {
                out.writeVarUint(ref);
                if (ref == 3 || ref == 5) {
                    out.writeVarString("p");
                }
            };
            assertThat(client1().item(Refs.TYPE, null, null, content).build().isEmpty())
                    .isFalse();
        }
        refused(client1().item(Refs.TYPE, null, null, out -> out.writeVarUint(7)), "unknown type");
    }

    @Test
    void textThatIsNotJson_isRefused() {
        refused(client1().item(Refs.EMBED, null, null, out -> out.writeVarString("{")), "JSON");
        refused(
                client1().item(Refs.FORMAT, null, null, out -> {
                    out.writeVarString("bold");
                    out.writeVarString("tru");
                }),
                "JSON");
        refused(client1().json(null, "1", "}"), "JSON");
        assertThat(client1().json(null, "undefined").build().isEmpty()).isFalse();
    }

    @Test
    void subdocumentWithoutOptions_isRefused() {
        // Yjs reads properties of the options and throws where there are none
        for (Object options : Arrays.asList(null, Any.UNDEFINED)) {
            refused(
                    client1().item(Refs.DOC, null, null, out -> {
                        out.writeVarString("guid");
                        Any.write(out, options);
                    }),
                    "subdocument");
        }
        Update good = client1()
                .item(Refs.DOC, null, null, out -> {
                    out.writeVarString("guid");
                    Any.write(out, Map.of());
                })
                .build();
        assertThat(good.isEmpty()).isFalse();
    }

    @Test
    void bytesAfterTheUpdate_areRefused() {
        byte[] bytes = client1().text("a").bytes();
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        assertThatThrownBy(() -> Update.decode(longer)).isInstanceOf(DecodeException.class);
    }

    @Test
    void limits_areKept() {
        byte[] bytes = client1().any(null, List.of(List.of())).bytes();
        assertThat(Update.decode(bytes, DecodeLimits.DEFAULT.with(bytes.length, 2, 5))
                        .isEmpty())
                .isFalse();
        assertThatThrownBy(() -> Update.decode(bytes, DecodeLimits.DEFAULT.with(bytes.length - 1, 2, 5)))
                .isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> Update.decode(bytes, DecodeLimits.DEFAULT.with(bytes.length, 1, 5)))
                .isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> DecodeLimits.DEFAULT.with(0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> DecodeLimits.DEFAULT.with(Integer.MAX_VALUE, 1, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void manyStructsOrClients_areRefusedWhereTheyPassTheLimit() {
        byte[] two = new UpdateBuilder()
                .client(1, 0)
                .text("a")
                .client(2, 0)
                .text("b")
                .bytes();
        assertThat(Update.decode(two, new DecodeLimits(1 << 20, 10, 10, 2, 2)).isEmpty())
                .isFalse();
        assertThatThrownBy(() -> Update.decode(two, new DecodeLimits(1 << 20, 10, 10, 1, 2)))
                .hasMessageContaining("more than 1 structs");
        assertThatThrownBy(() -> Update.decode(two, new DecodeLimits(1 << 20, 10, 10, 2, 1)))
                .hasMessageContaining("more than 1 clients");
    }

    /** What one call accepted, the store must be able to take apart and put together again. */
    @Test
    void valuesBeyondTheDefaultLimits_canBeReducedMergedAndCollected() {
        Object deep = List.of();
        for (int i = 0; i < 2_000; i++) {
            deep = List.of(deep);
        }
        DecodeLimits wide = DecodeLimits.DEFAULT.with(1 << 20, 5_000, 5_000);
        Update update = Update.decode(
                new UpdateBuilder().client(1, 0).any(null, 1, deep).bytes(), wide);
        StructStore store = new StructStore();
        store.apply(new UpdateBuilder().client(1, 0).any(null, 1).build());
        Update news = store.reduce(update);
        assertThat(news.stateVector()).isEqualTo(StateVector.EMPTY);
        store.apply(news);
        assertThat(store.stateVector().clock(1)).isEqualTo(2);
        assertThat(Update.merge(List.of(update, Update.EMPTY)).encode()).isEqualTo(store.encode());
        assertThat(update.diff(StateVector.of(Map.of(1L, 1L))).encode()).isEqualTo(news.encode());
    }

    @Test
    void sameClientTwice_isReadAndWrittenOnce() {
        Update update = new UpdateBuilder()
                .client(1, 2)
                .text("cd", id(1, 1), null)
                .client(2, 0)
                .text("x")
                .client(1, 0)
                .text("ab")
                .build();
        assertThat(update.clients()).containsExactlyInAnyOrder(1L, 2L);
        assertThat(update.stateVector()).isEqualTo(StateVector.of(Map.of(1L, 4L, 2L, 1L)));
        assertThat(update.encode())
                .isEqualTo(new UpdateBuilder()
                        .client(2, 0)
                        .text("x")
                        .client(1, 0)
                        .text("abcd")
                        .bytes());
    }

    @Test
    void sameClientTwiceWithTheSameClocks_theFirstCounts() {
        // Yjs forgets the whole first block; either way it is one and the same for everybody behind this server
        Update update = new UpdateBuilder()
                .client(1, 0)
                .text("ab")
                .client(1, 1)
                .text("xyz", id(1, 0), null)
                .build();
        byte[] once = new UpdateBuilder().client(1, 0).text("abyz").bytes();
        assertThat(update.encode()).isEqualTo(once);
        StructStore store = new StructStore();
        store.apply(update);
        assertThat(store.encode()).isEqualTo(once);
    }

    @Test
    void deletesInAnyOrder_areReadAscendingAndJoined() {
        Update update = new UpdateBuilder()
                .delete(1, 7, 2)
                .delete(2, 0, 1)
                .delete(1, 0, 3)
                .delete(1, 2, 2)
                .build();
        assertThat(update.deleteRows()).containsExactly(2, 0, 1, 1, 0, 4, 1, 7, 9);
        StructStore store = new StructStore();
        store.apply(update);
        Update all = Update.decode(store.encode());
        assertThat(store.reduce(all).isEmpty()).isTrue();
        assertThat(store.deletes().contains(1, 3)).isTrue();
        assertThat(store.deletes().contains(1, 4)).isFalse();
    }

    @Test
    void stateVector_countsWhatStartsAtZeroWithoutAGap() {
        assertThat(client1().text("abc").build().stateVector()).isEqualTo(StateVector.EMPTY);
        Update gap = new UpdateBuilder()
                .client(1, 0)
                .text("ab")
                .skip(1)
                .text("d", id(1, 2), null)
                .build();
        assertThat(gap.stateVector()).isEqualTo(StateVector.of(Map.of(1L, 2L)));
    }

    @Test
    void diff_keepsWhatIsNewAndAllDeletes() {
        Update update = new UpdateBuilder()
                .client(1, 0)
                .text("abcd")
                .delete(1, 0, 1)
                .delete(3, 7, 2)
                .build();
        Update diff = update.diff(StateVector.of(Map.of(1L, 2L)));
        assertThat(diff.encode())
                .isEqualTo(new UpdateBuilder()
                        .client(1, 2)
                        .text("cd", id(1, 1), null)
                        .delete(3, 7, 2)
                        .delete(1, 0, 1)
                        .bytes());
    }

    /** Found by EngineFuzz: the peer may hold them alive, and without the structs nothing else would tell it. */
    @Test
    void diff_saysThatWhatItPassesOverIsDeleted() {
        Update update = new UpdateBuilder()
                .client(1, 0)
                .deleted(3, null)
                .gc(2)
                .text("x")
                .build();
        Update diff = update.diff(StateVector.of(Map.of(1L, 4L)));
        assertThat(diff.encode())
                .isEqualTo(new UpdateBuilder()
                        .client(1, 4)
                        .gc(1)
                        .text("x")
                        .delete(1, 0, 4)
                        .bytes());
    }

    @Test
    void merge_dropsWhatTheSameUpdatesDelete() {
        Update text = new UpdateBuilder().client(1, 0).text("secret").build();
        Update delete = new UpdateBuilder().delete(1, 0, 6).build();
        assertThat(latin1(Update.merge(List.of(text, delete)))).doesNotContain("secret");
    }

    /** The twin of the one above: in a room without garbage collection that would lose history. */
    @Test
    void mergeThatKeepsDeleted_keepsIt() {
        Update text = new UpdateBuilder().client(1, 0).text("secret").build();
        Update delete = new UpdateBuilder().delete(1, 0, 6).build();
        Update merged = Update.merge(List.of(text, delete), true);
        assertThat(latin1(merged)).contains("secret");
        StructStore store = new StructStore(true);
        store.apply(merged);
        assertThat(store.deletes().contains(1, 5)).isTrue();
    }

    private static String latin1(Update update) {
        return new String(update.encode(), StandardCharsets.ISO_8859_1);
    }
}
