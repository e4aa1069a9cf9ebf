package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MarkersTest {
    /** More places than there are markers, edited forwards and backwards, against a plain string. */
    @Test
    void editsByIndex_areWhereTheyShouldBe() {
        Random random = new Random(11);
        Doc doc = new Doc();
        YText text = doc.getText("t");
        StringBuilder model = new StringBuilder();
        int cursor = 0;
        for (int i = 0; i < 60_000; i++) {
            if (random.nextInt(20) == 0) {
                cursor = random.nextInt(model.length() + 1);
            }
            if (cursor > 0 && random.nextInt(5) < 2) {
                cursor--;
                text.delete(cursor, 1);
                model.deleteCharAt(cursor);
            } else {
                String inserted = Character.toString('a' + random.nextInt(26));
                text.insert(cursor, inserted);
                model.insert(cursor, inserted);
                cursor++;
            }
            if (i % 2000 == 0) {
                assertThat(text.toString()).isEqualTo(model.toString());
            }
        }
        assertThat(text.toString()).isEqualTo(model.toString());
    }

    /** Both ways of a search, for every unit. */
    @Test
    void everyUnit_isFoundFromBothSides() {
        Random random = new Random(12);
        Doc doc = new Doc();
        YArray array = doc.getArray("a");
        for (int i = 0; i < 3000; i++) {
            array.insert(random.nextInt(array.length() + 1), List.of(i));
            if (array.length() > 10 && i % 5 == 0) {
                array.delete(random.nextInt(array.length() - 2), 2);
            }
        }
        List<Object> all = array.toList();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < all.size(); i++) {
                int at = round == 0 ? i : round == 1 ? all.size() - 1 - i : random.nextInt(all.size());
                assertThat(array.get(at)).isEqualTo(all.get(at));
            }
        }
    }
}
