package io.keck.room;

import io.keck.crdt.store.StateVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The recently ended lives of a name, with the client ids that wrote in them. They distinguish a copy of an ended life,
 * which comes back from a tab that was left open, from a newcomer: a copy names client ids that the current life does
 * not contain.
 *
 * <p>Bounded to the newest {@value #MAX_LIVES} lives and to the {@value #MAX_CLIENTS} client ids of each life that had
 * written most: 512 KiB in all. The ids are exact, so no newcomer is refused because of another client's id. Ids beyond
 * the bound matter little: a copy names every client id that it has seen, and one match is enough.
 *
 * <p>Immutable, thread-safe.
 */
public final class EndedLives {
    /** No life has ended. */
    public static final EndedLives NONE = new EndedLives(List.of());

    /** The largest number of lives of one name. */
    public static final int MAX_LIVES = 16;
    /** The largest number of client ids of one life. */
    public static final int MAX_CLIENTS = 4_096;

    /**
     * An ended life.
     *
     * @param clients in ascending order
     * @param millisLeft milliseconds for which its copies are still refused
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

    /** Creates a list of lives, newest first; those beyond {@value #MAX_LIVES} are dropped. */
    public static EndedLives of(List<Life> lives) {
        return lives.isEmpty()
                ? NONE
                : new EndedLives(List.copyOf(lives.subList(0, Math.min(lives.size(), MAX_LIVES))));
    }

    /**
     * Returns client ids in ascending order; beyond {@value #MAX_CLIENTS} only those with the highest clocks.
     *
     * @param clocks the clocks by client id
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

    /** Milliseconds, from the time of the query on, until no life counts any more. */
    long millisLeft() {
        return lives.stream().mapToLong(Life::millisLeft).max().orElse(0);
    }

    /**
     * Whether a peer has a copy of one of these lives.
     *
     * @param known the state vector of the peer
     * @param held the state vector of the current life
     * @param age milliseconds since the query for these lives
     */
    boolean haveCopyIn(StateVector known, StateVector held, long age) {
        return haveAnyOf(known.asMap().keySet(), held, age);
    }

    /**
     * Whether one of these clients has written in an ended life and not in the current one.
     *
     * @param clients client ids
     * @param held the state vector of the current life
     * @param age milliseconds since the query for these lives
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
