package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.lib0.Any;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Arrays, maps and XML: values in and out, bad arguments. */
class TypesTest {
    private final Doc doc = new Doc();
    private final YArray array = doc.getArray("a");
    private final YMap map = doc.getMap("m");
    private final YXmlFragment xml = doc.getXmlFragment("x");

    private Doc replica() {
        Doc other = new Doc();
        other.applyUpdate(doc.encodeStateAsUpdate());
        return other;
    }

    @Test
    void values_comeBackAsTheyWouldFromAPeer() {
        List<Object> values = new ArrayList<>(Arrays.asList(
                null, true, 1, 2L, 0.5f, "s", BigInteger.TWO, Any.UNDEFINED, List.of(1, "x"), Map.of("k", 1)));
        array.insert(0, values);
        List<Object> expected = Arrays.asList(
                null, true, 1.0, 2.0, 0.5, "s", BigInteger.TWO, Any.UNDEFINED, List.of(1.0, "x"), Map.of("k", 1.0));
        assertThat(array.toList()).isEqualTo(expected);
        assertThat(replica().getArray("a").toList()).isEqualTo(expected);
    }

    @Test
    void bytes_areCopied() {
        byte[] bytes = {1, 2};
        map.set("b", bytes);
        bytes[0] = 9;
        ((byte[]) map.get("b"))[1] = 9;
        assertThat((byte[]) map.get("b")).containsExactly(1, 2);
    }

