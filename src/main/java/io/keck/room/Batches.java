package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Contradictions;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The uncommitted batches of a room, oldest first; the first ones may be in flight. Batches that were sent to the
 * sockets in unsaved mode form the overlay over the store. Used only in the room's turns.
 *
 * <p>An update joins the last batch only if both have the same author, so each row of the log has one author. Batches
 * of several authors are committed together ({@link #next}) in order of arrival, because a later one may build on an
 * earlier one.
 */
final class Batches {
    /** A number below the numbers of all batches. */
    static final long NOTHING = 0;

    private final ArrayDeque<Batch> queue = new ArrayDeque<>();
    /** The largest number of batches in one transaction, and the approximate limit of their bytes. */
    private static final int MAX_TOGETHER = 100;

    private static final long MAX_BYTES_TOGETHER = 1 << 20;

    /**
     * The largest number of batches that are separate only because their authors differ. Each update is compared with
     * each batch, so a long outage must not create one batch per keystroke. Updates beyond this number lose their
     * author.
     */
    static final int MAX_APART = 1_000;

    private final Supplier<UUID> ids;
    private final Safeguards safeguards;
    /** The bytes of all updates ever added. */
    private long added;
    /** The number of batches ever created. */
    private long numbers;

    Batches(Supplier<UUID> ids, Safeguards safeguards) {
        this.ids = ids;
        this.safeguards = safeguards;
    }

    /** The clients whose content waits. */
    Set<Long> clients() {
        Set<Long> clients = new HashSet<>();
        all().forEach(batch -> clients.addAll(batch.update().clients()));
        return clients;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    @Nullable
    Batch first() {
        return queue.peekFirst();
    }

    /**
     * The batches to commit next in one transaction: the first, and those after it that are separate only because of
     * their authors. A batch that was handed to the log before goes alone, because the log must first look for it.
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

    /** The batch with an id, or null. */
    @Nullable
    Batch find(UUID id) {
        for (Batch batch : queue) {
            if (batch.id.equals(id)) {
                return batch;
            }
        }
        return null;
    }

    /** A copy of the list of all batches. */
    List<Batch> all() {
        return List.copyOf(queue);
    }

    /** A copy of the list of batches that the sockets have. */
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
            if (!batch.isEdits()) { // edits may still be dropped
                fresh = batch.reduce(fresh);
            }
        }
        return fresh;
    }

    /**
     * The part of an update that neither the replica nor a batch has. Deletes that the replica has without their structs do
     * not count: a mark, which comes before all batches that are added now, makes the log forget them ({@link ForgetMark}).
     */
    Update fresh(Update update, StructStore replica) {
        Update fresh = replica.reduce(update);
        if (fresh != update && safeguards.countsDeletesWithStructsOnly()) {
            DeleteSet unheld = UnheldDeletes.notIn(replica, update);
            if (unheld != null) {
                Update deletes = Update.ofDeletes(unheld);
                fresh = fresh.isEmpty() ? deletes : Update.merge(List.of(fresh, deletes), true);
            }
        }
        return reduce(fresh);
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

    /** Returns the principal that introduces a client id in these batches, if the log has no earlier one; null for none. */
    @Nullable
    String introducer(long client) {
        for (Batch batch : queue) {
            Author author = batch.author();
            if (author != null && author.origin().introduces() && batch.hasStructs(client)) {
                return author.principal();
            }
        }
        return null;
    }

    /**
     * Removes the batches of known authors that came from members of this node, apart from those that the sockets have, and
     * returns them. None of them may be in flight.
     */
    List<Batch> takeUnsent() {
        List<Batch> taken = queue.stream()
                .filter(batch -> !batch.sent && !batch.isEdits() && !batch.isMark())
                .filter(batch -> batch.author() != null && batch.lastOrigin() != null)
                .toList();
        queue.removeAll(taken);
        return taken;
    }

    /** Whether a batch that is not dropped has that clock of a client. */
    boolean have(long client, long clock) {
        for (Batch batch : queue) {
            if (!batch.isEdits() && batch.has(client, clock)) {
                return true;
            }
        }
        return false;
    }

    /** Adds the mark after which deletes of unknown clocks are ignored, see {@link ForgetMark}. */
    void addMark() {
        Batch batch = new Batch(ids.get(), ++numbers, Author.SYSTEM);
        batch.add(Update.FORGET_UNHELD, null);
        batch.payload();
        queue.add(batch);
    }

    /** Reports ids under which an update has different content than a batch that may still be committed. */
    void contradictions(Update update, Contradictions.Finder finder) {
        for (Batch batch : queue) {
            if (!batch.isEdits()) {
                batch.contradictions(update, finder);
            }
        }
    }

    /** Whether the mark is not committed yet; until then new members must not get the content of the replica. */
    boolean holdMark() {
        Batch first = queue.peekFirst();
        return first != null && first.isMark();
    }

    /** The part of an update that is in none of the batches that the sockets have. */
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
     * Adds an update to the last batch, or to a new one if the last is fixed, has another author or differs in
     * {@code sent}.
     *
     * @param from the member that sent the update; null for another node
     * @param author null if unknown
     * @param sent whether the sockets have the update already
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

    /** Adds an edit to the waiting batch of edits, or to a new batch if one of the edits has a key. */
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

    /**
     * The bytes of all updates and edits ever added, including dropped edits; content that the log lost and that is
     * added again does not count.
     */
    long added() {
        return added;
    }

    /** Whether only edits are waiting, and no update of a socket or another node. */
    boolean areAllEdits() {
        return queue.stream().allMatch(Batch::isEdits);
    }

    /** Removes the batches of edits that build on an edit that was not saved, unless they were handed to the log. */
    List<Batch> removeLostEdits() {
        List<Batch> lost = queue.stream()
                .filter(batch -> !batch.submitted && batch.edits.stream().anyMatch(Edit::isLost))
                .toList();
        queue.removeAll(lost);
        return lost;
    }

    /** Removes all batches of edits apart from {@code except}. */
    List<Batch> removeEdits(@Nullable Batch except) {
        List<Batch> edits = queue.stream()
                .filter(batch -> batch.isEdits() && batch != except)
                .toList();
        queue.removeAll(edits);
        return edits;
    }

    /**
     * Adds content that was committed and lost by the log, to be committed again. The sockets have it, and its author
     * is unknown because the log lost the row.
     */
    void addLost(Update update) {
        Batch batch = new Batch(ids.get(), NOTHING, null);
        batch.sent = true;
        batch.add(update, null);
        batch.payload();
        queue.add(batch);
    }

    /** The number of the newest batch that does not consist of edits, or {@link #NOTHING}. */
    long youngest() {
        long youngest = NOTHING;
        for (Batch batch : queue) {
            youngest = batch.isEdits() ? youngest : Math.max(youngest, batch.number);
        }
        return youngest;
    }

    /**
     * The number below which all batches are in the log, apart from edits. Content that the log lost counts as older
     * than everything.
     */
    long oldest() {
        long oldest = Long.MAX_VALUE;
        for (Batch batch : queue) {
            oldest = batch.isEdits() ? oldest : Math.min(oldest, batch.number);
        }
        return oldest;
    }

    /** Adds the rest of a batch that was committed in part, under the same number, at the end. */
    void addRest(Update update, Batch ended) {
        Batch batch = new Batch(ids.get(), ended.number, ended.author());
        batch.sent = ended.sent;
        batch.add(update, null);
        batch.payload();
        queue.add(batch);
        added += update.length();
    }

    /** Whether content that this member sent is waiting. */
    boolean holdNewsOf(Member member) {
        return member.lastBatch != null && find(member.lastBatch) != null;
    }

    /** Passes the batches that the sockets do not have to {@code sender}, and marks them as sent. */
    void sendAll(Consumer<Batch> sender) {
        for (Batch batch : queue) {
            if (!batch.sent && !batch.isEdits() && !batch.isMark()) {
                batch.sent = true;
                sender.accept(batch);
            }
        }
    }

    /**
     * Whether sockets have uncommitted updates, as in unsaved mode and afterwards until the last of them is committed.
     */
    boolean anySent() {
        for (Batch batch : queue) {
            if (batch.sent) {
                return true;
            }
        }
        return false;
    }

    /** Applies the batches that the sockets have. */
    void applySent(StructStore store) {
        for (Batch batch : queue) {
            if (batch.sent) {
                store.apply(batch.update());
            }
        }
    }

    /** The approximate bytes on the heap. */
    long memory() {
        long sum = 0;
        for (Batch batch : queue) {
            sum += batch.memory();
        }
        return sum;
    }
}
