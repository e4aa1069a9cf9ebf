package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Difference.Format;
import io.keck.crdt.Difference.Piece;
import io.keck.crdt.Difference.Type;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Id;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The difference of two states, put into the earlier one, gives the later one: for hand-made documents, and for random
 * histories of real Yjs whose states are made from the updates alone.
 */
class DifferenceTest {
    private static final int BATCH = 10;

    private static int batches() {
        return Boolean.getBoolean("keck.campaign") ? 200 : 4;
    }

    /** What one type changed. */
    private static final class Told {
        final Type type;
        final List<String> path;
        final List<Object> steps = new ArrayList<>();
        final Map<String, Piece[]> keys = new TreeMap<>();

        Told(Type type, List<String> path) {
            this.type = type;
            this.path = path;
        }
    }

    private record Kept(long length, Map<String, Format> changed) {}

    private record Deleted(Piece piece) {}

    private static Map<String, Told> tell(Doc doc, Snapshot from, Snapshot to) {
        Map<String, Told> all = new HashMap<>();
        Difference.tell(doc, from, to, new Difference.Receiver() {
            private @Nullable Told now;

            @Override
            public void begin(List<String> path, Type type) {
                assertThat(now).isNull();
                now = new Told(type, path);
                assertThat(all.put(idOf(path, type.id()), now)).isNull();
            }

            @Override
            public void kept(long length, Map<String, Format> changed) {
                now.steps.add(new Kept(length, changed));
            }

            @Override
            public void inserted(Piece piece) {
                now.steps.add(piece);
            }

            @Override
            public void deleted(Piece piece) {
                now.steps.add(new Deleted(piece));
            }

            @Override
            public void key(String key, @Nullable Piece before, @Nullable Piece after) {
                now.keys.put(key, new Piece[] {before, after});
            }

            @Override
            public void end() {
                now = null;
            }
        });
        return all;
    }

    private static String idOf(List<String> path, @Nullable Id id) {
        return id == null ? path.get(0) : id.toString();
    }

    // ------------------------------------------------------------------ what a document shows

    private static String shown(@Nullable Object content) {
        return content instanceof Type type
                ? type.kind() + " " + type.id()
                : content instanceof Difference.Embed embed
                        ? "embed " + plain(embed.value())
                        : content instanceof Difference.Subdocument sub ? "document " + sub.guid() : plain(content);
    }

    /** A pair that a later edit cuts is two replacement characters from then on, deleted or not, as in Yjs. */
    private static String whole(String unit) {
        return Character.isSurrogate(unit.charAt(0)) ? "\ufffd" : unit;
    }

    private static String plain(@Nullable Object value) {
        return value instanceof byte[] bytes ? java.util.Arrays.toString(bytes) : String.valueOf(value);
    }

    private static List<String> units(Piece piece) {
        List<String> units = new ArrayList<>();
        for (int i = 0; i < piece.length(); i++) {
            Object content = piece.content();
            Object one = content instanceof String text
                    ? whole(text.substring(i, i + 1))
                    : content instanceof List<?> values ? values.get(i) : content;
            units.add(shown(one) + new TreeMap<>(piece.formats()));
        }
        return units;
    }

    /** Everything that a document shows, type by type, read item by item. */
    private static Map<String, Map<String, Object>> states(Doc doc) {
        // the difference to nothing would ask the code under test
        Map<String, Map<String, Object>> all = new HashMap<>();
        for (String root : doc.rootNames()) {
            state(doc.root(root), root, all);
        }
        return all;
    }

    private static void state(Branch branch, String key, Map<String, Map<String, Object>> all) {
        List<String> list = new ArrayList<>();
        Map<String, @Nullable Object> formats = new TreeMap<>();
        for (Item item = branch.start; item != null; item = item.right) {
            if (item.isDeleted()) {
                continue;
            }
            if (item.content() instanceof ContentFormat format) {
                if (format.value == null) {
                    formats.remove(format.key);
                } else {
                    formats.put(format.key, format.value);
                }
                continue;
            }
            boolean isFormatted =
                    item.isString() || item.content() instanceof ContentEmbed || item.content() instanceof ContentType;
            for (int i = 0; i < item.length() && item.isCountable(); i++) {
                list.add(unit(item, i, all) + (isFormatted ? formats : Map.of()));
            }
        }
        Map<String, Object> state = new HashMap<>();
        state.put("list", list);
        Map<String, String> map = new TreeMap<>();
        if (branch.hasMap()) {
            branch.map().forEach((name, item) -> {
                if (!item.isDeleted()) {
                    map.put(name, unit(item, (int) item.length() - 1, all));
                }
            });
        }
        state.put("map", map);
        all.put(key, state);
    }

