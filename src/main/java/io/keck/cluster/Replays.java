package io.keck.cluster;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Tells a message of the bus that comes again from one that comes late: by boot of the sender, the counters that were seen
 * lately. Only signed messages are shown to it, so each boot is one of a node. Touched by one lane's thread, and by the
 * supervision that forgets nodes.
 */
final class Replays {
    /** Counters below the highest that are told apart; older ones count as seen. */
    static final int WINDOW = 4_096;

    private static final class Seen {
        long highest = -1;
        final BitSet window = new BitSet(WINDOW);
    }

    private final Map<Long, Seen> seen = new HashMap<>();

    /** Whether that message has not come before; notes it. */
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

    /** Whether that boot signs. */
    synchronized boolean knows(long boot) {
        return seen.containsKey(boot);
    }

    /** Forgets boots that are too old to be heard again. */
    synchronized void keepOnly(Set<Long> boots) {
        seen.keySet().retainAll(boots);
    }
}
