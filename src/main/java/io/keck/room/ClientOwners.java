package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateSieve;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who owns the client ids of a document: who introduced them, in the order of its log ({@link UpdateLog#introductions}), so
 * that all nodes agree. An id that nobody introduced belongs to whoever brings it next. Touched only in the room's turns.
 *
 * <p>Read from the log when the room is loaded. From then on own rows are noted as they are committed. A row of another
 * node does not say whose it is: where it has a client id without an owner, the log is asked again.
 */
final class ClientOwners {
    private final Replica replica;
    private final Batches batches;
    private final UpdateLog log;
    private final Consumer<Runnable> turns;
    private final Runnable onRead;
    private final Map<Long, String> owners = new HashMap<>();
    /** The row up to which the owners are known; -1 for none. */
    private long known = -1;

    private boolean isReading;
    /** Counts the replicas of the room: what was asked for an earlier one is not heard. */
    private long life;

    /**
     * Nothing is known yet.
     *
     * @param turns posts something to the turns of the room
     * @param onRead run in a turn when the log has answered
     */
    ClientOwners(Replica replica, Batches batches, UpdateLog log, Consumer<Runnable> turns, Runnable onRead) {
        this.replica = replica;
        this.batches = batches;
        this.log = log;
        this.turns = turns;
        this.onRead = onRead;
    }

    /** The principal that owns a client id; null where nobody does, or it is not known yet ({@link #isKnown}). */
    @Nullable
    String owner(long client) {
        String owner = owners.get(client);
        return owner == null ? batches.introducer(client) : owner;
    }

    /** Whether it is known who owns a client id, if anybody does. */
    boolean isKnown(long client) {
        return known >= replica.applied() || !UpdateSieve.hasStructs(replica.store(), client);
    }

    /** The replica is loaded, or became another one. */
    void begin() {
        life++;
        isReading = false;
        owners.clear();
        known = -1;
        read();
    }

    /** The replica has taken a step. */
    void advanced(Advance step) {
        if (known == step.seq() - 1 && (step.own() != null ? note(step.own()) : haveOwners(step.update()))) {
            known = step.seq();
        }
        look();
    }

    /** Asks the log if it knows more; after a failure, at the next tick. */
    void look() {
        if (known < replica.applied()) {
            read();
        }
    }

    private boolean note(Batch own) {
        Author author = own.author();
        if (author != null && author.origin().introduces()) {
            own.update().clients().forEach(client -> owners.putIfAbsent(client, author.principal()));
        }
        return true;
    }

    private boolean haveOwners(Update update) {
        return owners.keySet().containsAll(update.clients());
    }

    private void read() {
        if (isReading) {
            return;
        }
        isReading = true;
        long asked = life;
        log.introductions(replica.roomId(), Math.max(known, 0))
                .whenComplete((found, error) -> turns.accept(() -> {
                    if (asked != life) {
                        return;
                    }
                    isReading = false;
                    if (found != null) {
                        found.by().forEach(owners::putIfAbsent);
                        known = Math.max(known, found.seq());
                        onRead.run();
                        look();
                    }
                }));
    }
}
