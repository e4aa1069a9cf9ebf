package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.keck.crdt.lib0.DecodeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random damage to good updates. A Doc either refuses one and is as it was, or takes it in and is still a document: it
 * can be read, edited, encoded, and whoever gets what it encodes knows as much. (Not more: with origins that contradict each
 * other the order of items depends on the order in which they came, in YATA itself.)
 */
class DocFuzzTest {
    private static final Duration NEVER_HANGS = Duration.ofSeconds(20);

    private static int rounds() {
        return Boolean.getBoolean("keck.campaign") ? 20_000 : 400;
    }

    @Test
    void damagedUpdates_areRefusedOrLeaveADocument() {
        long first = Long.getLong("keck.seed", Boolean.getBoolean("keck.campaign") ? new Random().nextInt() : 5);
        System.out.println("DocFuzzTest seeds from " + first);
        int accepted = 0;
        for (int round = 0; round < rounds(); round++) {
            long seed = first + round;
            accepted += assertTimeoutPreemptively(NEVER_HANGS, () -> run(seed), "seed " + seed);
        }
        assertThat(accepted).as("updates that were taken in").isGreaterThan(rounds() / 10);
    }

    /** Says how many damaged updates were taken in. */
    private static int run(long seed) {
        Random random = new Random(seed);
        EditScript script = new EditScript(seed, 2, 40, true);
        Doc doc = DocSessionConformance.doc(script.gc());
        List<byte[]> updates = new ArrayList<>(script.updates);
        int accepted = 0;
        for (byte[] update : updates) {
            if (random.nextInt(6) > 0) {
                doc.applyUpdate(update);
                continue;
            }
            byte[] damaged = damage(update, random);
            byte[] before = doc.encodeStateAsUpdate();
            try {
                doc.applyUpdate(damaged);
                accepted++;
            } catch (DecodeException e) {
                assertThat(doc.encodeStateAsUpdate()).as("seed %d", seed).isEqualTo(before);
            }
        }
        check(doc, seed);
        return accepted;
    }

    private static byte[] damage(byte[] update, Random random) {
        byte[] damaged = update.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(damaged.length);
            damaged[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : damaged[at] + random.nextInt(5) - 2);
        }
        return damaged;
    }

    private static void check(Doc doc, long seed) {
        for (String name : List.copyOf(doc.rootNames())) {
            if (doc.root(name).kind() == Branch.UNKNOWN) {
                doc.getArray(name);
            }
        }
        assertThat(TaggedJson.print(doc.toJson())).as("seed %d", seed).isNotEmpty();
        Doc copy = DocSessionConformance.doc(doc.gc());
        copy.applyUpdate(Update.decode(doc.encodeStateAsUpdate(), DecodeLimits.OWN), null);
        assertThat(copy.stateVector()).as("seed %d", seed).isEqualTo(doc.stateVector());
        doc.transact(transaction -> doc.rootNames().forEach(name -> {
            YArray array = doc.getArray(name);
            array.insert(array.length() / 2, List.of("still", "alive"));
            array.delete(0, array.length());
        }));
        assertThat(doc.encodeStateAsUpdate()).as("seed %d", seed).isNotEmpty();
    }
}
