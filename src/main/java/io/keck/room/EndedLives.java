package io.keck.room;

import io.keck.crdt.store.StateVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The lives of a name that ended a moment ago, by the client ids that had written in them. They tell a copy of an ended
 * life, which comes back in a tab that was left open, apart from a newcomer: a copy names client ids that the life of
 * today does not hold.
 *
 * <p>Bounded to the newest {@value #MAX_LIVES} lives and to {@value #MAX_CLIENTS} client ids of each, those that had
 * written most: 512 KiB in all. The ids are exact, so no newcomer is refused for another's id. What the bound leaves out
 * harms little: a copy names every client id that it has heard of, and one of them is enough.
 *
 * <p>Immutable, thread-safe.
 */
public final class EndedLives {
    /** No life has ended. */
    public static final EndedLives NONE = new EndedLives(List.of());

    /** Lives of one name. */
    public static final int MAX_LIVES = 16;
    /** Client ids of one life. */
    public static final int MAX_CLIENTS = 4_096;

    /**
     * One that has ended.
     *
     * @param clients in ascending order
     * @param millisLeft how long its copies are still refused
     */
    public record Life(long[] clients, long millisLeft) {
        boolean knows(long client) {
            return Arrays.binarySearch(clients, client) >= 0;
        }
    }

    private final List<Life> lives;

    private EndedLives(List<Life> lives) {
        this.lives = lives;
    }

    /** These lives, newest first; more than {@value #MAX_LIVES} are left out. */
    public static EndedLives of(List<Life> lives) {
        return lives.isEmpty()
                ? NONE
                : new EndedLives(List.copyOf(lives.subList(0, Math.min(lives.size(), MAX_LIVES))));
    }

    /**
     * The client ids in ascending order; of more than {@value #MAX_CLIENTS} those with the highest clocks.
     *
     * @param clocks by client id
     */
    public static long[] clients(Map<Long, Long> clocks) {
        List<Map.Entry<Long, Long>> all = new ArrayList<>(clocks.entrySet());
        if (all.size() > MAX_CLIENTS) {
            all.sort(Map.Entry.comparingByValue(Comparator.reverseOrder()));
        }
        return all.stream()
                .limit(MAX_CLIENTS)
                .mapToLong(Map.Entry::getKey)
                .sorted()
                .toArray();
    }

    boolean isEmpty() {
        return lives.isEmpty();
    }

    /** How long the last of them counts, in milliseconds since they were asked for. */
    long millisLeft() {
        return lives.stream().mapToLong(Life::millisLeft).max().orElse(0);
    }

    /**
     * Whether a peer has a copy of one of them.
     *
     * @param known what the peer says that it has
     * @param held what the life of today holds
     * @param age milliseconds since they were asked for
     */
    boolean haveCopyIn(StateVector known, StateVector held, long age) {
        return haveAnyOf(known.asMap().keySet(), held, age);
    }

    /**
     * Whether one of these clients has written in one of them and not in the life of today.
     *
     * @param clients client ids
     * @param held what the life of today holds
     * @param age milliseconds since they were asked for
     */
    boolean haveAnyOf(Set<Long> clients, StateVector held, long age) {
        for (long client : clients) {
            if (held.clock(client) == 0
                    && lives.stream().anyMatch(life -> life.millisLeft() > age && life.knows(client))) {
                return true;
            }
        }
        return false;
    }
}
