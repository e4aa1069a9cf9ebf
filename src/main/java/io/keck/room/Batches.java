package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The batches of a room that are not committed, oldest first; the first may be in flight. Those that were sent to the
 * sockets all the same, because the database was away, are the overlay over the store. Touched only in the room's turns.
 *
 * <p>An update joins the batch before it only if both have the same author, so each row of the log has one. Batches of
 * several authors are committed together ({@link #next}), in the order in which they came: a later one may build on an
 * earlier one.
 */
final class Batches {
    /** A number below those of all batches of updates. */
    static final long NOTHING = 0;

    private final ArrayDeque<Batch> queue = new ArrayDeque<>();
    /** Batches that one transaction takes at most, and about how many bytes of them. */
    private static final int MAX_TOGETHER = 100;

    private static final long MAX_BYTES_TOGETHER = 1 << 20;

    /**
     * Batches that are kept apart only because their authors differ. Each update is compared with each batch, so while the
     * database is away for long, there may not be one for each keystroke; what comes beyond that has no author.
     */
    static final int MAX_APART = 1_000;

    private final Supplier<UUID> ids;
    private final Safeguards safeguards;
    /** Bytes of everything that was ever added. */
    private long added;
    /** How many batches there were. */
    private long numbers;

    Batches(Supplier<UUID> ids, Safeguards safeguards) {
        this.ids = ids;
        this.safeguards = safeguards;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    @Nullable
    Batch first() {
        return queue.peekFirst();
    }

    /**
     * The batches that are to be committed next, in one transaction: the first, and those after it that wait only because
     * their authors differ. What was handed to the log before goes alone, since it has to be looked for.
     */
    List<Batch> next() {
        Batch first = queue.getFirst();
        if (queue.size() == 1 || !mayGoWithOthers(first)) {
            return List.of(first);
        }
        List<Batch> together = new ArrayList<>();
        long bytes = 0;
        for (Batch batch : queue) {
            bytes += batch.memory();
            boolean isOver = together.size() == MAX_TOGETHER || bytes > MAX_BYTES_TOGETHER;
            if (!together.isEmpty() && (isOver || !mayGoWithOthers(batch))) {
                break;
            }
            together.add(batch);
        }
        return together;
    }

    private static boolean mayGoWithOthers(Batch batch) {
        return !batch.isEdits() && !batch.isMark() && !batch.submitted;
    }

    void remove(Batch batch) {
        queue.remove(batch);
    }

    boolean contains(Batch batch) {
        return queue.contains(batch);
    }

    /** The batch of that id, or null. */
    @Nullable
    Batch find(UUID id) {
        for (Batch batch : queue) {
            if (batch.id.equals(id)) {
                return batch;
            }
        }
        return null;
    }

    /** All of them, as a copy. */
    List<Batch> all() {
        return List.copyOf(queue);
    }

    /** The batches that the sockets have, as a copy. */
    List<Batch> sent() {
        return anySent() ? queue.stream().filter(batch -> batch.sent).toList() : List.of();
    }

    /** The part of an update that is in none of the batches. */
    Update reduce(Update update) {
        Update fresh = update;
        for (Batch batch : queue) {
            if (fresh.isEmpty()) {
                break;
            }
            if (!batch.isEdits()) { // those may yet be dropped
                fresh = batch.reduce(fresh);
            }
        }
        return fresh;
    }

    /** The part of deletes whose structs are in none of the batches. */
    DeleteSet withoutHeld(DeleteSet deletes) {
        DeleteSet rest = deletes;
        for (Batch batch : queue) {
            if (!rest.isEmpty() && !batch.isEdits()) {
                rest = batch.withoutHeld(rest);
            }
        }
        return rest;
    }

    /** Adds the mark after which deletes of clocks that nobody has brought count no more. */
    void addMark() {
        Batch batch = new Batch(ids.get(), ++numbers, Author.SYSTEM);
        batch.add(Update.FORGET_UNHELD, null);
        batch.payload();
        queue.add(batch);
    }

    /** Finds ids of which an update says something else than a batch that the replica may yet contain. */
    void contradictions(Update update, Contradictions.Finder finder) {
        for (Batch batch : queue) {
            if (!batch.isEdits()) {
                batch.contradictions(update, finder);
            }
        }
    }

    /** Whether the mark is not in the log yet: what the replica holds until then is nothing for new members. */
    boolean holdMark() {
        Batch first = queue.peekFirst();
        return first != null && first.isMark();
    }

    /** The part of an update that is in no batch that the sockets have. */
    Update reduceSent(Update update) {
        Update fresh = update;
        for (Batch batch : queue) {
            if (batch.sent && !fresh.isEmpty()) {
                fresh = batch.reduce(fresh);
            }
        }
        return fresh;
    }

    /**
     * Adds an update to the open batch; opens one where the last is fixed or other than this.
     *
     * @param from null for another node
     * @param author null where nobody knows
     * @param sent whether the sockets have it
     */
    void add(Update update, @Nullable Member from, @Nullable Author author, boolean sent) {
        Batch last = queue.peekLast();
        boolean isApart = last == null || last.isFixed() || last.isEdits() || last.sent != sent;
        if (last != null && !isApart && !last.isBy(author) && safeguards.splitsByAuthor()) {
            isApart = queue.size() < MAX_APART;
            if (!isApart) {
                last.isByMany();
            }
        }
        if (last == null || isApart) {
            last = new Batch(ids.get(), ++numbers, author);
            last.sent = sent;
            queue.add(last);
        }
        last.add(update, from);
        added += update.length();
        if (from != null) {
            from.lastBatch = last.id;
        }
    }

    /** Adds an edit: to the edits that wait, unless one of them has a key. */
    void add(Edit edit) {
        Batch last = queue.peekLast();
        boolean joins = last != null
                && last.isEdits()
                && !last.isFixed()
                && last.key() == null
                && edit.key() == null
                && last.isBy(edit.author());
        if (last == null || !joins) {
            last = new Batch(ids.get(), ++numbers, edit.author());
            queue.add(last);
        }
        last.add(edit);
        added += edit.update().length();
    }

    /** Bytes of everything that was ever added, dropped edits included; what was lost and is added again does not count. */
    long added() {
        return added;
    }

    /** Whether no update of a socket or of another node waits. */
    boolean areAllEdits() {
        return queue.stream().allMatch(Batch::isEdits);
    }

    /** Removes the batches of edits that were made on an edit that was not saved, and are not handed to the log yet. */
    List<Batch> removeLostEdits() {
        List<Batch> lost = queue.stream()
                .filter(batch -> !batch.submitted && batch.edits.stream().anyMatch(Edit::isLost))
                .toList();
        queue.removeAll(lost);
        return lost;
    }

    /** Removes the batches that are made of edits, apart from one. */
    List<Batch> removeEdits(@Nullable Batch except) {
        List<Batch> edits = queue.stream()
                .filter(batch -> batch.isEdits() && batch != except)
                .toList();
        queue.removeAll(edits);
        return edits;
    }

    /** Adds what was committed once and has to be committed again: the sockets have it. The log has lost who made it. */
    void addLost(Update update) {
        Batch batch = new Batch(ids.get(), NOTHING, null);
        batch.sent = true;
        batch.add(update, null);
        batch.payload();
        queue.add(batch);
    }

    /** The number of the youngest batch that is not made of edits, or {@link #NOTHING}. */
    long youngest() {
        long youngest = NOTHING;
        for (Batch batch : queue) {
            youngest = batch.isEdits() ? youngest : Math.max(youngest, batch.number);
        }
        return youngest;
    }

    /**
     * All batches with smaller numbers are in the log, apart from those of edits. What the log has lost and is added again is
     * older than everything.
     */
    long oldest() {
        long oldest = Long.MAX_VALUE;
        for (Batch batch : queue) {
            oldest = batch.isEdits() ? oldest : Math.min(oldest, batch.number);
        }
        return oldest;
    }

    /** Puts a part of a batch that has ended at the end, with the same number. */
    void addRest(Update update, Batch ended) {
        Batch batch = new Batch(ids.get(), ended.number, ended.author());
        batch.sent = ended.sent;
        batch.add(update, null);
        batch.payload();
        queue.add(batch);
        added += update.length();
    }

    /** Whether something that this member sent waits here. */
    boolean holdNewsOf(Member member) {
        return member.lastBatch != null && find(member.lastBatch) != null;
    }

    /** Hands over the batches that the sockets do not have, and marks them as sent. */
    void sendAll(Consumer<Batch> sender) {
        for (Batch batch : queue) {
            if (!batch.sent && !batch.isEdits() && !batch.isMark()) {
                batch.sent = true;
                sender.accept(batch);
            }
        }
    }

    /** Whether sockets have updates that are not committed: in unsaved mode, and after it until the last is committed. */
    boolean anySent() {
        for (Batch batch : queue) {
            if (batch.sent) {
                return true;
            }
        }
        return false;
    }

    /** Applies what the sockets have. */
    void applySent(StructStore store) {
        for (Batch batch : queue) {
            if (batch.sent) {
                store.apply(batch.update());
            }
        }
    }

    /** Bytes on the heap, roughly. */
    long memory() {
        long sum = 0;
        for (Batch batch : queue) {
            sum += batch.memory();
        }
        return sum;
    }
}
