package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The estimate of a typed document's heap, held against the heap: it decides which documents back ends may edit. */
class TypedHeapTest {
    private static final int UNITS = 12_000;
    private static final int COPIES = 4;

    enum Kind {
        NUMBERS(i -> doc -> doc.getArray("a").insert(0, List.of((double) i))),
        TEXT(i -> doc -> doc.getText("t").insert(0, "hello")),
        KEYS(i -> doc -> doc.getMap("m").set("key" + i, "value " + i)),
        OBJECTS(i -> doc -> doc.getMap("m").set("key" + i, Map.of("title", "hello" + i, "done", false, "n", i))),
        MAPS(i -> doc -> {
            YMap map = new YMap();
            map.set("a", i);
            doc.getArray("a").insert(0, List.of(map));
        }),
        NESTED(i -> doc -> {
            YMap map = new YMap();
            map.set("a", i);
            doc.getMap("m").set("key" + i, map);
        }),
        ELEMENTS(i -> doc -> {
            YXmlElement paragraph = new YXmlElement("p");
            paragraph.setAttribute("id", "x" + i);
            paragraph.insert(0, List.of(new YXmlText("hi")));
            doc.getXmlFragment("x").insert(0, List.of(paragraph));
        }),
        FORMATS(i -> doc -> {
            doc.getText("t").insert(0, "ab");
            doc.getText("t").format(0, 1, Map.of("bold", true));
        });

        private final IntFunction<java.util.function.Consumer<Doc>> unit;

        Kind(IntFunction<java.util.function.Consumer<Doc>> unit) {
            this.unit = unit;
        }
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) { // the serial collector compacts at every fourth run
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void estimateIsNearTheHeap(Kind kind) {
        Doc doc = new Doc();
        doc.transact("test", transaction -> {
            for (int i = 0; i < UNITS; i++) {
                kind.unit.apply(i).accept(doc);
            }
        });
        byte[] whole = doc.encodeStateAsUpdate();
        StructStore store = new StructStore();
        store.apply(Update.decode(whole));
        double closest = Double.MAX_VALUE;
        for (int attempt = 0; attempt < 3 && Math.abs(closest - 1) > 0.2; attempt++) {
            List<Doc> copies = new ArrayList<>();
            long before = used();
            for (int i = 0; i < COPIES; i++) {
                StructStore own = new StructStore();
                own.apply(Update.decode(whole));
                copies.add(Doc.of(own));
            }
            double ratio = (double) COPIES * store.typedMemory() / (used() - before);
            assertThat(copies).hasSize(COPIES);
            System.out.println("TypedHeapTest " + kind + " " + ratio);
            closest = Math.abs(ratio - 1) < Math.abs(closest - 1) ? ratio : closest;
        }
        assertThat(closest).as("estimated bytes for each byte of heap").isBetween(0.75, 1.35);
    }
}
