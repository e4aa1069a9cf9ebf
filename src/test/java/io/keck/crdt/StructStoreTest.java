package io.keck.crdt;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StructStoreTest {
    private final StructStore store = new StructStore();

    private static UpdateBuilder client1(long clock) {
        return new UpdateBuilder().client(1, clock);
    }

    private static StructStore storeOf(UpdateBuilder... updates) {
        StructStore store = new StructStore();
        for (UpdateBuilder update : updates) {
            store.apply(update.build());
        }
        return store;
    }

    @Test
    void newStore_isEmpty() {
        assertThat(store.isEmpty()).isTrue();
        assertThat(store.encode()).containsExactly(0, 0);
        assertThat(store.stateVector()).isEqualTo(StateVector.EMPTY);
        assertThat(store.deletes().isEmpty()).isTrue();
    }

    @Test
    void reduce_allNew_isTheSameObject() {
        store.apply(client1(0).text("ab").build());
        Update next = client1(2).text("c", id(1, 1), null).delete(1, 0, 1).build();
        assertThat(store.reduce(next)).isSameAs(next);
    }

    @Test
    void reduce_nothingNew_isEmpty() {
        Update update = client1(0).text("ab").delete(1, 0, 1).delete(9, 4, 2).build();
        store.apply(update);
        assertThat(store.reduce(update)).isSameAs(Update.EMPTY);
        assertThat(store.reduce(client1(1).text("b", id(1, 0), null).build()).isEmpty())
                .isTrue();
        assertThat(store.reduce(new UpdateBuilder().delete(9, 5, 1).build()).isEmpty())
                .isTrue();
    }

    @Test
    void reduce_deletesOfWhatCameDeleted_isEmpty() {
        // a ContentDeleted and a GC say themselves that they are deleted
        store.apply(client1(0).deleted(3, null).gc(2).build());
        assertThat(store.reduce(new UpdateBuilder().delete(1, 0, 5).build()).isEmpty())
                .isTrue();
    }

    @Test
    void reduce_partlyNew_isTheNewPartAlone() {
        store.apply(client1(0).text("ab").delete(1, 0, 1).build());
        Update news = store.reduce(
                client1(0).text("abcd").delete(1, 0, 3).delete(2, 0, 1).build());
        assertThat(news.encode())
                .isEqualTo(client1(2)
                        .text("cd", id(1, 1), null)
                        .delete(2, 0, 1)
                        .delete(1, 1, 2)
                        .bytes());
    }

    @Test
    void reduce_aroundAGap_isWhatFillsIt() {
        store.apply(client1(0).text("a").skip(2).text("d", id(1, 2), null).build());
        Update news = store.reduce(client1(0).text("abcde").build());
        assertThat(news.encode())
                .isEqualTo(client1(1)
                        .text("bc", id(1, 0), null)
                        .skip(1)
                        .text("e", id(1, 3), null)
                        .bytes());
    }

    @Test
    void reduce_changesNothing() {
        store.apply(client1(0).text("ab").build());
        byte[] before = store.encode();
        Update unused = store.reduce(client1(0).text("abcd").delete(1, 0, 3).build());
        assertThat(unused.isEmpty()).isFalse();
        assertThat(store.encode()).isEqualTo(before);
    }

    @Test
    void typing_isOneRun() {
        for (int i = 0; i < 1_000; i++) {
            store.apply(client1(i).text("x", i == 0 ? null : id(1, i - 1), null).build());
        }
        assertThat(store.encode()).isEqualTo(client1(0).text("x".repeat(1_000)).bytes());
        assertThat(store.memory()).isLessThan(8_000);
    }

    @Test
    void typingInsideOtherText_isOneRunToo() {
        store.apply(new UpdateBuilder().client(2, 0).text("ab").build());
        store.apply(client1(0).text("x", id(2, 0), id(2, 1)).build());
        store.apply(client1(1).text("y", id(1, 0), id(2, 1)).build());
        assertThat(store.encode())
                .isEqualTo(new UpdateBuilder()
                        .client(2, 0)
                        .text("ab")
                        .client(1, 0)
                        .text("xy", id(2, 0), id(2, 1))
                        .bytes());
    }

    @Test
    void whatIsTypedElsewhere_isAnotherRun() {
        // the clocks follow each other, but the origin is not the clock before, or the right origin another
        byte[] origin = client1(0).text("ab").text("c", id(1, 0), null).bytes();
        store.apply(Update.decode(origin));
        assertThat(store.encode()).isEqualTo(origin);
        byte[] right = client1(0).text("ab").text("c", id(1, 1), id(1, 0)).bytes();
        assertThat(storeOf(client1(0).text("ab"), client1(2).text("c", id(1, 1), id(1, 0)))
                        .encode())
                .isEqualTo(right);
    }

    @Test
    void deletes_splitRunsOnlyInTheEncoding() {
        store.apply(client1(0).text("abcdef").build());
        long before = store.memory();
        store.apply(new UpdateBuilder().delete(1, 2, 2).build());
        assertThat(store.encode())
                .isEqualTo(client1(0)
                        .text("ab")
                        .deleted(2, id(1, 1))
                        .text("ef", id(1, 3), null)
                        .delete(1, 2, 2)
                        .bytes());
        assertThat(store.memory() - before).isLessThan(100);
    }

    @Test
    void keepDeleted_keepsTheContentOfWhatIsDeleted() {
        StructStore keeper = new StructStore(true);
        keeper.apply(client1(0).text("abcdef").delete(1, 2, 2).build());
        assertThat(keeper.encode())
                .isEqualTo(client1(0).text("abcdef").delete(1, 2, 2).bytes());
    }

    @Test
    void deletesBeforeTheirStructs_areRemembered() {
        store.apply(new UpdateBuilder().delete(1, 1, 1).build());
        assertThat(store.stateVector()).isEqualTo(StateVector.EMPTY);
        assertThat(store.encode()).isEqualTo(new UpdateBuilder().delete(1, 1, 1).bytes());
        store.apply(client1(0).text("abc").build());
        assertThat(store.encode())
                .isEqualTo(storeOf(client1(0).text("abc").delete(1, 1, 1)).encode());
    }

    @Test
    void gaps_areSkipsUntilTheyAreFilled() {
        store.apply(client1(4).text("ef", id(1, 3), null).build());
        assertThat(store.stateVector()).isEqualTo(StateVector.EMPTY);
        assertThat(store.encode())
                .isEqualTo(client1(4).text("ef", id(1, 3), null).bytes());
        store.apply(client1(0).text("ab").build());
        assertThat(store.stateVector().clock(1)).isEqualTo(2);
        assertThat(store.encode())
                .isEqualTo(
                        client1(0).text("ab").skip(2).text("ef", id(1, 3), null).bytes());
        store.apply(client1(2).text("cd", id(1, 1), null).build());
        assertThat(store.stateVector().clock(1)).isEqualTo(6);
        assertThat(store.encode()).isEqualTo(client1(0).text("abcdef").bytes());
    }

    @Test
    void gapFilledFromItsMiddle_isTwoGaps() {
        store.apply(client1(0).text("a").skip(5).text("g", id(1, 5), null).build());
        store.apply(client1(3).text("d", id(1, 2), null).build());
        assertThat(store.stateVector().clock(1)).isEqualTo(1);
        store.apply(client1(4).text("ef", id(1, 3), null).build());
        store.apply(client1(1).text("bc", id(1, 0), null).build());
        assertThat(store.encode()).isEqualTo(client1(0).text("abcdefg").bytes());
        assertThat(store.stateVector().clock(1)).isEqualTo(7);
    }

    @Test
    void missingOriginOfAnotherClient_holdsNothingBack() {
        // Yjs keeps such an item pending; it is for those who integrate to wait
        store.apply(client1(0).text("a", id(2, 7), null).build());
        assertThat(store.stateVector().clock(1)).isEqualTo(1);
    }

    @Test
    void hugeGc_costsNothing() {
        long huge = (1L << 53) - 10;
        store.apply(client1(0).gc(huge).text("end", id(1, huge - 1), null).build());
        store.apply(new UpdateBuilder().delete(1, 0, huge).build());
        assertThat(store.stateVector().clock(1)).isEqualTo(huge + 3);
        assertThat(store.encode())
                .isEqualTo(client1(0)
                        .gc(huge)
                        .text("end", id(1, huge - 1), null)
                        .delete(1, 0, huge)
                        .bytes());
        assertThat(store.memory()).isLessThan(4_000);
    }

    @Test
    void diffThatStartsInsideARun_namesTheClockBefore() {
        store.apply(client1(0).text("abc").any(id(1, 2), 1, 2, 3).build());
        assertThat(store.diff(StateVector.of(Map.of(1L, 1L))))
                .isEqualTo(client1(1)
                        .text("bc", id(1, 0), null)
                        .any(id(1, 2), 1, 2, 3)
                        .bytes());
        assertThat(store.diff(StateVector.of(Map.of(1L, 5L))))
                .isEqualTo(client1(5).any(id(1, 4), 3).bytes());
        assertThat(store.diff(StateVector.of(Map.of(1L, 6L)))).containsExactly(0, 0);
        assertThat(store.diff(StateVector.of(Map.of(1L, 99L)))).containsExactly(0, 0);
    }

    @Test
    void surrogatePairCutByADiff_isAReplacementCharacter() {
        store.apply(client1(0).text("a😀b").build());
        assertThat(store.diff(StateVector.of(Map.of(1L, 2L))))
                .isEqualTo(client1(2).text("\ufffdb", id(1, 1), null).bytes());
    }

    @Test
    void surrogatePairCutByADelete_isAReplacementCharacter() {
        store.apply(client1(0).text("a😀b").delete(1, 1, 1).build());
        assertThat(store.encode())
                .isEqualTo(client1(0)
                        .text("a")
                        .deleted(1, id(1, 0))
                        .text("\ufffdb", id(1, 1), null)
                        .delete(1, 1, 1)
                        .bytes());
    }

    @Test
    void surrogatePairCutByWhatIsKnown_isAReplacementCharacter() {
        store.apply(client1(0).deleted(2, null).build());
        store.apply(client1(0).text("a😀b").build());
        assertThat(store.diff(StateVector.of(Map.of(1L, 2L))))
                .isEqualTo(client1(2)
                        .text("\ufffdb", id(1, 1), null)
                        .delete(1, 0, 2)
                        .bytes());
    }

    @Test
    void collection_dropsDeletedContentAndChangesNothingElse() {
        StructStore uncollected = new StructStore();
        for (int i = 0; i < 60; i++) {
            Update text = client1(i * 1_000L)
                    .text("0123456789".repeat(100), i == 0 ? null : id(1, i * 1_000L - 1), null)
                    .build();
            store.apply(text);
            uncollected.apply(text);
        }
        long before = store.memory();
        // 50,000 deletes of one clock are collected on the way, as each makes more garbage than live content
        for (int i = 0; i < 50_000; i++) {
            store.apply(new UpdateBuilder().delete(1, i, 1).build());
        }
        uncollected.apply(new UpdateBuilder().delete(1, 0, 50_000).build());
        assertThat(store.memory()).isLessThan(before * 3 / 4);
        assertThat(store.encode()).isEqualTo(uncollected.encode());
        assertThat(store.stateVector()).isEqualTo(uncollected.stateVector());
        assertThat(store.reduce(new UpdateBuilder().delete(1, 7, 40_000).build())
                        .isEmpty())
                .isTrue();
    }

    /** The twin of the one above. */
    @Test
    void collection_neverHappensWhereDeletedContentIsKept() {
        StructStore keeper = new StructStore(true);
        keeper.apply(client1(0).text("0123456789".repeat(5_000)).build());
        long before = keeper.memory();
        keeper.apply(new UpdateBuilder().delete(1, 0, 50_000).build());
        assertThat(keeper.memory()).isGreaterThanOrEqualTo(before);
        assertThat(keeper.encode()).hasSizeGreaterThan(50_000);
    }

    @Test
    void deletesOfWhatIsNotHere_areNoGarbage() {
        // once they were counted, and the collection that followed counted them again, without end
        store.apply(
                client1(0).text("abc").skip(1 << 20).text("z", id(1, 0), null).build());
        store.apply(new UpdateBuilder().delete(1, 3, 1 << 20).build());
        assertThat(store.stateVector().clock(1)).isEqualTo(3);
        assertThat(store.deletes().contains(1, 1 << 20)).isTrue();
    }

    @Test
    void deletes_areGivenAscending() {
        store.apply(new UpdateBuilder()
                .delete(5, 4, 1)
                .delete(2, 7, 1)
                .delete(2, 1, 2)
                .build());
        StringBuilder out = new StringBuilder();
        store.deletes().forEach((client, from, to) -> out.append(client + ":" + from + "-" + to + " "));
        assertThat(out.toString()).isEqualTo("2:1-3 2:7-8 5:4-5 ");
    }

    @Test
    void manyClients_areAllFound() {
        UpdateBuilder all = new UpdateBuilder();
        for (int i = 0; i < 5_000; i++) {
            all.client(i * 4_294_967_296L % 9_007_199_254_740_881L + i, 0).text("x");
        }
        Update update = all.build();
        store.apply(update);
        assertThat(store.stateVector().asMap()).hasSize(update.clients().size());
        assertThat(store.reduce(update).isEmpty()).isTrue();
        assertThat(store.isEmpty()).isFalse();
    }
}
