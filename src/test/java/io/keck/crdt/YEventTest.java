package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class YEventTest {
    private final Doc doc = new Doc();

    @Test
    void keys_sayWhatBecameOfThem() {
        YMap map = doc.getMap("m");
        map.set("update", 1);
        map.set("delete", "old");
        List<Map<String, KeyChange>> seen = new ArrayList<>();
        map.observe(event -> {
            seen.add(event.keys());
            assertThat(event.keysChanged()).contains("add");
            assertThat(event.childListChanged()).isFalse();
        });
        doc.transact(transaction -> {
            map.set("add", 1);
            map.set("update", 2);
            map.set("update", 3);
            map.delete("delete");
            map.set("both", 1);
            map.delete("both");
        });
        assertThat(seen)
                .containsExactly(Map.of(
                        "add", new KeyChange(KeyChange.Action.ADD, null),
                        "update", new KeyChange(KeyChange.Action.UPDATE, 1.0),
                        "delete", new KeyChange(KeyChange.Action.DELETE, "old")));
    }

    @Test
    void listDelta_hasValues() {
        YArray array = doc.getArray("a");
        array.insert(0, List.of(1, 2, 3, 4));
        List<YEvent> seen = new ArrayList<>();
        array.observe(event -> {
            seen.add(event);
            assertThat(event.delta()).containsExactly(Delta.retain(1), Delta.insert(List.of("x")), Delta.delete(2));
            assertThat(event.added()).containsExactly("x");
            assertThat(event.deleted()).containsExactly(2.0, 3.0);
        });
        doc.transact(transaction -> {
            array.delete(1, 2);
            array.insert(1, List.of("x"));
        });
        assertThat(seen).hasSize(1);
        assertThatThrownBy(() -> seen.get(0).added()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void deepObserver_getsPathsNearestFirst() {
        YMap root = doc.getMap("m");
        root.set("list", YArray.of("first", YMap.of(Map.of("n", 1))));
        YMap inner = (YMap) ((YArray) root.get("list")).get(1);
        List<List<Object>> paths = new ArrayList<>();
        List<AbstractType> targets = new ArrayList<>();
        root.observeDeep(events -> events.forEach(event -> {
            paths.add(event.path());
            targets.add(event.target());
            assertThat(event.currentTarget()).isSameAs(root);
        }));
        doc.transact(transaction -> {
            inner.set("n", 2);
            root.set("k", 1);
        });
        assertThat(paths).containsExactly(List.of(), List.of("list", 1));
        assertThat(targets).containsExactly(root, inner);
    }

    @Test
    void typeThatIsNew_hasNoEventOfItsOwn() {
        YArray array = doc.getArray("a");
        int[] events = new int[1];
        array.observeDeep(all -> events[0] += all.size());
        array.push(YMap.of(Map.of("a", 1, "b", 2)));
        assertThat(events[0]).isEqualTo(1);
    }

    /** A delta applied to what was there before gives what is there now, for local edits and for those of others. */
    @Test
    void textDelta_leadsFromBeforeToAfter() {
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            Doc mirror = new Doc();
            YText copy = mirror.getText("t");
            Doc local = new Doc();
            Doc remote = new Doc();
            local.getText("t").observe(event -> copy.applyDelta(event.delta()));
            for (int i = 0; i < 120; i++) {
                Doc one = random.nextBoolean() ? local : remote;
                one.transact(transaction -> edit(one.getText("t"), random));
                if (random.nextInt(6) == 0) {
                    local.applyUpdate(remote.encodeStateAsUpdate(local.stateVector()));
                    remote.applyUpdate(local.encodeStateAsUpdate(remote.stateVector()));
                }
                assertThat(copy.toString())
                        .as("seed %d step %d", seed, i)
                        .isEqualTo(local.getText("t").toString());
                assertThat(joined(copy.toDelta()))
                        .as("seed %d step %d", seed, i)
                        .isEqualTo(joined(local.getText("t").toDelta()));
            }
        }
    }

    /** Neighbours with the same formats as one. */
    private static List<Delta> joined(List<Delta> delta) {
        List<Delta> out = new ArrayList<>();
        for (Delta each : delta) {
            Delta.Insert next = (Delta.Insert) each;
            if (!out.isEmpty()
                    && out.get(out.size() - 1) instanceof Delta.Insert last
                    && last.attributes().equals(next.attributes())) {
                out.set(out.size() - 1, Delta.insert((String) last.value() + next.value(), next.attributes()));
            } else {
                out.add(next);
            }
        }
        return out;
    }

    private static void edit(YText text, Random random) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(text.length() + 1);
            int length = Math.min(text.length() - at, random.nextInt(4));
            Map<String, Object> formats = Map.of(random.nextBoolean() ? "b" : "i", random.nextInt(2));
            switch (random.nextInt(4)) {
                case 0 -> text.insert(at, "xyz".substring(random.nextInt(3)));
                case 1 -> text.insert(at, "ab", formats);
                case 2 -> text.delete(at, length);
                default -> text.format(at, length, formats);
            }
        }
    }
}
