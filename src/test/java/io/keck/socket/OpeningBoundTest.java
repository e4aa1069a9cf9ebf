package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that opens a thousand documents at once, on a socket that is read only while the bound allows it. */
class OpeningBoundTest {
    private boolean isRead = true;

    private final OpeningBound<Integer> bound = new OpeningBound<>(8, () -> isRead = false, () -> isRead = true);

    /** With a bound that is never reached all of them are opened at once. */
    @ParameterizedTest
    @ValueSource(ints = {8, 1_000})
    void documentsOpen_aFewAtATime_andAllOfThem(int most) {
        OpeningBound<Integer> here = new OpeningBound<>(most, () -> isRead = false, () -> isRead = true);
        Queue<Integer> opening = new ArrayDeque<>();
        int frames = 0;
        int peak = 0;
        while (frames < 1_000 || !opening.isEmpty()) {
            while (isRead && frames < 1_000) {
                opening.add(frames);
                here.opens(frames++);
                peak = Math.max(peak, opening.size());
            }
            here.release(opening.remove());
        }
        assertThat(peak).isEqualTo(Math.min(1_000, most + 1));
        assertThat(isRead).isTrue();
    }

    @Test
    void socketIsRead_exactlyWhileNothingIsAboveItsBound() {
        Random random = new Random(1);
        Set<Integer> opening = new HashSet<>();
        Set<Integer> holding = new HashSet<>();
        for (int step = 0; step < 10_000; step++) {
            int document = random.nextInt(30);
            switch (random.nextInt(3)) {
                case 0 -> {
                    opening.add(document);
                    bound.opens(document);
                }
                case 1 -> {
                    holding.add(document);
                    bound.hold(document);
                }
                default -> {
                    opening.remove(document);
                    holding.remove(document);
                    bound.release(document);
                }
            }
            assertThat(isRead).as("step %d", step).isEqualTo(opening.size() <= 8 && holding.isEmpty());
        }
    }
}
