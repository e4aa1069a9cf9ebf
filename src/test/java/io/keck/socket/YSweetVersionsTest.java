package io.keck.socket;

import static io.keck.protocol.YSweetMessage.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which version of a client of y-sweet is called saved. */
class YSweetVersionsTest {
    private final YSweetVersions versions = new YSweetVersions();

    @Test
    void firstVersion_waitsForTheAnswerToTheFirstStep1() {
        assertThat(versions.came(7)).isEqualTo(NONE);
        assertThat(versions.saved(0)).isEqualTo(NONE);
        versions.step2();
        assertThat(versions.came(7)).isEqualTo(NONE);
        assertThat(versions.saved(1)).isEqualTo(7);
        assertThat(versions.came(7)).isEqualTo(7);
    }

    @Test
    void version_isSavedWithTheUpdateBeforeIt() {
        versions.step2();
        versions.saved(1);
        versions.update();
        assertThat(versions.came(1)).isEqualTo(NONE);
        versions.update();
        assertThat(versions.came(2)).isEqualTo(NONE);
        assertThat(versions.saved(2)).isEqualTo(1);
        assertThat(versions.came(2)).isEqualTo(1);
        assertThat(versions.saved(3)).isEqualTo(2);
        assertThat(versions.saved(3)).as("told once").isEqualTo(NONE);
    }

    @Test
    void version_afterARefusedUpdate_waitsForAnotherStep2() {
        versions.step2();
        versions.came(0);
        assertThat(versions.saved(1)).isZero();
        versions.refused();
        assertThat(versions.came(1)).isZero();
        versions.update();
        assertThat(versions.saved(2)).isEqualTo(NONE);
        versions.step2();
        assertThat(versions.saved(3)).isEqualTo(1);
    }

    @Test
    void highestVersion_isTold_whereSeveralStandForOnePosition() {
        versions.step2();
        versions.came(3);
        versions.came(5);
        versions.came(4);
        assertThat(versions.saved(1)).isEqualTo(5);
    }

    @Test
    void positionsBeyondTheBound_areToldTogether_andNeverTooEarly() {
        versions.step2();
        versions.saved(1);
        int many = YSweetVersions.MAX_WAITING + 10;
        for (int i = 1; i <= many; i++) {
            versions.update();
            versions.came(i);
        }
        assertThat(versions.saved(many)).isEqualTo(YSweetVersions.MAX_WAITING - 1);
        assertThat(versions.saved(many + 1)).isEqualTo(many);
    }

    /** What a client does, in any order: edits online and offline, refusals, heartbeats, commits. */
    private static List<String> liesOf(YSweetVersions versions, Random random) {
        List<String> lies = new ArrayList<>();
        long edits = 3; // typed offline
        long atServer = 0; // edits up to here were given to the room, without a gap
        boolean isWhole = false;
        List<Long> given = new ArrayList<>(); // what was given with each position, or what it was
        long committed = 0;
        for (int i = 0; i < 60; i++) {
            long told = NONE;
            switch (random.nextInt(5)) {
                case 0 -> {
                    edits++;
                    if (random.nextInt(4) == 0) {
                        versions.refused();
                        isWhole = false;
                    } else {
                        versions.update();
                        atServer = isWhole ? edits : atServer;
                        given.add(atServer);
                    }
                    told = versions.came(edits);
                }
                case 1 -> told = versions.came(edits);
                case 2 -> {
                    versions.step2();
                    isWhole = true;
                    atServer = edits;
                    given.add(edits);
                }
                default -> {
                    committed = Math.min(given.size(), committed + random.nextInt(3));
                    told = versions.saved(committed);
                }
            }
            long truth = committed == 0 ? -1 : given.get((int) committed - 1);
            if (told > truth) {
                lies.add("version " + told + " after " + committed + " of " + given);
            }
        }
        return lies;
    }

    @Test
    void savedVersion_isNeverAboveWhatIsCommitted() {
        long seed = Seeds.next("YSweetVersionsTest");
        for (int i = 0; i < 2_000; i++) {
            Random random = new Random(seed + i);
            assertThat(liesOf(new YSweetVersions(), random))
                    .as("seed %d", seed + i)
                    .isEmpty();
        }
    }

    /** Twin: whoever does not wait for the step 2 calls edits saved that were typed offline and are not here yet. */
    @Test
    void twin_withoutWaitingForStep2_lies() {
        long lies = 0;
        for (int i = 0; i < 200; i++) {
            lies += liesOf(new YSweetVersions(false), new Random(i)).size();
        }
        assertThat(lies).isPositive();
    }
}