    private static String unit(Item item, int i, Map<String, Map<String, Object>> all) {
        Id id = new Id(item.list().client, item.clock());
        if (item.isString()) {
            StringBuilder one = new StringBuilder();
            item.list().text().appendTo(one, item.at + i, item.at + i + 1);
            return whole(one.toString());
        }
        if (item.content() instanceof ContentType type) {
            state(type.branch, id.toString(), all);
            String kind = switch (type.branch.kind()) {
                case Branch.ARRAY -> "array";
                case Branch.MAP -> "map";
                case Branch.TEXT -> "text";
                case Branch.XML_ELEMENT -> "xml-element";
                case Branch.XML_TEXT -> "xml-text";
                default -> "other";
            };
            return kind + " " + id;
        }
        if (item.content() instanceof ContentDoc sub) {
            return "document " + sub.doc().guid();
        }
        Object value = item.content().value(item, i);
        return item.content() instanceof ContentEmbed ? "embed " + plain(value) : plain(value);
    }

    /** What the earlier state becomes with the difference. */
    private static Map<String, Object> applied(@Nullable Map<String, Object> before, @Nullable Told told) {
        List<?> old = before == null ? List.of() : (List<?>) before.get("list");
        Map<String, String> map = new TreeMap<>();
        if (before != null) {
            ((Map<?, ?>) before.get("map")).forEach((key, value) -> map.put((String) key, (String) value));
        }
        List<String> list = new ArrayList<>();
        int at = 0;
        for (Object step : told == null ? List.of() : told.steps) {
            if (step instanceof Kept kept) {
                for (long i = 0; i < kept.length(); i++) {
                    list.add(formatted((String) old.get(at++), kept.changed()));
                }
            } else if (step instanceof Deleted deleted) {
                List<String> units = units(deleted.piece());
                assertThat(old.subList(at, at + units.size())).isEqualTo(units);
                at += units.size();
            } else {
                list.addAll(units((Piece) step));
            }
        }
        for (; at < old.size(); at++) {
            list.add((String) old.get(at));
        }
        if (told != null) {
            told.keys.forEach((key, pieces) -> {
                assertThat(map.get(key)).isEqualTo(pieces[0] == null ? null : value(pieces[0]));
                if (pieces[1] == null) {
                    map.remove(key);
                } else {
                    map.put(key, value(pieces[1]));
                }
            });
        }
        return new HashMap<>(Map.of("list", list, "map", map));
    }

    private static String value(Piece piece) {
        return units(piece).get(0).replaceFirst("\\{}$", "");
    }

    /** A unit with other formats; formats of tests have no commas in their values, except objects, which are compared whole. */
    private static String formatted(String unit, Map<String, Format> changed) {
        if (changed.isEmpty()) {
            return unit;
        }
        int open = formatsOf(unit);
        Map<String, Object> formats = new TreeMap<>();
        String inside = unit.substring(open + 1, unit.length() - 1);
        for (String each : inside.isEmpty() ? new String[0] : inside.split(", (?=(?:b|i|color)=)")) {
            formats.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
        }
        changed.forEach((key, format) -> {
            if (format.value() == null) {
                formats.remove(key);
            } else {
                formats.put(key, format.value());
            }
        });
        return unit.substring(0, open) + formats;
    }

