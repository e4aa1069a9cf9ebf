package io.keck.heap;

import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Closes guests until enough bytes are free. Iterates over all parties, so it is meant for emergencies. Used by one thread.
 *
 * <p>A party is an address or a room. The party furthest above its share loses its largest guest, then the search starts
 * again. Addresses come first, since an address is closer to a person than a room is. An address is also charged for the
 * rooms that only it uses, unless many connections are in such a room: a busy room belongs to no single peer, even if all of
 * its peers connect through one proxy.
 */
final class Relief {
    /** The number of connections from which on a room is not charged to an address. */
    static final int MANY = 16;

    private final Supplier<Stream<Party>> parties;
    private final long share;
    private final Consumer<Guest> sendAway;
    private final Set<Guest> closed = new HashSet<>();

    Relief(Supplier<Stream<Party>> parties, long share, Consumer<Guest> sendAway) {
        this.parties = parties;
        this.share = share;
        this.sendAway = sendAway;
    }

    /** Closes guests until that many bytes are freed or no guest is left. */
    void get(long bytes) {
        long left = bytes;
        while (left > 0) {
            long got = sendLargestAway();
            if (got == 0) {
                return;
            }
            left -= got;
        }
    }

    private long sendLargestAway() {
        for (boolean isAddress : new boolean[] {true, false}) {
            IdentityHashMap<Party, IdentityHashMap<Guest, Long>> above = new IdentityHashMap<>();
            parties.get().filter(party -> party.isAddress == isAddress).forEach(party -> {
                IdentityHashMap<Guest, Long> guests = guests(party);
                if (sum(guests) > share) {
                    above.put(party, guests);
                }
            });
            Optional<Map.Entry<Guest, Long>> largest = above.values().stream()
                    .max(Comparator.comparingLong(Relief::sum))
                    .flatMap(guests -> guests.entrySet().stream().max(Map.Entry.comparingByValue()));
            if (largest.isPresent() && largest.get().getValue() > 0) {
                closed.add(largest.get().getKey());
                sendAway.accept(largest.get().getKey());
                return largest.get().getValue();
            }
        }
        return 0;
    }

    private static long sum(IdentityHashMap<Guest, Long> guests) {
        return guests.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The guests of a party that can be closed, with the bytes that each would free. */
    private IdentityHashMap<Guest, Long> guests(Party party) {
        IdentityHashMap<Guest, Long> guests = new IdentityHashMap<>();
        Set<Party> visited = new HashSet<>();
        for (Tally tally : party.tallies) {
            count(tally, guests);
            Party room = tally.room;
            if (party.isAddress && room != null && visited.add(room) && isAlone(party, room)) {
                room.tallies.stream().filter(t -> t.address == null).forEach(t -> count(t, guests));
            }
        }
        return guests;
    }

    private void count(Tally tally, IdentityHashMap<Guest, Long> guests) {
        @Nullable Guest guest = tally.guest;
        if (guest != null && !closed.contains(guest)) {
            guests.merge(guest, tally.bytes(), Long::sum);
        }
    }

    private static boolean isAlone(Party address, Party room) {
        Set<Guest> connections = new HashSet<>();
        for (Tally tally : room.tallies) {
            if (tally.address != null && tally.address != address) {
                return false;
            }
            if (tally.address != null && tally.guest != null) {
                connections.add(tally.guest);
            }
        }
        return connections.size() < MANY;
    }
}
