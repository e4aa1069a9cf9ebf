package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateSieve;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The owners of the client ids in a document. The first principal in the log with content under an id owns it
 * ({@link UpdateLog#introductions}), so all nodes agree. An id without an owner will belong to the next principal that uses it.
 * Used only in the room's turns.
 *
 * <p>The owners are read from the log when the room is loaded. Then own rows are added as they are committed. Rows of other
 * nodes carry no author: if one has a client id without an owner, the log is read again.
 */
final class ClientOwners {
    private final Replica replica;
    private final Batches batches;
    private final UpdateLog log;
    private final Consumer<Runnable> turns;
    private final Runnable onRead;
    private final Map<Long, String> owners = new HashMap<>();
    /** The row up to which the owners are known; -1 if none are. */
    private long known = -1;

    private boolean isReading;
    /** Counts the replicas of the room, so that an answer for an earlier replica is ignored. */
    private long life;

    /**
     * Creates owners that are all unknown.
     *
     * @param turns posts a task to the turns of the room
     * @param onRead run in a turn when the log has answered
     */
    ClientOwners(Replica replica, Batches batches, UpdateLog log, Consumer<Runnable> turns, Runnable onRead) {
        this.replica = replica;
        this.batches = batches;
        this.log = log;
        this.turns = turns;
        this.onRead = onRead;
    }

    /** Returns the principal that owns a client id; null if none does or the owner is not known yet ({@link #isKnown}). */
    @Nullable
    String owner(long client) {
        String owner = owners.get(client);
        return owner == null ? batches.introducer(client) : owner;
    }

    /** Whether it is known if a client id has an owner, and which. */
    boolean isKnown(long client) {
        return known >= replica.applied() || !UpdateSieve.hasStructs(replica.store(), client);
    }

    /** Starts again after the replica was loaded or replaced. */
    void begin() {
        life++;
        isReading = false;
        owners.clear();
        known = -1;
        read();
    }

    /** Notes a step of the replica. */
    void advanced(Advance step) {
        if (known == step.seq() - 1 && (step.own() != null ? note(step.own()) : haveOwners(step.update()))) {
            known = step.seq();
        }
        look();
    }

    /** Reads the log if it may contain more owners; after a failure the next tick tries again. */
    void look() {
        if (known < replica.applied()) {
            read();
        }
    }

    /**
     * Returns the client ids that a batch introduces as far as this node knows, and those of which it has learned since the batch
     * was accepted that another principal owns them; null if there are none. Content that the sockets have already claims
     * nothing, because it could not be held back any more.
     */
    UpdateLog.@Nullable Claim claim(Batch batch) {
        Author author = batch.author();
        if (!log.isShared()
                || batch.sent
                || batch.isEdits()
                || author == null
                || !author.origin().introduces()) {
            return null;
        }
        Set<Long> clients = batch.update().clients();
        clients.removeIf(client -> author.principal().equals(owners.get(client)));
        if (clients.isEmpty()) {
            return null;
        }
        if (clients.stream().anyMatch(owners::containsKey)) {
            return new UpdateLog.Claim(clients, 0);
        }
        boolean areNew = clients.stream().noneMatch(client -> UpdateSieve.hasStructs(replica.store(), client));
        return new UpdateLog.Claim(clients, Math.max(known, areNew ? replica.applied() : 0));
    }

    /** Notes owners from rows that the replica may not have yet. */
    void learn(Map<Long, String> by) {
        by.forEach(owners::putIfAbsent);
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