    @Test
    void badValues_areRefusedAndChangeNothing() {
        array.push("x");
        byte[] before = doc.encodeStateAsUpdate();
        Object deep = "x";
        for (int i = 0; i < 2000; i++) {
            deep = List.of(deep);
        }
        for (Object bad : Arrays.asList(
                new Object(),
                Long.MAX_VALUE,
                BigInteger.ONE.shiftLeft(70),
                Map.of(1, 2),
                List.of(new Object()),
                deep,
                doc.getText("t"))) {
            assertThatThrownBy(() -> array.insert(0, Arrays.asList("fine", bad)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> map.set("k", bad)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(doc.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void badIndexes_areRefusedAndChangeNothing() {
        array.insert(0, List.of(1, 2, 3));
        xml.push(new YXmlElement("p"));
        byte[] before = doc.encodeStateAsUpdate();
        for (Runnable bad : List.<Runnable>of(
                () -> array.insert(4, List.of(1)),
                () -> array.insert(-1, List.of(1)),
                () -> array.delete(3),
                () -> array.delete(1, 3),
                () -> array.get(3),
                () -> array.get(-1),
                () -> array.slice(2, 1),
                () -> array.slice(0, 4),
                () -> xml.insert(2, new YXmlText()),
                () -> xml.delete(0, 2),
                () -> xml.get(1))) {
            assertThatThrownBy(bad::run).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(doc.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void randomEditsOfAnArray_areThoseOfAList() {
        Random random = new Random(2);
        List<Object> model = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            if (model.isEmpty() || random.nextInt(5) > 1) {
                int at = random.nextInt(model.size() + 1);
                List<Object> values = Collections.nCopies(1 + random.nextInt(3), (double) i);
                array.insert(at, values);
                model.addAll(at, values);
            } else {
                int at = random.nextInt(model.size());
                int length = Math.min(model.size() - at, 1 + random.nextInt(4));
                array.delete(at, length);
                model.subList(at, at + length).clear();
            }
            if (!model.isEmpty()) {
                int at = random.nextInt(model.size());
                assertThat(array.get(at)).isEqualTo(model.get(at));
            }
        }
        assertThat(array.toList()).isEqualTo(model);
        assertThat(array.slice(3, 9)).isEqualTo(model.subList(3, 9));
        assertThat(replica().getArray("a").toList()).isEqualTo(model);
    }

    @Test
    void map_setOverwriteDeleteClear() {
        map.set("a", 1);
        map.set("a", 2);
        map.set("b", null);
        assertThat(map.toMap()).hasSize(2).containsEntry("a", 2.0).containsEntry("b", null);
        assertThat(map.has("b")).isTrue();
        assertThat(map.get("c")).isNull();
        assertThat(map.has("c")).isFalse();
        map.delete("a");
        map.delete("c");
        assertThat(map.keys()).containsExactly("b");
        assertThat(map.size()).isEqualTo(1);
        map.clear();
        assertThat(map.toMap()).isEmpty();
        assertThat(replica().getMap("m").toMap()).isEmpty();
    }

    @Test
    void concurrentValuesOfAKey_oneWinsEverywhere() {
        Doc a = new Doc();
        Doc b = new Doc();
        a.getMap("m").set("k", "a");
        b.getMap("m").set("k", "b");
        a.applyUpdate(b.encodeStateAsUpdate());
        b.applyUpdate(a.encodeStateAsUpdate());
        assertThat(a.getMap("m").get("k")).isEqualTo(b.getMap("m").get("k"));
        assertThat(a.getMap("m").get("k")).isEqualTo(a.clientId() > b.clientId() ? "a" : "b");
    }

    @Test
    void nestedTypes_areBuiltBeforeAndReadAfter() {
        YMap inner = YMap.of(Map.of("list", YArray.of(1, "two")));
        array.push(inner);
        assertThat(array.toJson()).isEqualTo(List.of(Map.of("list", List.of(1.0, "two"))));
        assertThat(inner.parent()).isSameAs(array);
        assertThat(inner.doc()).isSameAs(doc);
        assertThatThrownBy(() -> array.push(inner)).isInstanceOf(IllegalArgumentException.class);
        array.push(inner.copy());
        assertThat(((YMap) array.get(1)).toJson()).isEqualTo(inner.toJson());
        array.delete(0);
        assertThat(inner.isDeleted()).isTrue();
        inner.set("lost", 1);
        assertThat(replica().getArray("a").toJson()).isEqualTo(array.toJson());
    }

    @Test
    void xml_isBuiltAndPrinted() {
        YXmlElement p = new YXmlElement("P");
        p.setAttribute("id", "1");
        p.setAttribute("class", "c");
        YXmlText text = new YXmlText("hello");
        text.format(0, 1, Map.of("b", Map.of("weight", 7)));
        p.push(text);
        p.push(new YXmlElement("br"));
        xml.insert(0, List.of(p, new YXmlText("end")));
        assertThat(xml).hasToString("<p class=\"c\" id=\"1\"><b weight=\"7\">h</b>ello<br></br></p>end");
        assertThat(xml.firstChild()).isSameAs(p);
        assertThat(p.nextSibling()).isInstanceOf(YXmlText.class);
        assertThat(p.previousSibling()).isNull();
        assertThat(text.nextSibling()).isInstanceOf(YXmlElement.class);
        assertThat(xml.querySelector("BR")).isSameAs(p.get(1));
        assertThat(xml.descendants()).hasSize(4);
        p.removeAttribute("id");
        assertThat(p.hasAttribute("id")).isFalse();
        assertThat(p.getAttributes()).isEqualTo(Map.of("class", "c"));
        xml.insertAfter(p, List.of(new YXmlHook("hook")));
        assertThat(xml.get(1)).isInstanceOf(YXmlHook.class);
        xml.push(p.copy());
        assertThat(replica().getXmlFragment("x")).hasToString(xml.toString());
        assertThatThrownBy(() -> xml.push(new YArray())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> xml.insertAfter(text, List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    /** As JavaScript's {@code String(value)}; checked there. */
    @Test
    void attributesOfAllKinds_arePrintedAsInJavaScript() {
        YXmlElement p = new YXmlElement("p");
        xml.push(p);
        p.setAttribute("a", Arrays.asList(List.of(), Arrays.asList(1, null, Any.UNDEFINED, "x"), List.of(List.of(2))));
        p.setAttribute("b", new byte[] {1, (byte) 255});
        p.setAttribute("c", Map.of("k", 1));
        p.setAttribute("d", List.of(Map.of(), 0.5));
        assertThat(p).hasToString("<p a=\",1,,,x,2\" b=\"1,255\" c=\"[object Object]\" d=\"[object Object],0.5\"></p>");
    }

    @Test
    void subdocuments_comeAndGo() {
        List<SubdocsEvent> events = new ArrayList<>();
        doc.onSubdocs(events::add);
        Doc inside = new Doc(DocOptions.create().withGuid("inside").withMeta(Map.of("n", 1)));
        map.set("d", inside);
        assertThat(events.get(0).added()).containsExactly(inside);
        assertThat(doc.subdocs()).containsExactly(inside);

        Doc other = new Doc();
        List<SubdocsEvent> there = new ArrayList<>();
        other.onSubdocs(there::add);
        other.applyUpdate(doc.encodeStateAsUpdate());
        Doc copy = (Doc) other.getMap("m").get("d");
        assertThat(copy.guid()).isEqualTo("inside");
        assertThat(copy.meta()).isEqualTo(Map.of("n", 1.0));
        assertThat(copy.shouldLoad()).isFalse();
        copy.load();
        assertThat(there.get(1).loaded()).containsExactly(copy);
        copy.destroy();
        assertThat(copy.isDestroyed()).isTrue();
        assertThat(other.getMap("m").get("d")).isNotSameAs(copy);

        map.delete("d");
        assertThat(events.get(1).removed()).containsExactly(inside);
        assertThat(inside.isDestroyed()).isTrue();
        assertThat(doc.subdocs()).isEmpty();
    }
}
