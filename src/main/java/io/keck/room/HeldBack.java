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
 * Strict authorship: content that a connection brings under a client id which another principal owns is not applied. It is
 * kept in the database with the principal that brought it ({@link HeldUpdates}), and its sender is told. Touched only in the
 * room's turns.
 *
 * <pre>
 *   a struct                                        goes
 *   under an id of another principal                to the entry of that owner
 *   under an own id, or one that nobody owns, and
 *     all that it needs is here                     into the document
 *     something that it needs is not here           waits in memory, then in the entry of its own principal
 *   under an id whose owner is not read yet         waits in memory
 * </pre>
 *
 * <p>A struct needs the clock before it, its origins and its parent. So whatever depends on something that was not applied
 * waits as well, later clocks of the same client included. It also waits where an honest client is merely asked too late: what
 * waits in memory is looked at again with each update of its connection and twice a second, and is stored after {@link
 * #PATIENCE_MS}. Deletions are not held, unless they delete what the same connection has had held.
 *
 * <p>Nothing is told to be kept before the database has it. Where a limit does not allow it the sender is told that it is not
 * kept: the client still has it.
 */
final class HeldBack {
    /** What waits for something else is stored after as many milliseconds. */
    static final long PATIENCE_MS = 2_000;
    /** Between two writes of one entry, and a millisecond more for each KiB that the last one had. */
    private static final long KEEP_EVERY_MS = 1_000;

    private static final int PER_MS = 1 << 10;
    /** Between two messages to one connection that say the same. */
    private static final long SAY_EVERY_MS = 10_000;
    /** Bytes of one connection that wait in memory; what is beyond is stored at once. */
    private static final int MAX_WAITING = 1 << 20;
    /** Ranges of clocks of which a connection's deletions are held. */
    private static final int MAX_RANGES = 4_096;

    static final String KEPT =
            "What this client sent under client ids that another user introduced was not applied. It is"
                    + " kept until that user or an administrator takes it in or drops it, or it expires. Reload the page to go on"
                    + " under a client id of your own.";
    static final String KEPT_WAITING =
            "What this client sent was not applied, since it builds on content that the document does"
                    + " not have. It is kept until that content is there, or it expires.";
    static final String NOT_KEPT =
            "What this client sent under client ids that another user introduced, or what builds on it, was"
                    + " not applied, and there is no room to keep it: only this client has it.";

    /** What of a connection is held back. */
    static final class Aside {
        /** What waits in memory; null for nothing. */
        @Nullable
        Update waits;

        long since;
        /** By owner, the clocks that were held. */
        final Map<String, DeleteSet> held = new HashMap<>();

        /** What it was told last, and when it may be told that again. */
        String told = "";

        long toldAfter = Long.MIN_VALUE;
    }

    private record Key(Author author, String owner) {}

    /** What is not stored yet of an entry. */
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
    /** Whether something of the last update is held or waits. */
    private boolean hasCut;

    /** Takes of a connection's updates what had to wait. */
    interface Again {
        SavedPositions.Taken take(Member member, Update taken);
    }

    /**
     * Nothing is held yet.
     *
     * @param turns posts something to the turns of the room
     * @param reducer gives the part of an update that the room does not have
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

    /** From now on this takes what had to wait. */
    void onReady(Again taker) {
        again = taker;
    }

    ClientOwners owners() {
        return owners;
    }

    // ------------------------------------------------------------------ what comes in

    /** What of a member's update may come into the document now; the rest is held, or waits. */
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
        Update all = waits == null ? fresh : reducer.apply(Update.merge(List.of(waits, fresh), true));
        return separate(member, author, all);
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

    /** Deletions of what the connection has had held go where that is. */
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

    /** Whether something of the update that was admitted last is held or waits. */
    boolean hasCut() {
        return hasCut;
    }

    /** Knows whose a client id is, and what is in the document or on its way into the log. */
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

    // ------------------------------------------------------------------ what waits in memory

    /** The replica was loaded, or became another one. */
    void begin(List<Member> members) {
        members.forEach(member -> member.judged = Member.NOBODY);
        owners.begin();
    }

    /** Time has passed. */
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
                asker.accept(member); // its answer shows that nothing of it is missing any more
            }
        }
    }

    /** What waits of a member is stored, since what it needs does not come; false where its owners are not even known. */
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

    /** A member leaves: what waits of it is stored. */
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

    /** Hands an entry to the database, unless it is on its way or was a moment ago. */
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

    /** @param isKept null where the database did not answer */
    private void stored(Key key, Pending sent, byte[] update, @Nullable Boolean isKept) {
        Pending entry = pending.get(key);
        if (entry == null) {
            held.release(sent.reserved);
            return;
        }
        entry.isOnItsWay = false;
        if (isKept == null) {
            entry.all.apply(update, DecodeLimits.OWN); // tried again at a tick
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

    /** Whether something waits for a tick. */
    boolean isBusy() {
        return !waiting.isEmpty() || !pending.isEmpty();
    }

    /** The room ends: what is not stored is with its clients. */
    void end() {
        for (Iterator<Pending> all = pending.values().iterator(); all.hasNext(); all.remove()) {
            held.release(all.next().reserved);
        }
        waiting.clear();
    }
}
