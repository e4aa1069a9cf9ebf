package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Types that nest far deeper than any stack: whatever is done with them must work. Runs on a small stack of its own. */
class DeepNestingTest {
    private static final int DEPTH = 10_000;
    private static final int SMALL_STACK = 256 << 10;

    /** One way of putting a type into another, and of finding it there. */
    private record Nesting(
            String name,
            Function<Doc, AbstractType> root,
            BiFunction<AbstractType, Integer, AbstractType> put,
            Function<AbstractType, Object> get) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Nesting> nestings() {
        return Stream.of(
                new Nesting(
                        "arrays",
                        doc -> doc.getArray("r"),
                        (in, i) -> {
                            YArray next = new YArray();
                            ((YArray) in).push(next);
                            return next;
                        },
                        in -> ((YArray) in).get(0)),
                new Nesting(
                        "maps",
                        doc -> doc.getMap("r"),
                        (in, i) -> {
                            YMap next = new YMap();
                            ((YMap) in).set("k", next);
                            return next;
                        },
                        in -> ((YMap) in).get("k")),
                new Nesting(
                        "elements",
                        doc -> doc.getXmlFragment("r"),
                        (in, i) -> {
                            YXmlElement next = new YXmlElement("p");
                            ((YXmlFragment) in).push(next);
                            return next;
                        },
                        in -> ((YXmlFragment) in).get(0)),
                new Nesting(
                        "texts",
                        doc -> doc.getText("r"),
                        (in, i) -> {
                            YText next = new YText();
                            ((YText) in).insertEmbed(0, next, Map.of("b", true));
                            return next;
                        },
                        in -> ((Delta.Insert) ((YText) in).toDelta().get(0)).value()),
                new Nesting(
                        "attributes of texts in elements",
                        doc -> doc.getXmlElement("r"),
                        (in, i) -> {
                            AbstractType next = i % 2 == 0 ? new YXmlText() : new YXmlElement("p");
                            if (in instanceof YXmlElement element) {
                                element.setAttribute("a", next);
                            } else {
                                ((YXmlText) in).setAttribute("a", next);
                            }
                            return next;
                        },
                        in -> in instanceof YXmlElement element
                                ? element.getAttribute("a")
                                : ((YXmlText) in).getAttribute("a")));
    }

    private static void onASmallStack(Runnable test) throws InterruptedException {
        List<Throwable> failures = new ArrayList<>();
        Thread thread = new Thread(null, test, "small stack", SMALL_STACK);
        thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
        thread.start();
        thread.join();
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.get(0));
        }
    }

    /** Goes down level by level; throws where one is missing. */
    private static void descend(AbstractType root, Nesting nesting) {
        AbstractType at = root;
        for (int depth = 0; depth < DEPTH; depth++) {
            at = (AbstractType) nesting.get.apply(at);
        }
    }

    /** To be called in a transaction: each takes time for every type that a change lies in. */
    private static AbstractType build(AbstractType root, Nesting nesting) {
        AbstractType at = root;
        for (int i = 0; i < DEPTH; i++) {
            at = nesting.put.apply(at, i);
        }
        return at;
    }

    @ParameterizedTest
    @MethodSource("nestings")
    void builtLevelByLevel_isReadSentCopiedUndoneAndDeleted(Nesting nesting) throws Exception {
        onASmallStack(() -> {
            Doc doc = new Doc();
            AbstractType root = nesting.root.apply(doc);
            UndoManager undo = new UndoManager(doc, UndoOptions.create(() -> 0));
            doc.transact(transaction -> build(root, nesting));
            assertThat(root.toJson()).isNotNull();
            assertThat(root.toString()).isNotNull();
            Doc there = new Doc();
            there.applyUpdate(Update.decode(doc.encodeStateAsUpdate(), DecodeLimits.OWN), null);
            descend(nesting.root.apply(there), nesting);
            assertThat(there.encodeStateAsUpdate()).isEqualTo(doc.encodeStateAsUpdate());
            undo.undo();
            assertThat(doc.encodeStateAsUpdate().length).isPositive();
            undo.redo();
            descend(root, nesting);
            there.transact(transaction -> transaction.delete(firstItem(nesting.root.apply(there))));
            assertThat(there.encodeStateAsUpdate().length).isLessThan(200);
            assertThat(there.toStructStore().encode().length).isLessThan(200);
        });
    }

    private static Item firstItem(AbstractType root) {
        for (Item item = root.branch.start; item != null; item = item.right) {
            if (item.content() instanceof ContentType) {
                return item;
            }
        }
        return root.branch.map().values().iterator().next();
    }

    @ParameterizedTest
    @MethodSource("nestings")
    void copyOfAll_isInsertedAtOnce(Nesting nesting) throws Exception {
        onASmallStack(() -> {
            Doc doc = new Doc();
            AbstractType root = nesting.root.apply(doc);
            doc.transact(transaction -> build(root, nesting));
            Object first = nesting.get.apply(root);
            AbstractType copy = ((AbstractType) first).copy();
            YMap other = doc.getMap("other");
            List<byte[]> updates = new ArrayList<>();
            doc.onUpdate((update, transaction) -> updates.add(update));
            other.set("copy", copy);
            assertThat(updates).hasSize(1);
            AbstractType at = (AbstractType) other.get("copy");
            for (int i = 1; i < DEPTH; i++) {
                at = (AbstractType) nesting.get.apply(at);
            }
            assertThat(at.doc()).isSameAs(doc);
        });
    }

    @Test
    void changesFarDown_areObservedFromTheTop() throws Exception {
        onASmallStack(() -> {
            Doc doc = new Doc();
            YArray root = doc.getArray("r");
            List<Nesting> all = nestings().toList();
            YArray[] built = new YArray[1];
            doc.transact(transaction -> built[0] = (YArray) build(root, all.get(0)));
            YArray bottom = built[0];
            Map<String, Integer> seen = new HashMap<>();
            root.observeDeep(events -> seen.put("path", events.get(0).path().size()));
            bottom.push("x");
            assertThat(seen).containsEntry("path", DEPTH);
            assertThat(root.isParentOf(bottom)).isTrue();
            assertThat(bottom.isParentOf(root)).isFalse();
        });
    }

    /** Values nest as deep as the limits of whoever took them in allow. */
    @Test
    void deepValues_areReadPrintedAndSent() throws Exception {
        onASmallStack(() -> {
            byte[] update = new UpdateBuilder()
                    .client(7, 0)
                    .struct(Refs.ANY | Refs.PARENT_SUB, out -> {
                        out.writeVarUint(1);
                        out.writeVarString("e");
                        out.writeVarString("k");
                        out.writeVarUint(1);
                        for (int i = 0; i < DEPTH; i++) {
                            out.writeUint8(117);
                            out.writeVarUint(1);
                        }
                        out.writeUint8(120);
                    })
                    .bytes();
            Doc doc = new Doc();
            doc.applyUpdate(Update.decode(update, DecodeLimits.OWN), null);
            assertThat(doc.getXmlElement("e")).hasToString("<undefined k=\"true\"></undefined>");
            assertThat(doc.encodeStateAsUpdate()).isEqualTo(update);
            assertThat(doc.encodeStateAsUpdateV2()).isNotEmpty();
        });
    }
}
