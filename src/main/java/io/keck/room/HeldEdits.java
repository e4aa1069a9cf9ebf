package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateSieve;
import io.keck.failure.RoomDamaged;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.State;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies updates that strict authorship holds: on a decision, and by itself once everything that an entry needed is present.
 * They are committed as edits of the principal that sent them. Used only in the room's turns.
 */
final class HeldEdits {
    private static final Logger LOG = LoggerFactory.getLogger(HeldEdits.class);

    private final RoomContext context;
    private final Replica replica;
    private final Batches batches;
    private final Consumer<Runnable> turns;
    private final Consumer<Edit> submit;
    private boolean isLooking;

    /**
     * Creates edits with none in progress.
     *
     * @param turns posts a task to the turns of the room
     * @param submit passes an edit to the room, in a turn of the room
     */
    HeldEdits(RoomContext context, Replica replica, Batches batches, Consumer<Runnable> turns, Consumer<Edit> submit) {
        this.context = context;
        this.replica = replica;
        this.batches = batches;
        this.turns = turns;
        this.submit = submit;
    }

    /** Accepts every struct whose requirements are present. */
    private record Anything(Replica replica, Batches batches) implements UpdateSieve.Judge {
        @Override
        public int group(long client) {
            return UpdateSieve.TAKEN;
        }

        @Override
        public boolean has(long client, long clock) {
            return UpdateSieve.has(replica.store(), client, clock) || batches.have(client, clock);
        }
    }

    /** Accepts the structs that a principal may write, as {@link HeldBack} judges them. */
    private record Own(ClientOwners owners, String principal, Anything document) implements UpdateSieve.Judge {
        @Override
        public int group(long client) {
            String owner = owners.owner(client);
            boolean isOwn = owner == null ? owners.isKnown(client) : owner.equals(principal);
            return isOwn ? UpdateSieve.TAKEN : UpdateSieve.WAITING;
        }

        @Override
        public boolean has(long client, long clock) {
            return document.has(client, clock);
        }
    }

    /**
     * Takes an entry in, as far as its requirements are present.
     *
     * @param by the deciding principal
     * @param answer receives the entry afterwards; null if none of it can be applied. Fails as an edit does
     */
    void takeIn(Held held, Entry entry, String by, CompletableFuture<@Nullable Entry> answer) {
        if (!replica.isFollowing()) {
            answer.completeExceptionally(new RoomDamaged(replica.roomId(), "the room can only be read"));
            return;
        }
        Update whole = Update.decode(entry.payload(), DecodeLimits.OWN);
        Update fresh = fresh(whole);
        if (fresh.isEmpty()) {
            settle(held, entry, whole, State.TAKEN, by, answer);
            return;
        }
        Update taken = ready(fresh, new Anything(replica, batches));
        if (taken.isEmpty()) {
            answer.complete(null);
            return;
        }
        submit(held, entry, taken, entry.author().takenInBy(by), State.TAKEN, by, answer);
    }

    private Update fresh(Update whole) {
        return batches.fresh(whole, replica.store());
    }

    /** Returns the part whose requirements are present, without deletions of missing structs. */
    private Update ready(Update fresh, UpdateSieve.Judge judge) {
        Update ready = UpdateSieve.separate(fresh, judge).getOrDefault(UpdateSieve.TAKEN, Update.EMPTY);
        DeleteSet unheld = UnheldDeletes.of(ready, replica.store());
        DeleteSet rest = unheld == null ? null : batches.withoutHeld(unheld);
        return rest == null || rest.isEmpty() ? ready : UnheldDeletes.strip(ready, rest);
    }

    private void submit(
            Held held,
            Entry entry,
            Update taken,
            Author author,
            State state,
            String by,
            CompletableFuture<@Nullable Entry> answer) {
        submit.accept(new Edit() {
            @Override
            public Update update() {
                return taken;
            }

            @Override
            public @Nullable RequestKey key() {
                return null;
            }

            @Override
            public Author author() {
                return author;
            }

            @Override
            public boolean isLost() {
                return false;
            }

            @Override
            public void committed(long roomId, long seq) {
                context.metrics().heldTaken();
                Update whole = Update.decode(entry.payload(), DecodeLimits.OWN);
                boolean isAll =
                        state == State.TAKEN && replica.store().reduce(whole).isEmpty();
                settle(held, entry, isAll ? whole : taken, state, by, answer); // the document may have had a part of it
            }

            @Override
            public void failed(RuntimeException error) {
                answer.completeExceptionally(error);
            }
        });
    }

    /** Takes the applied part out of the entry. If that fails, the next look finds that the document has it. */
    private void settle(
            Held held, Entry entry, Update taken, State state, String by, CompletableFuture<@Nullable Entry> answer) {
        held.store()
                .settle(entry.roomId(), entry.id(), taken.encode(), state, by)
                .whenComplete((now, error) -> {
                    if (error != null) {
                        LOG.warn(
                                "Held entry {} of room {} was taken in, but could not be removed from the list; trying again later",
                                entry.id(),
                                entry.roomId(),
                                error);
                    }
                    answer.complete(now == null ? entry : now.orElse(entry));
                });
    }

    // ------------------------------------------------------------------ entries that need no decision

    /** Checks whether entries are in the document by now, or have everything that they need. */
    void look(Held held, @Nullable ClientOwners owners) {
        if (owners == null || isLooking || !replica.isFollowing()) {
            return;
        }
        isLooking = true;
        held.store()
                .ofRoom(replica.roomId())
                .whenComplete((entries, error) -> turns.accept(() -> {
                    if (entries == null) {
                        isLooking = false;
                    } else {
                        next(held, owners, entries.iterator());
                    }
                }));
    }

    private void next(Held held, ClientOwners owners, Iterator<Entry> entries) {
        while (entries.hasNext()) {
            Entry entry = entries.next();
            if (entry.state() != State.HELD) {
                continue;
            }
            CompletableFuture<@Nullable Entry> done = new CompletableFuture<>();
            if (comesIn(held, owners, entry, done)) {
                var unused = done.whenComplete((now, error) -> turns.accept(() -> next(held, owners, entries)));
                return;
            }
        }
        isLooking = false;
    }

    /** Whether a part of an entry is on its way into the document, or the document has all of it. */
    private boolean comesIn(Held held, ClientOwners owners, Entry entry, CompletableFuture<@Nullable Entry> done) {
        Update whole = Update.decode(entry.payload(), DecodeLimits.OWN);
        Update fresh = fresh(whole);
        if (fresh.isEmpty()) {
            boolean[] differs = {false};
            Contradictions.find(replica.store(), whole, (client, from, to, kind) -> differs[0] = true);
            if (!differs[0]) {
                settle(held, entry, whole, State.ARRIVED, Author.SYSTEM.principal(), done);
            }
            return !differs[0];
        }
        String principal = entry.author().principal();
        Update ready = ready(fresh, new Own(owners, principal, new Anything(replica, batches)));
        if (ready.isEmpty()) {
            return false;
        }
        submit(held, entry, ready, entry.author(), State.ARRIVED, Author.SYSTEM.principal(), done);
        return true;
    }
}
