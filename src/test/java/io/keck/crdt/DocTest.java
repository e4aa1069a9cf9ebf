package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Transactions, updates, what waits, hostile input. */
class DocTest {
    private static Doc doc(long client) {
        Doc doc = new Doc();
        doc.setClientId(client);
        return doc;
    }

    /** What each edit of a text says, as updates. */
    private static List<byte[]> typed(String text) {
        Doc doc = doc(1);
        List<byte[]> updates = new ArrayList<>();
        doc.onUpdate((update, transaction) -> updates.add(update));
        for (int i = 0; i < text.length(); i++) {
            doc.getText("t").insert(i, text.substring(i, i + 1));
        }
        return updates;
    }

    @Test
    void transaction_writesFloat64Alone_onlyWhereItIsToldTo() {
        Doc doc = new Doc();
        List<String> updates = new ArrayList<>();
        doc.onUpdate((update, transaction) -> updates.add(HexFormat.of().formatHex(update)));
        String float32 = "7c3fc00000";
        String float64 = "7b3ff8000000000000";
        for (boolean told : new boolean[] {false, true, false}) {
            updates.clear();
            doc.transact(transaction -> {
                if (told) {
                    transaction.writeFloat64();
                }
                doc.getArray("a").insert(0, List.of(1.5, 7));
            });
            assertThat(updates).hasSize(1);
            assertThat(updates.get(0)).contains((told ? float64 : float32) + "7d07");
        }
        assertThat(doc.getArray("a").toList()).isEqualTo(List.of(1.5, 7.0, 1.5, 7.0, 1.5, 7.0));
        assertThat(HexFormat.of().formatHex(doc.encodeStateAsUpdate()))
                .as("as Yjs has it")
                .doesNotContain(float64);
    }

    @Test
    void rootOfAnotherKind_isRefused() {
        Doc doc = new Doc();
        doc.getText("t");
        assertThatThrownBy(() -> doc.getArray("t")).isInstanceOf(IllegalStateException.class);
        assertThat(doc.getText("t")).isSameAs(doc.getText("t"));
    }

    @Test
    void rootSpokenOfByUpdatesOnly_getsItsKindWhenAskedFor() {
        Doc a = doc(1);
        a.getArray("a").push("x");
        Doc b = doc(2);
        b.applyUpdate(a.encodeStateAsUpdate());
        assertThat(b.rootNames()).containsExactly("a");
        assertThat(b.toJson()).isEmpty();
        assertThat(b.getArray("a").toList()).containsExactly("x");
        assertThat(b.toJson()).isEqualTo(Map.of("a", List.of("x")));
    }

    @Test
    void transaction_isOneUpdateAndOneCall() {
        Doc doc = doc(1);
        AtomicInteger calls = new AtomicInteger();
        List<byte[]> updates = new ArrayList<>();
        doc.getText("t").observe(event -> calls.incrementAndGet());
        doc.onUpdate((update, transaction) -> {
            updates.add(update);
            assertThat(transaction.origin()).isEqualTo("me");
            assertThat(transaction.isLocal()).isTrue();
        });
        String result = doc.transactGet("me", transaction -> {
            doc.getText("t").insert(0, "a");
            doc.transact("inner origins do not count", inner -> doc.getText("t").insert(1, "b"));
            return "done";
        });
        assertThat(result).isEqualTo("done");
        assertThat(calls).hasValue(1);
        assertThat(updates).hasSize(1);
        Doc other = doc(2);
        other.applyUpdate(updates.get(0));
        assertThat(other.getText("t")).hasToString("ab");
    }

    @Test
    void transactionWithoutChange_isNoUpdate() {
        Doc doc = doc(1);
        doc.onUpdate((update, transaction) -> {
            throw new AssertionError("nothing changed");
        });
        doc.transact(transaction -> doc.getText("t"));
        doc.applyUpdate(new byte[] {0, 0});
    }

    @Test
    void failingEdit_keepsWhatItDidAndThrows() {
        Doc doc = doc(1);
        assertThatThrownBy(() -> doc.transact(transaction -> {
                    doc.getText("t").insert(0, "kept");
                    throw new IllegalStateException("mine");
                }))
                .hasMessage("mine");
        assertThat(doc.getText("t")).hasToString("kept");
        doc.getText("t").insert(4, "!");
        assertThat(doc.getText("t")).hasToString("kept!");
    }

