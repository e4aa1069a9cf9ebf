package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateSieve;
import io.keck.metrics.RoomMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Updates that are committed as one row, reduced to what was new. The bytes of a single update are used as they are;
 * further updates are merged in place, so the size of a batch depends on its content and not on its history. A batch
 * has one author. Used only in the turns of its room.
 */
final class Batch {
    final UUID id;
    /** Numbers rise with age order: a batch that has waited longer has a smaller number; see {@link Batches#oldest}. */
    final long number;

    private @Nullable Author author;
    private @Nullable Update single;
    private @Nullable StructStore merged;
    private @Nullable Member origin;
    private boolean severalOrigins;
    private byte @Nullable [] payload;

    /** The edits of back ends in this batch; empty if it comes from sockets or other nodes. */
    final List<Edit> edits = new ArrayList<>();

    /** Whether the batch was already sent to the sockets, which happens only in unsaved mode. */
    boolean sent;
    /** When its oldest update was received, by the clock of {@link RoomMetrics}; 0 if none came from a socket. */
    long receivedAt;
    /** The number of updates merged into it. */
    int updates;
    /** The beginning of the turn that first handed it to the log, by the clock of {@link RoomMetrics}. */
    long handedOver;
    /** Whether it was ever handed to the log. */
    boolean submitted;
    /** When it was first handed to the log. */
    long submittedAt;

    /** @param author the author of everything in the batch; null if unknown */
    Batch(UUID id, long number, @Nullable Author author) {
        this.id = id;
        this.number = number;
        this.author = author;
    }

    /** The author; null if unknown. */
    @Nullable
    Author author() {
        return author;
    }

    /** Whether the batch has this author, or both are unknown; fast for the connection that was last asked about. */
    boolean isBy(@Nullable Author other) {
        return Objects.equals(author, other);
    }

    /** Removes the author, because content of other authors may be added. */
    void isByMany() {
        author = null;
    }

    /** The part of {@code u} that this batch does not contain. */
    Update reduce(Update u) {
        return store().reduce(u);
    }

    /** The part of {@code deletes} whose structs this batch does not contain. */
    DeleteSet withoutHeld(DeleteSet deletes) {
        return UnheldDeletes.without(deletes, store());
    }

    /** Whether that clock of a client is in here. */
    boolean has(long client, long clock) {
        return UpdateSieve.has(store(), client, clock);
    }

    /** Whether content of a client is in here. */
    boolean hasStructs(long client) {
        return UpdateSieve.hasStructs(store(), client);
    }

    /** Reports ids under which an update has different content than this batch. */
    void contradictions(Update update, Contradictions.Finder finder) {
        Contradictions.find(store(), update, finder);
    }

    /** Whether this batch is a mark that only the log needs, see {@link ForgetMark}. */
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

    /** Adds an edit. The batch must not contain updates from sockets. */
    void add(Edit edit) {
        add(edit.update(), null);
        edits.add(edit);
    }

    /** Whether it consists of edits. Such a batch is dropped if it cannot be committed, and is never sent unsaved. */
    boolean isEdits() {
        return !edits.isEmpty();
    }

    /** The key by which a repeated request is recognised, or null. */
    @Nullable
    RequestKey key() {
        return edits.isEmpty() ? null : edits.get(0).key();
    }

    /** Whether it has no content and only stores its key. */
    boolean isKeyOnly() {
        return key() != null && edits.get(0).update().isEmpty();
    }

    /** The socket that contributed last, or null. */
    @Nullable
    Member lastOrigin() {
        return origin;
    }

    /** The only socket that contributed to it, or null. */
    @Nullable
    Member soleOrigin() {
        return severalOrigins ? null : origin;
    }

    /** Encodes the current content as a V1 update. */
    byte[] encode() {
        return single != null ? single.encode() : store().encode();
    }

    /** Fixes the batch, so that nothing can be added any more, and returns it as a V1 update. */
    byte[] payload() {
        if (payload == null) {
            payload = encode();
        }
        return payload;
    }

    /** Whether the batch is fixed, so that nothing can be added. */
    boolean isFixed() {
        return payload != null;
    }

    /** The batch as an update to apply. */
    Update update() {
        return single != null ? single : Update.decode(encode(), DecodeLimits.OWN);
    }

    /** The approximate bytes on the heap. */
    long memory() {
        return merged != null ? merged.memory() : single != null ? single.encode().length + 200L : 0;
    }
}
