package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random damage to good updates. A Doc either refuses one and is as it was, or takes it in and is still a document: it
 * can be read, edited, encoded, and whoever gets what it encodes has the same content, to the last unit. But for two
 * differences, both of Yjs too. Where damage made origins that contradict each other, the order of the items depends on the
 * order in which they came; with it which value of a key is the last, and so what is deleted. And an item whose origin was
 * collected with the type it stood in is collected itself where it comes later. That must be rare, and even then all that
 * stands in a root here stands in that root there or is collected.
 */
class DocFuzzTest {
    /** Deleted content may claim a great length. */
    private static final int FEW = 1000;

    private static final Duration NEVER_HANGS = Duration.ofSeconds(20);

    private static int rounds() {
        return Boolean.getBoolean("keck.campaign") ? 20_000 : 400;
    }

    @Test
    void damagedUpdates_areRefusedOrLeaveADocument() {
        long first = Long.getLong("keck.seed", Boolean.getBoolean("keck.campaign") ? new Random().nextInt() : 5);
        System.out.println("DocFuzzTest seeds from " + first);
        int accepted = 0;
        int different = 0;
        for (int round = 0; round < rounds(); round++) {
            long seed = first + round;
            Outcome outcome = assertTimeoutPreemptively(NEVER_HANGS, () -> run(seed), "seed " + seed);
            accepted += outcome.accepted;
            different += outcome.same ? 0 : 1;
        }
        System.out.println("DocFuzzTest: " + accepted + " damaged updates taken in, " + different + " of " + rounds()
                + " documents with another order in a copy");
        assertThat(different).as("documents of which a copy differs").isLessThan(rounds() / 100);
        assertThat(accepted).as("updates that were taken in").isGreaterThan(rounds() / 10);
    }

    /**
     * What became of one document.
     *
     * @param accepted how many damaged updates were taken in
     * @param same whether the content of a copy is the same to the last unit
     */
    private record Outcome(int accepted, boolean same) {}

    private static Outcome run(long seed) {
        Random random = new Random(seed);
        EditScript script = new EditScript(seed, 2, 40, EditScript.Pairs.CUT);
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
        return new Outcome(accepted, check(doc, seed));
    }

    private static byte[] damage(byte[] update, Random random) {
        byte[] damaged = update.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(damaged.length);
            damaged[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : damaged[at] + random.nextInt(5) - 2);
        }
        return damaged;
    }

    /** Says whether the content of a copy is the same to the last unit. */
    private static boolean check(Doc doc, long seed) {
        for (String name : List.copyOf(doc.rootNames())) {
            if (doc.root(name).kind() == Branch.UNKNOWN) {
                doc.getArray(name);
            }
        }
        assertThat(TaggedJson.print(doc.toJson())).as("seed %d", seed).isNotEmpty();
        Doc copy = copyOf(doc);
        assertThat(copy.stateVector()).as("seed %d", seed).isEqualTo(doc.stateVector());
        assertThat(copy.isWaiting()).as("seed %d", seed).isEqualTo(doc.isWaiting());
        assertThat(lost(doc, copy)).as("seed %d", seed).isEmpty();
        assertThat(lost(copy, doc)).as("seed %d", seed).isEmpty();
        boolean same = copy.deletes().equals(doc.deletes()) && lists(copy).equals(lists(doc));
        doc.transact(transaction -> doc.rootNames().forEach(name -> {
            YArray array = doc.getArray(name);
            array.insert(array.length() / 2, List.of("still", "alive"));
            array.delete(0, array.length());
        }));
        assertThat(doc.encodeStateAsUpdate()).as("seed %d", seed).isNotEmpty();
        return same;
    }

    /** What stands in a root of one document, and in the other neither stands there nor is collected. */
    private static Set<String> lost(Doc doc, Doc other) {
        Map<String, List<String>> there = lists(other);
        Set<String> lost = new TreeSet<>();
        lists(doc).forEach((name, list) -> {
            Set<String> ids = new HashSet<>();
            there.getOrDefault(name, List.of()).forEach(unit -> ids.add(id(unit)));
            for (String unit : list) {
                String[] id = id(unit).split(":");
                StructList history = other.store().client(Long.parseLong(id[0]));
                if (name.startsWith("root ")
                        && !ids.contains(id(unit))
                        && !(history.at(Long.parseLong(id[1])) instanceof GC)) {
                    lost.add(name + " " + unit);
                }
            }
        });
        return lost;
    }

    private static String id(String unit) {
        return unit.substring(0, unit.indexOf(' '));
    }

    private static Doc copyOf(Doc doc) {
        Doc copy = DocSessionConformance.doc(doc.gc());
        copy.applyUpdate(Update.decode(doc.encodeStateAsUpdate(), DecodeLimits.OWN), null);
        return copy;
    }

    /** Every list of every type, in order: which units stand there, whether they are deleted, what they hold. */
    private static SortedMap<String, List<String>> lists(Doc doc) {
        SortedMap<String, List<String>> lists = new TreeMap<>();
        ArrayDeque<Branch> todo = new ArrayDeque<>();
        doc.rootNames().forEach(name -> todo.add(doc.root(name)));
        while (!todo.isEmpty()) {
            Branch branch = todo.remove();
            String parent = branch.item == null
                    ? "root " + branch.name()
                    : branch.item.id().toString();
            add(lists, parent, branch.start, todo);
            if (branch.hasMap()) {
                branch.map().keySet().forEach(key -> add(lists, parent + "/" + key, branch.first(key), todo));
            }
        }
        return lists;
    }

    private static void add(
            SortedMap<String, List<String>> lists, String name, @Nullable Item first, ArrayDeque<Branch> todo) {
        List<String> units = new ArrayList<>();
        for (Item item = first; item != null; item = item.right) {
            boolean countable = item.isCountable() && !item.isDeleted();
            for (int i = 0; i < item.length() && i < FEW; i++) {
                Object value = countable ? item.content().value(item, i) : null;
                units.add(item.list().client + ":" + (item.clock() + i) + (item.isDeleted() ? " deleted" : " ")
                        + (value instanceof AbstractType || value instanceof Doc ? "type" : TaggedJson.print(value)));
            }
            if (item.content() instanceof ContentType type) {
                todo.add(type.branch);
            }
        }
        if (!units.isEmpty()) {
            lists.put(name, units);
        }
    }
}
