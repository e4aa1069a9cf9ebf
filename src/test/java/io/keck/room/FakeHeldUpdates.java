package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** What is kept, in memory; answers at once. Thread-safe. */
public final class FakeHeldUpdates implements HeldUpdates {
    private final LongSupplier clock;
    private final Limits limits;
    private final List<Entry> entries = new ArrayList<>();
    private long lastId;
    /** Whether the database does not answer. */
    boolean isAway;

    public FakeHeldUpdates(LongSupplier clock, Limits limits) {
        this.clock = clock;
        this.limits = limits;
    }

    /** The same entries under other limits. */
    synchronized FakeHeldUpdates with(Limits others) {
        FakeHeldUpdates copy = new FakeHeldUpdates(clock, others);
        copy.entries.addAll(entries);
        copy.lastId = lastId;
        return copy;
    }

    private long bytes(Predicate<Entry> which) {
        return entries.stream()
                .filter(which)
                .mapToLong(entry -> entry.payload().length)
                .sum();
    }

    @Override
    public synchronized CompletionStage<Boolean> keep(long roomId, Author author, String owner, byte[] update) {
        if (isAway) {
            return CompletableFuture.failedStage(new IllegalStateException("away"));
        }
        Entry before = entries.stream()
                .filter(entry -> entry.state() == State.HELD
                        && entry.roomId() == roomId
                        && entry.author().equals(author)
                        && entry.owner().equals(owner))
                .findFirst()
                .orElse(null);
        StructStore all = new StructStore(true);
        if (before != null) {
            all.apply(before.payload(), DecodeLimits.OWN);
        }
        Update fresh = all.reduce(Update.decode(update, DecodeLimits.OWN));
        if (fresh.isEmpty()) {
            return CompletableFuture.completedStage(true);
        }
        all.apply(fresh);
        byte[] payload = all.encode();
        long more = payload.length - (before == null ? 0 : before.payload().length);
        String by = author.principal();
        if (bytes(entry -> entry.roomId() == roomId) + more > limits.perDocument()
                || bytes(entry -> entry.author().principal().equals(by)) + more > limits.perPrincipal()
                || bytes(entry -> true) + more > limits.total()) {
            return CompletableFuture.completedStage(false);
        }
        long now = clock.getAsLong();
        Entry after = new Entry(
                before == null ? ++lastId : before.id(),
                roomId,
                author,
                owner,
                payload,
                State.HELD,
                before == null ? now : before.createdAt(),
                now,
                "",
                0);
        replace(before, after);
        return CompletableFuture.completedStage(true);
    }

    private void replace(Entry before, Entry after) {
        entries.remove(before);
        entries.add(after);
        entries.sort((a, b) -> Long.compare(a.id(), b.id()));
    }

    @Override
    public synchronized CompletionStage<List<Entry>> ofRoom(long roomId) {
        return CompletableFuture.completedStage(
                entries.stream().filter(entry -> entry.roomId() == roomId).toList());
    }

    @Override
    public synchronized CompletionStage<Optional<Entry>> find(long roomId, long id) {
        return CompletableFuture.completedStage(entries.stream()
                .filter(entry -> entry.roomId() == roomId && entry.id() == id)
                .findFirst());
    }

    @Override
    public synchronized CompletionStage<Optional<Entry>> settle(
            long roomId, long id, byte[] update, State state, String by) {
        return find(roomId, id)
                .thenApply(found -> found.map(entry -> {
                    if (entry.state() != State.HELD) {
                        return entry;
                    }
                    StructStore there = new StructStore(true);
                    there.apply(update, DecodeLimits.OWN);
                    Update left = there.reduce(Update.decode(entry.payload(), DecodeLimits.OWN));
                    return left.isEmpty() ? decide(entry, state, by) : with(entry, left.encode());
                }));
    }

    private Entry with(Entry entry, byte[] payload) {
        Entry after = new Entry(
                entry.id(),
                entry.roomId(),
                entry.author(),
                entry.owner(),
                payload,
                State.HELD,
                entry.createdAt(),
                entry.changedAt(),
                "",
                0);
        replace(entry, after);
        return after;
    }

    private Entry decide(Entry entry, State state, String by) {
        Entry after = new Entry(
                entry.id(),
                entry.roomId(),
                entry.author(),
                entry.owner(),
                new byte[0],
                state,
                entry.createdAt(),
                entry.changedAt(),
                by,
                clock.getAsLong());
        replace(entry, after);
        return after;
    }

    @Override
    public synchronized CompletionStage<Optional<Entry>> drop(long roomId, long id, String by) {
        return find(roomId, id)
                .thenApply(found ->
                        found.map(entry -> entry.state() == State.HELD ? decide(entry, State.DROPPED, by) : entry));
    }

    @Override
    public synchronized CompletionStage<Set<Long>> rooms() {
        Set<Long> rooms = new TreeSet<>();
        entries.stream().filter(entry -> entry.state() == State.HELD).forEach(entry -> rooms.add(entry.roomId()));
        return CompletableFuture.completedStage(rooms);
    }
}
