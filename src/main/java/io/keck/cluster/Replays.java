package io.keck.cluster;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Detects replayed messages of the bus by the boot of the sender and its counter; a late message is no replay. Only signed
 * messages are passed in, so every boot is that of a node. Thread-safe: used by one route's thread and by the timer that
 * drops lost nodes.
 */
final class Replays {
    /** The number of counters below the highest that are told apart; older ones count as seen. */
    static final int WINDOW = 4_096;

    private static final class Seen {
        long highest = -1;
        final BitSet window = new BitSet(WINDOW);
    }

    private final Map<Long, Seen> seen = new HashMap<>();

    /** Whether this message is seen for the first time; remembers it. */
    synchronized boolean isNew(long boot, long counter) {
        if (counter < 0) {
            return false;
        }
        Seen of = seen.computeIfAbsent(boot, b -> new Seen());
        if (counter > of.highest) {
            if (counter - of.highest >= WINDOW) {
                of.window.clear();
            } else {
                for (long c = of.highest + 1; c < counter; c++) {
                    of.window.clear((int) (c % WINDOW));
                }
            }
            of.highest = counter;
        } else if (of.highest - counter >= WINDOW || of.window.get((int) (counter % WINDOW))) {
            return false;
        }
        of.window.set((int) (counter % WINDOW));
        return true;
    }

    /** Whether a signed message of that boot was seen. */
    synchronized boolean knows(long boot) {
        return seen.containsKey(boot);
    }

    /** Forgets all boots except those that may still be heard. */
    synchronized void keepOnly(Set<Long> boots) {
        seen.keySet().retainAll(boots);
    }
}