    @Test
    void failingObserver_stopsNobodyElse() {
        Doc doc = doc(1);
        List<String> calls = new ArrayList<>();
        doc.getText("t").observe(event -> {
            throw new IllegalStateException("first");
        });
        doc.getText("t").observe(event -> calls.add("second observer"));
        doc.onUpdate((update, transaction) -> calls.add("update"));
        assertThatThrownBy(() -> doc.getText("t").insert(0, "x")).hasMessage("first");
        assertThat(calls).containsExactly("second observer", "update");
    }

    @Test
    void observerThatEdits_makesATransactionOfItsOwn() {
        Doc doc = doc(1);
        List<String> updates = new ArrayList<>();
        doc.getText("t").observe(event -> {
            if (doc.getMap("m").get("length") == null) {
                doc.getMap("m").set("length", doc.getText("t").length());
            }
        });
        doc.onUpdate((update, transaction) -> updates.add(doc.toJson().toString()));
        doc.getText("t").insert(0, "abc");
        assertThat(doc.getMap("m").get("length")).isEqualTo(3.0);
        assertThat(updates).hasSize(2);
    }

    @Test
    void malformedUpdate_changesNothing() {
        Doc doc = doc(1);
        doc.getText("t").insert(0, "abc");
        byte[] before = doc.encodeStateAsUpdate();
        assertThatThrownBy(() -> doc.applyUpdate(new byte[] {1, 1, 7, 0, 4, 1})).isInstanceOf(DecodeException.class);
        assertThat(doc.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void updateInsideATransaction_isPartOfIt() {
        Doc a = doc(1);
        a.getText("t").insert(0, "a");
        Doc b = doc(2);
        AtomicInteger updates = new AtomicInteger();
        b.onUpdate((update, transaction) -> {
            updates.incrementAndGet();
            assertThat(transaction.isLocal()).isFalse();
        });
        b.transact(transaction -> {
            b.getText("t").insert(0, "b");
            b.applyUpdate(a.encodeStateAsUpdate());
            b.getText("t").insert(b.getText("t").length(), "!");
        });
        assertThat(updates).hasValue(1);
        assertThat(b.getText("t").toString()).contains("a").contains("b").endsWith("!");
    }

    @Test
    void gap_waitsAndIsPassedOnAndIsFilled() {
        List<byte[]> updates = typed("hello");
        Doc doc = doc(2);
        for (int i = updates.size() - 1; i > 0; i--) {
            doc.applyUpdate(updates.get(i));
        }
        assertThat(doc.isWaiting()).isTrue();
        assertThat(doc.stateVector()).isEqualTo(StateVector.EMPTY);
        Doc other = doc(3);
        other.applyUpdate(doc.encodeStateAsUpdate());
        for (Doc each : List.of(doc, other)) {
            each.applyUpdate(updates.get(0));
            assertThat(each.isWaiting()).isFalse();
            assertThat(each.getText("t")).hasToString("hello");
        }
    }

    @Test
    void deleteOfWhatIsNotThereYet_waits() {
        Doc a = doc(1);
        a.getText("t").insert(0, "abc");
        byte[] insert = a.encodeStateAsUpdate();
        List<byte[]> deletes = new ArrayList<>();
        a.onUpdate((update, transaction) -> deletes.add(update));
        a.getText("t").delete(1, 1);
        Doc b = doc(2);
        b.applyUpdate(deletes.get(0));
        assertThat(b.isWaiting()).isTrue();
        b.applyUpdate(insert);
        assertThat(b.isWaiting()).isFalse();
        assertThat(b.getText("t")).hasToString("ac");
    }

    @Test
    void whatWaits_isKeptOnceHoweverOftenItComes() {
        List<byte[]> updates = typed("x".repeat(50));
        Doc doc = doc(2);
        for (int round = 0; round < 40; round++) {
            for (int i = 1; i < updates.size(); i++) {
                doc.applyUpdate(updates.get(i));
            }
        }
        assertThat(doc.encodeStateAsUpdate().length).isLessThan(100);
        doc.applyUpdate(updates.get(0));
        assertThat(doc.isWaiting()).isFalse();
        assertThat(doc.getText("t").length()).isEqualTo(50);
    }

    @Test
    void clientIdOfSomebodyElse_isGivenUp() {
        Doc doc = doc(1);
        doc.applyUpdate(typed("a").get(0));
        assertThat(doc.clientId()).isNotEqualTo(1);
    }

    @Test
    void largestClientId_works() {
        Doc doc = doc((1L << 53) - 1);
        doc.getMap("m").set("k", "v");
        Doc other = doc(2);
        other.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(other.getMap("m").get("k")).isEqualTo("v");
        assertThatThrownBy(() -> doc.setClientId(1L << 53)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void typesNestedTwentyThousandDeep_needNoStack() {
        Doc doc = doc(1);
        doc.transact(
                transaction -> { // in one: a change takes time for each type that it lies in
                    YArray at = doc.getArray("a");
                    for (int i = 0; i < 20_000; i++) {
                        YArray next = new YArray();
                        at.insert(0, List.of(next));
                        at = next;
                    }
                    at.push("bottom");
                });
        byte[] state = doc.encodeStateAsUpdate();
        Doc copy = doc(2);
        copy.applyUpdate(Update.decode(state, DecodeLimits.OWN), null);
        Object json = copy.getArray("a").toJson();
        int depth = 0;
        while (json instanceof List<?> list) {
            json = list.get(0);
            depth++;
        }
        assertThat(json).isEqualTo("bottom");
        assertThat(depth).isEqualTo(20_001);
        YArray free = copy.getArray("a").copy();
        copy.getArray("a").delete(0);
        assertThat(copy.encodeStateAsUpdate().length).isLessThan(100);
        copy.getArray("b").push(free);
        assertThat(free.doc()).isSameAs(copy);
    }

    /** What of it is there already does not need what the whole of it needs. */
    @Test
    void restOfAStruct_waitsForNothingButItsBeginning() {
        Doc doc = doc(1);
        doc.applyUpdate(new UpdateBuilder()
                .client(7, 0)
                .struct(Refs.STRING, out -> {
                    out.writeVarUint(0);
                    out.writeVarUint(99); // in a type nobody ever made
                    out.writeVarUint(0);
                    out.writeVarString("abcd");
                })
                .bytes());
        assertThat(doc.isWaiting()).isTrue();
        doc.applyUpdate(new UpdateBuilder().client(7, 0).text("ab").bytes());
        assertThat(doc.isWaiting()).isFalse();
        assertThat(doc.getText("t")).hasToString("abcd");
    }

    /** Somebody says of a clock that it is deleted, in a type that never comes; the clock then comes alive. */
    @Test
    void waitingDeletedStruct_deletesNothingThatIsHere() {
        Doc doc = doc(1);
        doc.applyUpdate(new UpdateBuilder()
                .client(7, 0)
                .struct(Refs.DELETED, out -> {
                    out.writeVarUint(0);
                    out.writeVarUint(99);
                    out.writeVarUint(0);
                    out.writeVarUint(1);
                })
                .deleted(1, UpdateBuilder.id(99, 0))
                .bytes());
        doc.applyUpdate(new UpdateBuilder().client(7, 0).text("a").bytes());
        assertThat(doc.getText("t")).hasToString("a");
        assertThat(doc.isWaiting()).isTrue();
        Doc copy = doc(2);
        copy.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(copy.getText("t")).hasToString("a");
        assertThat(copy.isWaiting()).isTrue();
    }

    @Test
    void formatAsTheValueOfAKey_isUndefined() {
        Doc doc = doc(1);
        doc.applyUpdate(new UpdateBuilder()
                .client(7, 0)
                .struct(Refs.FORMAT | Refs.PARENT_SUB, out -> {
                    out.writeVarUint(1);
                    out.writeVarString("m");
                    out.writeVarString("k");
                    out.writeVarString("b");
                    out.writeVarString("true");
                })
                .bytes());
        assertThat(doc.getMap("m").get("k")).isSameAs(Any.UNDEFINED);
        doc.getMap("m").set("k", 1);
        assertThat(doc.getMap("m").toMap()).isEqualTo(Map.of("k", 1.0));
    }

    @Test
    void hugeDeletedStructs_costNothing() {
        Doc doc = doc(1);
        doc.applyUpdate(new UpdateBuilder()
                .client(7, 0)
                .gc(1L << 50)
                .deleted(1L << 50, UpdateBuilder.id(7, (1L << 50) - 1))
                .bytes());
        assertThat(doc.stateVector().clock(7)).isEqualTo(1L << 51);
        Doc copy = doc(2);
        copy.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(copy.encodeStateAsUpdate()).isEqualTo(doc.encodeStateAsUpdate());
    }

    @Test
    void collectedThroughAStore_isSmallerAndTheSame() {
        Doc doc = doc(1);
        doc.getMap("m").set("text", new YText("long text in a type".repeat(20)));
        StructStore store = new StructStore();
        store.apply(Update.decode(doc.encodeStateAsUpdate()));
        for (int i = 0; i < 50; i++) {
            doc.getMap("m").set("n", i);
        }
        doc.getMap("m").delete("text");
        List<byte[]> updates = new ArrayList<>();
        updates.add(doc.encodeStateAsUpdate(store.stateVector()));
        store.apply(Update.decode(updates.get(0)));
        StructStore collected = Doc.of(store).toStructStore();
        assertThat(collected.encode().length).isLessThan(store.encode().length);
        assertThat(collected.stateVector()).isEqualTo(store.stateVector());
        assertThat(Doc.of(collected).getMap("m").toMap()).isEqualTo(Map.of("n", 49.0));
    }

    @Test
    void closedSubscription_hearsNothing() {
        Doc doc = doc(1);
        AtomicInteger calls = new AtomicInteger();
        Subscription subscription = doc.onUpdate((update, transaction) -> calls.incrementAndGet());
        doc.getText("t").insert(0, "a");
        subscription.close();
        subscription.close();
        doc.getText("t").insert(0, "b");
        assertThat(calls).hasValue(1);
    }

    @Test
    void hooks_areCalledInTheOrderOfYjs() {
        Doc doc = doc(1);
        List<String> calls = new ArrayList<>();
        doc.onBeforeAllTransactions(d -> calls.add("before all"));
        doc.onBeforeTransaction(transaction -> calls.add("before"));
        doc.onBeforeObservers(transaction -> calls.add("before observers"));
        doc.getText("t").observe(event -> {
            calls.add("observer");
            if (doc.getText("t").length() < 2) {
                doc.getText("t").insert(0, "b");
            }
        });
        doc.onAfterTransaction(transaction -> calls.add("after"));
        doc.onAfterCleanup(transaction -> calls.add("cleaned up"));
        doc.onUpdate((update, transaction) -> calls.add("update"));
        doc.onUpdateV2((update, transaction) -> calls.add("update V2"));
        doc.onAfterAllTransactions(all -> calls.add("after all " + all.size()));
        doc.getText("t").insert(0, "a");
        List<String> rest = List.of("after", "cleaned up", "update", "update V2");
        List<String> expected =
                new ArrayList<>(List.of("before all", "before", "before observers", "observer", "before"));
        expected.addAll(rest);
        expected.addAll(List.of("before observers", "observer"));
        expected.addAll(rest);
        expected.add("after all 2");
        assertThat(calls).isEqualTo(expected);
    }

    @Test
    void updatesInV2_makeTheSameDocument() {
        Doc doc = doc(1);
        Doc copy = doc(2);
        doc.onUpdateV2((update, transaction) -> {
            assertThat(transaction.encodeUpdateV2()).isEqualTo(update);
            copy.applyUpdateV2(update, "from there");
        });
        doc.getText("t").insert(0, "hello", Map.of("b", true));
        doc.getMap("m").set("k", List.of(1, "two"));
        doc.getText("t").delete(1, 2);
        assertThat(copy.encodeStateAsUpdate()).isEqualTo(doc.encodeStateAsUpdate());
        Doc third = doc(3);
        third.applyUpdateV2(doc.encodeStateAsUpdateV2());
        assertThat(third.encodeStateAsUpdateV2(doc.stateVector()))
                .isEqualTo(copy.encodeStateAsUpdateV2(doc.stateVector()));
        byte[] before = third.encodeStateAsUpdate();
        assertThatThrownBy(() -> third.applyUpdateV2(new byte[] {0, 1, 2})).isInstanceOf(DecodeException.class);
        assertThat(third.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void gcFilter_keepsTheContentItRefuses() {
        YMap[] kept = new YMap[1];
        Doc doc = new Doc(DocOptions.create()
                .withGcFilter(item -> kept[0] == null || (item.parent() != kept[0] && !item.isIn(kept[0]))));
        kept[0] = doc.getMap("kept");
        for (String name : List.of("kept", "other")) {
            doc.getMap(name).set("k", "long content that would go");
            doc.getMap(name).delete("k");
        }
        String state = new String(doc.encodeStateAsUpdate(), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(state.split("long content", -1)).hasSize(2);
    }
}
