package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ItemTest {
    private static List<String> structs(Doc doc, long client) {
        List<String> out = new ArrayList<>();
        StructList list = doc.store().client(client);
        for (long p = list.first(); p != StructList.NONE; p = list.next(p)) {
            out.add(list.get(p).clock() + "+" + list.get(p).length());
        }
        return out;
    }

    @Test
    void clocksBeyond32Bits_areOriginsAndAreSplit() {
        long far = 1L << 40;
        byte[] update = new UpdateBuilder()
                .client(8, 0)
                .text("X", UpdateBuilder.id(7, far + 2), UpdateBuilder.id(7, far + 3))
                .client(7, 0)
                .deleted(far, null)
                .text("abcdef", UpdateBuilder.id(7, far - 1), null)
                .bytes();
        Doc doc = new Doc();
        doc.applyUpdate(update);
        assertThat(doc.getText("t")).hasToString("abcXdef");
        assertThat(structs(doc, 7)).containsExactly("0+" + far, far + "+3", (far + 3) + "+3");
        Doc copy = new Doc();
        copy.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(copy.getText("t")).hasToString("abcXdef");
        assertThat(copy.encodeStateAsUpdate()).isEqualTo(doc.encodeStateAsUpdate());
    }

    @Test
    void lengthThatGrowsBeyond32Bits_isMergedAndSplitAgain() {
        long half = 3L << 30;
        Doc doc = new Doc();
        doc.applyUpdate(new UpdateBuilder()
                .client(7, 0)
                .deleted(half, null)
                .deleted(half, UpdateBuilder.id(7, half - 1))
                .bytes());
        assertThat(structs(doc, 7)).containsExactly("0+" + 2 * half);
        doc.applyUpdate(new UpdateBuilder()
                .client(8, 0)
                .text("X", UpdateBuilder.id(7, half), UpdateBuilder.id(7, half + 1))
                .bytes());
        assertThat(structs(doc, 7)).containsExactly("0+" + (half + 1), (half + 1) + "+" + (half - 1));
        assertThat(doc.getText("t")).hasToString("X");
    }

    /** Items of a few authors who take turns share what they have in common, or there would be no point in it. */
    @Test
    void homes_areSharedByAlternatingAuthors() {
        StructList own = new StructList(1, 0);
        Branch parent = Branch.root(new Doc(), "t");
        StructList[] others = {null, own, new StructList(2, 1), new StructList(3, 2)};
        List<Home> first = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            int i = 0;
            for (StructList origin : others) {
                for (StructList right : others) {
                    Home home = own.home(parent, null, origin, right, 0, 0, 0, 0);
                    assertThat(home.originList).isSameAs(origin);
                    assertThat(home.rightList).isSameAs(right);
                    if (round == 48) {
                        first.add(home);
                    } else if (round == 49) {
                        first.set(i, first.get(i) == home ? null : home);
                    }
                    i++;
                }
            }
        }
        assertThat(first.stream().filter(home -> home == null).count())
                .as("homes made once for all rounds")
                .isGreaterThan(8);
    }
}
