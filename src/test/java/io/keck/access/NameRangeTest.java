package io.keck.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keck.testing.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NameRangeTest {
    private static final String[] LETTERS = {"a", "b", " ", "\ud7ff", "\ue000", "\uffef", "\ud83d\ude00", "\udbff\udfff"
    };

    private static String word(Random random, int most) {
        StringBuilder word = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            word.append(LETTERS[random.nextInt(LETTERS.length)]);
        }
        return word.toString();
    }

    @Test
    void order_isThatOfTheBytes_andARangeHasExactlyItsPrefix() {
        Random random = new Random(Seeds.next("NameRangeTest.order"));
        for (int i = 0; i < 20_000; i++) {
            String a = word(random, 4);
            String b = word(random, 4);
            int bytes = Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
            assertEquals(Integer.signum(bytes), Integer.signum(NameRange.ORDER.compare(a, b)), a + " and " + b);
            assertEquals(a.startsWith(b), NameRange.of(b).contains(a), a + " within " + b);
        }
        assertNull(NameRange.of("\udbff\udfff").to());
        assertEquals("b", NameRange.of("a\udbff\udfff").to());
    }

    /** The ranges leave out no name with the right, and hold none without it but those that a rule excepts by name. */
    @Test
    void rangesOfRules_holdWhatTheRulesAllow() {
        Random random = new Random(Seeds.next("NameRangeTest.rules"));
        int seen = 0;
        for (int i = 0; i < 400; i++) {
            List<Rule> rules = new ArrayList<>();
            Set<Right> reading = Set.of(Right.READ);
            for (int n = random.nextInt(7); n >= 0; n--) {
                String match = word(random, 3) + (random.nextBoolean() ? "*" : "");
                if (!match.isEmpty()) {
                    rules.add(new Rule(match, random.nextInt(3) > 0 ? reading : Set.of()));
                }
            }
            Rules all = new Rules(rules);
            List<NameRange> ranges = all.names(Right.READ);
            for (int k = 1; k < ranges.size(); k++) {
                String end = ranges.get(k - 1).to();
                assertTrue(
                        end != null
                                && NameRange.ORDER.compare(end, ranges.get(k).from()) <= 0,
                        "" + ranges);
            }
            for (int n = 0; n < 300; n++) {
                String name = word(random, 4);
                boolean isIn = ranges.stream().anyMatch(range -> range.contains(name));
                boolean isNamed = rules.stream().anyMatch(rule -> rule.match().equals(name));
                if (all.on(name).contains(Right.READ)) {
                    seen++;
                    assertTrue(isIn, name + " by " + rules);
                } else if (!isNamed) {
                    assertFalse(isIn, name + " by " + rules);
                }
            }
        }
        assertTrue(seen > 10_000, "names with the right: " + seen);
    }

    @Test
    void patternsThatNoNameCanMatch_makeNoRange() {
        assertEquals(
                List.of(NameRange.of("b")),
                new Rules(List.of(
                                new Rule("\ud800*", Set.of(Right.READ)),
                                new Rule("a\u0000", Set.of(Right.READ)),
                                new Rule("b*", Set.of(Right.READ))))
                        .names(Right.READ));
        assertEquals(List.of(new NameRange("", null)), Rules.ALL.names(Right.READ));
        assertEquals(List.of(), Rules.NONE.names(Right.READ));
    }
}
