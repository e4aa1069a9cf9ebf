package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.time.Duration;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Legal updates of a few hundred kilobytes that make an engine work for minutes when it works piece by piece: each of
 * them took quadratic time once. Here they take a fraction of a second; the time limit only has to tell that from
 * minutes.
 */
class HostileUpdateTest {
    private static final int MANY = 150_000;
    private static final Duration LINEAR = Duration.ofSeconds(10);

    private final StructStore store = new StructStore();

    private void take(byte[] bytes) {
        Update news = store.reduce(Update.decode(bytes));
        store.apply(news);
        StructStore copy = new StructStore();
        copy.apply(Update.decode(store.encode()));
        assertThat(copy.stateVector()).isEqualTo(store.stateVector());
    }

    private static byte[] deletes(int count, IntConsumer range, Encoder out) {
        out.writeVarUint(0);
        out.writeVarUint(1);
        out.writeVarUint(7);
        out.writeVarUint(count);
        for (int i = 0; i < count; i++) {
            range.accept(i);
        }
        return out.toByteArray();
    }

    /** Every second clock from {@code first} on, as a GC of length 1. */
    private static UpdateBuilder everySecondClock(UpdateBuilder update, long first) {
        update.client(7, first);
        for (int i = 0; i < MANY; i++) {
            update.gc(1).skip(1);
        }
        return update;
    }

    @Test
    void deletesInDescendingOrder() {
        Encoder out = new Encoder();
        byte[] bytes = deletes(
                MANY,
                i -> {
                    out.writeVarUint(3L * (MANY - i));
                    out.writeVarUint(1);
                },
                out);
        assertTimeoutPreemptively(LINEAR, () -> take(bytes));
        assertThat(store.reduce(Update.decode(bytes)).isEmpty()).isTrue();
    }

    @Test
    void deletesBetweenDeletes() {
        for (int first : new int[] {0, 2}) {
            Encoder out = new Encoder();
            byte[] bytes = deletes(
                    MANY,
                    i -> {
                        out.writeVarUint(4L * i + first);
                        out.writeVarUint(1);
                    },
                    out);
            assertTimeoutPreemptively(LINEAR, () -> take(bytes));
        }
        assertThat(store.deletes().contains(7, 4 * 777 + 2)).isTrue();
        assertThat(store.deletes().contains(7, 4 * 777 + 1)).isFalse();
    }

    @Test
    void structsInEveryGap_inOneUpdate() {
        byte[] bytes =
                everySecondClock(everySecondClock(new UpdateBuilder(), 0), 1).bytes();
        assertTimeoutPreemptively(LINEAR, () -> take(bytes));
        assertThat(store.stateVector().clock(7)).isEqualTo(2L * MANY);
    }

    @Test
    void structsInEveryGap_inTwoUpdates() {
        byte[] odd = everySecondClock(new UpdateBuilder(), 1).bytes();
        byte[] even = everySecondClock(new UpdateBuilder(), 0).bytes();
        assertTimeoutPreemptively(LINEAR, () -> {
            take(odd);
            take(even);
        });
        assertThat(store.stateVector().clock(7)).isEqualTo(2L * MANY);
    }

    @Test
    void structsInDescendingBlocks() {
        UpdateBuilder update = new UpdateBuilder();
        for (int i = MANY; i > 0; i--) {
            update.client(7, 2L * i).gc(1);
        }
        byte[] bytes = update.bytes();
        assertTimeoutPreemptively(LINEAR, () -> take(bytes));
        assertThat(store.stateVector().clock(7)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneStructAcrossAllGaps(boolean text) {
        store.apply(everySecondClock(new UpdateBuilder(), 1).build());
        byte[] bytes = acrossAll(text);
        assertTimeoutPreemptively(LINEAR, () -> take(bytes));
        assertThat(store.stateVector().clock(7)).isEqualTo(2L * MANY);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everySecondElementDeleted(boolean text) {
        Encoder out = new Encoder();
        byte[] bytes = deletes(
                MANY / 2,
                i -> {
                    out.writeVarUint(2L * i);
                    out.writeVarUint(1);
                },
                out);
        assertTimeoutPreemptively(LINEAR, () -> {
            take(acrossAll(text));
            take(bytes);
        });
    }

    private static byte[] acrossAll(boolean text) {
        UpdateBuilder update = new UpdateBuilder().client(7, 0);
        return (text ? update.text("é".repeat(2 * MANY)) : update.any(null, new Object[2 * MANY])).bytes();
    }

    @Test
    void deletesOfGaps_collectNothing() {
        store.apply(new UpdateBuilder()
                .client(7, 0)
                .text("x".repeat(2_000_000))
                .skip(1L << 50)
                .gc(1)
                .build());
        assertTimeoutPreemptively(LINEAR, () -> {
            for (long i = 1; i <= 5_000; i++) {
                store.apply(new UpdateBuilder().delete(7, i << 30, 1 << 29).build());
            }
        });
        assertThat(store.deletes().contains(7, 5_000L << 30)).isTrue();
    }
}
