package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import io.keck.metrics.RoomMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Updates that go into the log together, reduced to what was new. As long as there is one update its bytes are used
 * as they are; from the second on they are merged in place, so that a batch is as large as its content and not as its
 * history. All of it is of one author. Belongs to one room.
 */
final class Batch {
    final UUID id;
    /** Those that wait longer have smaller numbers; see {@link Batches#oldest}. */
    final long number;

    private @Nullable Author author;
    private @Nullable Update single;
    private @Nullable StructStore merged;
    private @Nullable Member origin;
    private boolean severalOrigins;
    private byte @Nullable [] payload;

    /** The edits of back ends that it is made of; empty where it comes from sockets or other nodes. */
    final List<Edit> edits = new ArrayList<>();

    /** Whether the sockets have it already: true only where the database was away when it came. */
    boolean sent;
    /** When the oldest update in it came, by the clock of {@link RoomMetrics}; 0 when it came from no socket. */
    long receivedAt;
    /** How many updates it was made of. */
    int updates;
    /** When the turn began that first handed it to the log, by the clock of {@link RoomMetrics}. */
    long handedOver;
    /** Whether it was handed to the log. */
    boolean submitted;
    /** When it was first handed to the log. */
    long submittedAt;

    /** @param author of all that will be in it; null where nobody knows */
    Batch(UUID id, long number, @Nullable Author author) {
        this.id = id;
        this.number = number;
        this.author = author;
    }

    /** Who made it; null where nobody knows. */
    @Nullable
    Author author() {
        return author;
    }

    /** Whether that author, or nobody known, made all of it; costs nothing where the same connection is asked about again. */
    boolean isBy(@Nullable Author other) {
        return Objects.equals(author, other);
    }

    /** From now on it may hold what others have made, so that nobody is named. */
    void isByMany() {
        author = null;
    }

    /** What of {@code u} is not in here. */
    Update reduce(Update u) {
        return store().reduce(u);
    }

    /** The part of deletes whose structs are not in here. */
    DeleteSet withoutHeld(DeleteSet deletes) {
        return UnheldDeletes.without(deletes, store());
    }

    /** Finds ids of which an update says something else. */
    void contradictions(Update update, Contradictions.Finder finder) {
        Contradictions.find(store(), update, finder);
    }

    /** Whether it is a mark for the log and says nothing to anybody else. */
    boolean isMark() {
        return single != null && single.forgetsUnheldDeletes();
    }

    void add(Update u, @Nullable Member from) {
        updates++;
        if (single == null && merged == null) {
            single = u;
        } else {
            store().apply(u);
            single = null;
            severalOrigins |= origin != from;
        }
        origin = from;
        if (receivedAt == 0 && from != null) {
            receivedAt = from.cameAt;
        }
    }

    private StructStore store() {
        if (merged == null) {
            merged = new StructStore();
            if (single != null) {
                merged.apply(single);
            }
        }
        return merged;
    }

    /** Adds an edit; nothing that comes from sockets may be in the same batch. */
    void add(Edit edit) {
        add(edit.update(), null);
        edits.add(edit);
    }

    /** Whether it is made of edits: such a batch is dropped when it cannot be committed, and not passed on before. */
    boolean isEdits() {
        return !edits.isEmpty();
    }

    /** What makes a repeat known, or null. */
    @Nullable
    RequestKey key() {
        return edits.isEmpty() ? null : edits.get(0).key();
    }

    /** Whether it adds nothing, and only its key is to be remembered. */
    boolean isKeyOnly() {
        return key() != null && edits.get(0).update().isEmpty();
    }

    /** The one socket that all of it came from, or null. */
    @Nullable
    Member soleOrigin() {
        return severalOrigins ? null : origin;
    }

    /** The batch as a V1 update, as it is now. */
    byte[] encode() {
        return single != null ? single.encode() : store().encode();
    }

    /** Fixes the batch and gives it as a V1 update; from now on nothing may be added. */
    byte[] payload() {
        if (payload == null) {
            payload = encode();
        }
        return payload;
    }

    /** Whether nothing may be added any more. */
    boolean isFixed() {
        return payload != null;
    }

    /** The batch as an update to apply. */
    Update update() {
        return single != null ? single : Update.decode(encode(), DecodeLimits.OWN);
    }

    /** Bytes of heap, roughly. */
    long memory() {
        return merged != null ? merged.memory() : single != null ? single.encode().length + 200L : 0;
    }
}
