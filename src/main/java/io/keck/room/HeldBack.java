package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateSieve;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Strict authorship: content that a connection sends under a client id of another principal is not applied. It is stored in the
 * database with the principal that sent it ({@link HeldUpdates}), and its sender is told. Used only in the room's turns.
 *
 * <pre>
 *   a struct                                        goes to
 *   under an id of another principal                the entry of that owner
 *   under an own id or one without an owner, if
 *     everything that it needs is present           the document
 *     something that it needs is missing            memory, then the entry of its own principal
 *   under an id whose owner is not read yet         memory
 * </pre>
 *
 * <p>A struct needs the clock before it, its origins and its parent. So a struct that depends on one that was not applied waits as
 * well, including later clocks of the same client. An honest client's update may also wait, if the room's step 1 came too late.
 * So structs that wait in memory are judged again with each update of their connection and twice a second, and are stored after
 * {@link #PATIENCE_MS}. Deletions are not held, unless they delete what was held of the same connection.
 *
 * <p>The sender is told that its content is kept only once the database has it. If a limit prevents that, the sender is told that
 * it is not kept: only the client still has it.
 */
final class HeldBack {
    /** Milliseconds after which structs that wait for others are stored. */
    static final long PATIENCE_MS = 2_000;
    /** Milliseconds between two writes of one entry; one more for each KiB of the last write. */
    private static final long KEEP_EVERY_MS = 1_000;

    private static final int PER_MS = 1 << 10;
    /** Milliseconds between two equal messages to one connection. */
    private static final long SAY_EVERY_MS = 10_000;
    /** Bytes of one connection that may wait in memory; more are stored at once. */
    private static final int MAX_WAITING = 1 << 20;
    /** The largest number of clock ranges of a connection whose deletions are held. */
    private static final int MAX_RANGES = 4_096;

    static final String KEPT =
            "Changes of this client under client ids that another user introduced were not applied. They are"
                    + " kept until that user or an administrator takes them in or drops them, or they expire. Reload the page to continue"
                    + " under a client id of your own.";
    static final String KEPT_WAITING =
            "Changes of this client were not applied, since they build on content that the document does"
                    + " not have. They are kept until that content arrives, or they expire.";
    static final String NOT_KEPT =
            "Changes of this client under client ids that another user introduced, or changes that build on them, were"
                    + " not applied, and there is no space to keep them: only this client has them.";

    /** The part of a connection's content that is held back. */
    static final class Aside {
        /** The update that waits in memory; null for none. */
        @Nullable
        Update waits;

        long since;
        /** The clocks that were held, by owner. */
        final Map<String, DeleteSet> held = new HashMap<>();

        /** The last message to the client, and when it may be repeated. */
        String told = "";

        long toldAfter = Long.MIN_VALUE;
    }

    private record Key(Author author, String owner) {}

    /** The part of an entry that is not stored yet. */
    private static final class Pending {
        StructStore all = new StructStore(true);
        long reserved;
        boolean isOnItsWay;
        long notBefore = Long.MIN_VALUE;
        Set<Member> senders = new LinkedHashSet<>();
    }

    private final Held held;
    private final RoomContext context;
    private final Replica replica;
    private final Batches batches;
    private final Consumer<Runnable> turns;
    private final UnaryOperator<Update> reducer;
    private final Consumer<Member> asker;
    private final Safeguards safeguards;
    private final ClientOwners owners;
    private final UpdateSieve sieve = new UpdateSieve();
    private final Set<Member> waiting = new LinkedHashSet<>();
    private final Map<Key, Pending> pending = new LinkedHashMap<>();
    private final Judge judge = new Judge();
    private Again again = (member, taken) -> SavedPositions.Taken.WHOLE;
    /** Whether a part of the last update is held or waits. */
    private boolean hasCut;

    /** Accepts the updates of a connection that no longer have to wait. */
    interface Again {
        SavedPositions.Taken take(Member member, Update taken);
    }

    /**
     * Creates a filter that holds nothing yet.
     *
     * @param turns posts a task to the turns of the room
     * @param reducer returns the part of an update that the room does not have
     * @param asker sends a member the room's step 1
     */
    HeldBack(
            Held held,
            RoomContext context,
            Replica replica,
            Batches batches,
            Consumer<Runnable> turns,
            UnaryOperator<Update> reducer,
            Consumer<Member> asker,
            Safeguards safeguards) {
        this.held = held;
        this.context = context;
        this.replica = replica;
        this.batches = batches;
        this.turns = turns;
        this.reducer = reducer;
        this.asker = asker;
        this.safeguards = safeguards;
        this.owners = new ClientOwners(replica, batches, context.log(), turns, this::lookAgain);
    }

    /** Sets the receiver of updates that no longer have to wait. */
    void onReady(Again taker) {
        again = taker;
    }

    ClientOwners owners() {
        return owners;
    }

    // ------------------------------------------------------------------ what comes in

    /** Returns the part of a member's update that may be applied now; the rest is held or waits. */
    Update admit(Member member, Update fresh) {
        hasCut = false;
        Author author = member.connection.author();
        if (author == null || !safeguards.holdsForeignStructs()) {
            return fresh;
        }
        Aside aside = member.aside;
        Update waits = aside == null ? null : aside.waits;
        judge.begin(member, author.principal());
        if (waits == null && sieve.takesAll(fresh, judge)) {
            return aside == null ? fresh : withoutDeletesOfHeld(member, aside, author, fresh);
        }
        return separate(member, author, withWaiting(aside, fresh));
    }

    private Update withWaiting(@Nullable Aside aside, Update fresh) {
        Update waits = aside == null ? null : aside.waits;
        return waits == null ? fresh : reducer.apply(Update.merge(List.of(waits, fresh), true));
    }

    private Update separate(Member member, Author author, Update all) {
        Map<Integer, Update> parts = UpdateSieve.separate(all, judge);
        Update taken = parts.remove(UpdateSieve.TAKEN);
        Update waits = parts.remove(UpdateSieve.WAITING);
        if (member.aside == null && (waits != null || !parts.isEmpty())) {
            member.aside = new Aside();
        }
        Aside aside = member.aside;
        if (aside == null) {
            return taken == null ? Update.EMPTY : taken;
        }
        wait(member, aside, waits);
        parts.forEach((group, part) -> hold(member, aside, author, judge.foreign.get(group - 1), part));
        if (waits != null && waits.length() > MAX_WAITING) {
            holdWaiting(member, aside);
        }
        return taken == null ? Update.EMPTY : withoutDeletesOfHeld(member, aside, author, taken);
    }

    private void wait(Member member, Aside aside, @Nullable Update waits) {
        hasCut |= waits != null;
        if (waits == null) {
            waiting.remove(member);
        } else if (waiting.add(member)) {
            aside.since = context.clock().getAsLong();
        }
        aside.waits = waits;
    }

    /** Moves deletions of the connection's held structs to the entries with those structs. */
    private Update withoutDeletesOfHeld(Member member, Aside aside, Author author, Update update) {
        Update rest = update;
        for (String owner : aside.held.isEmpty() ? List.<String>of() : List.copyOf(aside.held.keySet())) {
            DeleteSet unheld = UnheldDeletes.of(rest, replica.store());
            DeleteSet clocks = aside.held.get(owner);
            DeleteSet mine = unheld == null || clocks == null
                    ? new DeleteSet()
                    : UnheldDeletes.both(batches.withoutHeld(unheld), clocks);
            if (!mine.isEmpty()) {
                hold(member, aside, author, owner, Update.ofDeletes(mine));
                rest = UnheldDeletes.strip(rest, mine);
            }
        }
        return rest;
    }

    /** Whether a part of the update that was admitted last is held or waits. */
    boolean hasCut() {
        return hasCut;
    }

    /** Knows the owner of a client id, and whether a struct is in the document or on its way into the log. */
    private final class Judge implements UpdateSieve.Judge {
        private @Nullable Member member;
        private String principal = "";
        /** The owners of the groups from 1 on. */
        private final List<String> foreign = new ArrayList<>();

        void begin(Member sender, String of) {
            member = sender;
            principal = of;
            foreign.clear();
        }

        @Override
        public int group(long client) {
            if (member != null && client == member.judged) {
                return UpdateSieve.TAKEN;
            }
            String owner = owners.owner(client);
            if (owner == null) {
                return owners.isKnown(client) ? UpdateSieve.TAKEN : UpdateSieve.WAITING;
            }
            if (owner.equals(principal)) {
                if (member != null) {
                    member.judged = client;
                }
                return UpdateSieve.TAKEN;
            }
            int known = foreign.indexOf(owner);
            if (known < 0) {
                foreign.add(owner);
                known = foreign.size() - 1;
            }
            return known + 1;
        }

        @Override
        public boolean has(long client, long clock) {
            return UpdateSieve.has(replica.store(), client, clock) || batches.have(client, clock);
        }
    }

    // ------------------------------------------------------------------ client ids that two nodes accept at once

    /** Returns the condition on which the log may append a batch; null for none. */
    UpdateLog.@Nullable Claim claim(Batch batch) {
        return safeguards.claimsClientIds() && safeguards.holdsForeignStructs() ? owners.claim(batch) : null;
    }

    /**
     * Judges the uncommitted updates of members again, because another node was the first to commit content under client ids
     * that they were to introduce. None of them is in flight, and no socket has them.
     */
    void idsTaken(Map<Long, String> by, List<Member> members) {
        owners.learn(by);
        members.forEach(member -> member.judged = Member.NOBODY);
        for (Batch batch : batches.takeUnsent()) {
            Member member = batch.lastOrigin();
            Author author = batch.author();
            if (member == null || author == null) {
                continue;
            }
            member.judged = Member.NOBODY; // it may have left
            judge.begin(member, author.principal());
            Update taken = separate(member, author, withWaiting(member.aside, batch.update()));
            if (!taken.isEmpty()) {
                var unused = again.take(member, taken);
            }
            if (!members.contains(member)) {
                leave(member);
            }
        }
        members.forEach(asker); // the content of another member may have counted as present while it was in a batch
    }

    // ------------------------------------------------------------------ what waits in memory

    /** Starts again after the replica was loaded or replaced. */
    void begin(List<Member> members) {
        members.forEach(member -> member.judged = Member.NOBODY);
        owners.begin();
    }

    /** Judges waiting updates again, and stores those that have waited too long. Called by the tick. */
    void onTick() {
        owners.look();
        lookAgain();
        long now = context.clock().getAsLong();
        for (Member member : List.copyOf(waiting)) {
            Aside aside = member.aside;
            if (aside != null && now - aside.since >= PATIENCE_MS && holdWaiting(member, aside)) {
                asker.accept(member);
            }
        }
        List.copyOf(pending.keySet()).forEach(this::store);
    }

    private void lookAgain() {
        for (Member member : List.copyOf(waiting)) {
            Author author = member.connection.author();
            Aside aside = member.aside;
            if (author == null || aside == null || aside.waits == null) {
                continue;
            }
            judge.begin(member, author.principal());
            Update taken = separate(member, author, reducer.apply(aside.waits));
            if (!taken.isEmpty()) {
                var unused = again.take(member, taken);
            }
            if (aside.waits == null && aside.held.isEmpty()) {
                asker.accept(member); // its answer shows that the room has everything
            }
        }
    }

    /** Stores the waiting update of a member whose requirements did not arrive; returns false if even the owners are unknown. */
    private boolean holdWaiting(Member member, Aside aside) {
        Author author = member.connection.author();
        Update waits = aside.waits;
        if (author == null || waits == null) {
            return false;
        }
        wait(member, aside, null);
        hold(member, aside, author, author.principal(), waits);
        return true;
    }

    /** Stores the waiting update of a member that leaves. */
    void leave(Member member) {
        if (member.aside != null) {
            holdWaiting(member, member.aside);
        }
        waiting.remove(member);
    }

    // ------------------------------------------------------------------ what is stored

    private void hold(Member member, Aside aside, Author author, String owner, Update part) {
        hasCut = true;
        if (!safeguards.keepsHeldUpdates()) {
            return;
        }
        context.metrics().heldBack(part.length());
        note(aside, owner, part);
        Pending entry = pending.computeIfAbsent(new Key(author, owner), key -> new Pending());
        entry.senders.add(member);
        if (held.reserve(part.length())) {
            entry.all.apply(part);
            entry.reserved += part.length();
            store(new Key(author, owner));
        } else {
            entry.senders.forEach(sender -> tell(sender, NOT_KEPT));
            context.metrics().notKept();
        }
    }

    private static void note(Aside aside, String owner, Update part) {
        DeleteSet clocks = aside.held.computeIfAbsent(owner, key -> new DeleteSet());
        StructRows rows = part.rows();
        for (int row = 0; row < rows.count() && clocks.size() < MAX_RANGES; row++) {
            clocks.add(rows.client(row), rows.clock(row), rows.end(row));
        }
    }

    /** Hands an entry to the database, unless it is on its way or was stored very recently. */
    private void store(Key key) {
        Pending entry = pending.get(key);
        long now = context.clock().getAsLong();
        if (entry == null || entry.isOnItsWay || now < entry.notBefore) {
            return;
        }
        if (entry.all.isEmpty()) {
            pending.remove(key);
            return;
        }
        Pending sent = new Pending();
        sent.all = entry.all;
        sent.reserved = entry.reserved;
        sent.senders = entry.senders;
        byte[] update = entry.all.encode();
        entry.all = new StructStore(true);
        entry.reserved = 0;
        entry.senders = new LinkedHashSet<>();
        entry.isOnItsWay = true;
        entry.notBefore = now + KEEP_EVERY_MS + update.length / PER_MS;
        held.store()
                .keep(replica.roomId(), key.author(), key.owner(), update)
                .whenComplete((isKept, error) -> turns.accept(() -> stored(key, sent, update, isKept)));
    }

    /** @param isKept null if the database did not answer */
    private void stored(Key key, Pending sent, byte[] update, @Nullable Boolean isKept) {
        Pending entry = pending.get(key);
        if (entry == null) {
            held.release(sent.reserved);
            return;
        }
        entry.isOnItsWay = false;
        if (isKept == null) {
            entry.all.apply(update, DecodeLimits.OWN); // the next ticks try again
            entry.reserved += sent.reserved;
            entry.senders.addAll(sent.senders);
            return;
        }
        held.release(sent.reserved);
        if (!isKept) {
            context.metrics().notKept();
        }
        boolean isOwn = key.owner().equals(key.author().principal());
        sent.senders.forEach(member -> tell(member, !isKept ? NOT_KEPT : isOwn ? KEPT_WAITING : KEPT));
    }

    private void tell(Member member, String sentence) {
        Aside aside = member.aside;
        long now = context.clock().getAsLong();
        if (aside != null && (!aside.told.equals(sentence) || now >= aside.toldAfter)) {
            aside.told = sentence;
            aside.toldAfter = now + SAY_EVERY_MS;
            member.connection.send(Message.denied(sentence));
        }
    }

    /** Whether an update waits for a tick. */
    boolean isBusy() {
        return !waiting.isEmpty() || !pending.isEmpty();
    }

    /** Drops everything that is not stored, because the room ends: the clients still have it. */
    void end() {
        for (Iterator<Pending> all = pending.values().iterator(); all.hasNext(); all.remove()) {
            held.release(all.next().reserved);
        }
        waiting.clear();
    }
}
