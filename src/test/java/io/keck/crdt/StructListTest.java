package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StructListTest {
    private static List<String> print(StructList list) {
        List<String> out = new ArrayList<>();
        for (long p = list.first(); p != StructList.NONE; p = list.next(p)) {
            Struct struct = list.get(p);
            out.add(struct.clock() + "+" + struct.length());
            assertThat(list.find(struct.clock())).isEqualTo(p);
            assertThat(list.find(struct.end() - 1)).isEqualTo(p);
        }
        return out;
    }

    /** Random splits and merges, against a plain list. */
    @Test
    void splitsAndMerges_keepOrderAndPositions() {
        Random random = new Random(4);
        StructList list = new StructList(1, 0);
        List<GC> model = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            GC struct = new GC(list, list.end(), 1 + random.nextInt(50));
            list.append(struct);
            model.add(struct);
        }
        for (int i = 0; i < 20_000; i++) {
            int at = random.nextInt(model.size());
            GC struct = model.get(at);
            boolean splits = (i / 2000) % 2 == 0; // grows for a while, then shrinks
            if (splits && struct.length() > 1) {
                long offset = 1 + random.nextInt((int) struct.length() - 1);
                GC rest = struct.cut(offset);
                long position = list.insertAfter(list.find(struct.clock()), rest);
                assertThat(list.get(position)).isSameAs(rest);
                model.add(at + 1, rest);
            } else if (!splits && at > 0) {
                GC left = model.get(at - 1);
                assertThat(left.mergeWith(struct)).isTrue();
                long position = list.remove(list.find(struct.clock()));
                assertThat(list.get(position)).isSameAs(left);
                model.remove(at);
            }
            assertThat(list.size()).isEqualTo(model.size());
        }
        List<String> expected = new ArrayList<>();
        model.forEach(struct -> expected.add(struct.clock() + "+" + struct.length()));
        assertThat(print(list)).isEqualTo(expected);
        int middle = model.size() / 2;
        assertThat(list.countFrom(list.find(model.get(middle).clock()))).isEqualTo(model.size() - middle);
        assertThat(list.get(list.last())).isSameAs(model.get(model.size() - 1));
        assertThat(list.previous(list.first())).isEqualTo(StructList.NONE);
    }

    @Test
    void gap_isRefused() {
        StructList list = new StructList(1, 0);
        assertThat(list.first()).isEqualTo(StructList.NONE);
        assertThatThrownBy(() -> list.append(new GC(list, 1, 1))).isInstanceOf(IllegalStateException.class);
    }

    /** Most of a long text and of many values goes; what is left must not notice that the buffers were rewritten. */
    @Test
    void compaction_keepsWhatIsThere() {
        Doc doc = new Doc();
        YText text = doc.getText("t");
        YArray array = doc.getArray("a");
        for (int i = 0; i < 40_000; i++) {
            text.insert(text.length(), Integer.toString(i % 10));
            array.push(i);
            if (text.length() > 100) {
                text.delete(0, 50);
                array.delete(0, 50);
            }
        }
        assertThat(text.toString()).isEqualTo("0123456789".repeat(20).substring(0, text.length()));
        assertThat(array.get(array.length() - 1)).isEqualTo(39_999.0);
        Doc copy = new Doc();
        copy.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(copy.getText("t")).hasToString(text.toString());
        assertThat(copy.getArray("a").toList()).isEqualTo(array.toList());
    }
}