    private static int formatsOf(String unit) {
        int depth = 0;
        for (int i = unit.length() - 1; ; i--) {
            depth += unit.charAt(i) == '}' ? 1 : unit.charAt(i) == '{' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
    }

    private static void check(List<byte[]> updates, int a, int b, String what) {
        Doc whole = new Doc(DocOptions.create().withGc(false));
        Doc earlier = new Doc(DocOptions.create().withGc(false));
        Doc later = new Doc(DocOptions.create().withGc(false));
        updates.forEach(whole::applyUpdate);
        updates.subList(0, a).forEach(earlier::applyUpdate);
        updates.subList(0, b).forEach(later::applyUpdate);
        byte[] bytes = whole.encodeStateAsUpdate();
        Map<String, Told> difference = tell(whole, Snapshot.of(earlier), Snapshot.of(later));
        assertThat(whole.encodeStateAsUpdate()).as(what).isEqualTo(bytes);
        Map<String, Map<String, Object>> before = states(earlier);
        states(later).forEach((key, state) -> {
            Told told = difference.get(key);
            assertThat(applied(before.get(key), told))
                    .as("%s type %s", what, key)
                    .isEqualTo(state);
            if (told != null && told.type.id() != null) {
                assertThat(told.path).as(what).hasSizeGreaterThan(1);
            }
        });
    }

    @Test
    void randomHistories_betweenAnyTwoMoments() throws Exception {
        long first = Seeds.next("DifferenceTest") & 0x7fff_ffffL;
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                long seed = first + (long) batch * BATCH;
                for (int i = 0; i < BATCH; i++) {
                    yjs.session(seed + i, 2 + i % 3, 100, i % 2 == 0);
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < BATCH; i++) {
                    check(answers, answers.get(i), seed + i);
                }
            }
        }
    }

    private static void check(YjsOracle.Answers answers, JsonNode session, long seed) {
        List<byte[]> updates = new ArrayList<>();
        session.get("updates").forEach(index -> updates.add(answers.blob(index)));
        Random random = new Random(seed);
        for (int i = 0; i < 5; i++) {
            int a = random.nextInt(updates.size() + 1);
            int b = random.nextInt(updates.size() + 1);
            check(updates, a, b, "seed " + seed + ", " + a + " to " + b);
        }
    }

    // ------------------------------------------------------------------ by hand

    private static Doc doc() {
        Doc doc = new Doc(DocOptions.create().withGc(false));
        doc.setClientId(7);
        return doc;
    }

    private static String text(Map<String, Told> difference, String key) {
        return Objects.requireNonNull(difference.get(key)).steps.stream()
                .map(step -> step instanceof Kept kept
                        ? "=" + kept.length() + (kept.changed().isEmpty() ? "" : kept.changed())
                        : step instanceof Deleted deleted
                                ? "-" + deleted.piece().content()
                                : "+" + ((Piece) step).content() + ((Piece) step).formats())
                .collect(Collectors.joining(" "));
    }

    @Test
    void text_thatWasInsertedDeletedAndFormatted() {
        Doc doc = doc();
        doc.getText("t").insert(0, "one two three");
        Snapshot before = Snapshot.of(doc);
        doc.getText("t").format(0, 3, Map.of("b", true));
        doc.getText("t").delete(4, 3);
        doc.getText("t").insert(4, "2", Map.of("i", true));
        doc.getText("t").insert(5, "gone");
        doc.getText("t").delete(5, 4);
        Snapshot after = Snapshot.of(doc);
        doc.getText("t").insert(0, "later");
        assertThat(text(tell(doc, before, after), "t"))
                .isEqualTo("=3{b=Format[value=true, mark=7:13, isDeletion=false]} =1 -two +2{i=true}");
        assertThat(text(tell(doc, after, before), "t"))
                .isEqualTo("=3{b=Format[value=null, mark=7:13, isDeletion=true]} =1 +two{} -2");
        assertThat(tell(doc, after, after)).isEmpty();
    }

    @Test
    void types_thatCameAndWent_areToldWithWhatIsInThem() {
        Doc doc = doc();
        YXmlElement old = new YXmlElement("old");
        doc.getXmlFragment("x").insert(0, old);
        old.insert(0, new YXmlText("bye"));
        Snapshot before = Snapshot.of(doc);
        doc.getXmlFragment("x").insert(0, new YXmlElement("new"));
        ((YXmlElement) doc.getXmlFragment("x").get(0)).setAttribute("id", "5");
        doc.getXmlFragment("x").delete(1, 1);
        Map<String, Told> difference = tell(doc, before, Snapshot.of(doc));
        assertThat(text(difference, "x"))
                .isEqualTo("+Type[kind=xml-element, name=new, id=7:5]{} -Type[kind=xml-element, name=old, id=7:0]");
        assertThat(difference.get("7:5").keys.get("id")[1].content()).isEqualTo(List.of("5"));
        assertThat(difference.get("7:5").path).containsExactly("x", "0");
        assertThat(text(difference, "7:1")).isEqualTo("-bye");
    }

    @Test
    void aDocumentThatDropsWhatIsDeleted_isRefused() {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() ->
                        tell(new Doc(), Snapshot.EMPTY, Snapshot.of(new DeleteSet(), Snapshot.EMPTY.stateVector()))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
