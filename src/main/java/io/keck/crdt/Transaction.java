package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One change of a document: everything that happens within one {@link Doc#transact} or {@link Doc#applyUpdate}.
 * Observers are called once for it, and it is one update. Belongs to the thread of its document. Source: Yjs
 * {@code Transaction.js}.
 *
 * <p>A transaction records only what it touches: the histories that grew or had deletions, the types that changed, the
 * items that were split. A small change of a large document is therefore cheap.
 */
public final class Transaction {
    private static final int MAX_FILLING = 32;
    private static final @Nullable Item[] NO_ITEMS = {};

    private final Doc doc;
    /** Rises with each transaction of the document. */
    private final long number;

    private final @Nullable Object origin;
    private boolean local;
    private boolean finished;
    private boolean float64;

    private ClientChange[] changes = new ClientChange[1];
    private int changeCount;
    private int deletingCount;
    private final List<TypeChange> changed = new ArrayList<>(1);
    private @Nullable Item[] splits = NO_ITEMS;
    private int splitCount;
    /** Deleted types whose children still have to be deleted. */
    private @Nullable ArrayDeque<Branch> orphans;

    private boolean deletingOrphans;
    /** The list that an edit by index is changing; such an edit updates the markers itself. */
    private @Nullable Branch byIndex;

    private @Nullable Map<Object, Object> meta;
    /** The number of types that are being filled, each of them inside the previous one. */
    private int filling;
    /** Edits of types that nest too deep to be filled together with the type they are in. */
    private @Nullable ArrayDeque<List<Consumer<Transaction>>> unfilled;

    /** The changes of subdocuments; null while there are none. */
    private @Nullable SubdocChanges subdocs;

    Transaction(Doc doc, long number, @Nullable Object origin, boolean local) {
        this.doc = doc;
        this.number = number;
        this.origin = origin;
        this.local = local;
    }

    /** The document that is changed. */
    public Doc doc() {
        return doc;
    }

    /** The origin that was passed in with the change, or null. */
    public @Nullable Object origin() {
        return origin;
    }

    /**
     * Makes the update of this transaction write every number that is not an int as a float64. By default a number that
     * a float32 holds exactly is written as one, as in Yjs; some peers handle only one kind well.
     */
    public void writeFloat64() {
        float64 = true;
    }

    /** Whether the change was made on this replica and does not come from an update. */
    public boolean isLocal() {
        return local;
    }

    /** The end of a client's history before this transaction; clocks from there on are new. */
    public long clockBefore(long client) {
        StructList list = doc.store().find(client);
        ClientChange change = list == null ? null : changeOf(list);
        if (change != null) {
            return change.before;
        }
        return list == null ? 0 : list.end();
    }

    /** The clocks that this transaction deleted, as a copy. */
    public DeleteSet deletes() {
        DeleteSet out = new DeleteSet();
        for (ClientChange change : sorted((a, b) -> Integer.compare(a.deleteRank, b.deleteRank))) {
            Ranges ranges = change.deletes;
            for (int k = 0; ranges != null && k < ranges.size(); k++) {
                out.add(change.list.client, ranges.from(k), ranges.to(k));
            }
        }
        return out;
    }

    /** The clocks that this transaction added, as a copy; some may have been deleted again. */
    public DeleteSet insertions() {
        DeleteSet out = new DeleteSet();
        for (ClientChange change : sorted((a, b) -> Integer.compare(a.list.ordinal, b.list.ordinal))) {
            if (change.before < change.after) {
                out.add(change.list.client, change.before, change.after);
            }
        }
        return out;
    }

    private ClientChange[] sorted(Comparator<ClientChange> order) {
        ClientChange[] all = Arrays.copyOf(changes, changeCount);
        if (all.length > 1) {
            Arrays.sort(all, order);
        }
        return all;
    }

    /** Whether {@code type}, or a type in it, was changed. */
    public boolean changed(AbstractType type) {
        return changed(type.branch);
    }

    boolean changed(Branch branch) {
        for (TypeChange change : changed) {
            if (!change.branch.isDeleted() && branch.contains(change.branch)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the update, in wire format V1, that makes the same change on another replica.
     *
     * @return null if nothing changed
     */
    public byte @Nullable [] encodeUpdate() {
        ClientChange[] all = sorted((a, b) -> Long.compare(b.list.client, a.list.client));
        int grown = 0;
        int deleting = 0;
        for (ClientChange change : all) {
            grown += change.after > change.before ? 1 : 0;
            deleting += change.deletes != null ? 1 : 0;
        }
        if (grown + deleting == 0) {
            return null;
        }
        Encoder out = doc.scratch();
        out.setFloat64(float64);
        out.writeVarUint(grown);
        for (ClientChange change : all) {
            if (change.after > change.before) {
                DocWriter.structs(out, change.list, change.before);
            }
        }
        out.writeVarUint(deleting);
        for (ClientChange change : all) {
            if (change.deletes != null) {
                out.writeVarUint(change.list.client);
                change.deletes.encode(out);
            }
        }
        out.setFloat64(false);
        return out.toByteArray();
    }

    /** As {@link #encodeUpdate}, in wire format V2. */
    public byte @Nullable [] encodeUpdateV2() {
        byte[] v1 = encodeUpdate();
        return v1 == null ? null : UpdateV2.encode(Update.decode(v1, DecodeLimits.OWN));
    }

    /** A scratch map that listeners share; may be changed, and is discarded with the transaction. */
    public Map<Object, Object> meta() {
        if (meta == null) {
            meta = new HashMap<>(2);
        }
        return meta;
    }

    // ---- recording

    /** Records the ends of the histories, after the edits. */
    void noteEnds() {
        for (int i = 0; i < changeCount; i++) {
            changes[i].after = changes[i].list.end();
        }
    }

    /** Whether the transaction added structs to the history of {@code client}. */
    boolean grows(long client) {
        for (int i = 0; i < changeCount; i++) {
            if (changes[i].list.client == client) {
                return changes[i].after > changes[i].before;
            }
        }
        return false;
    }

    /** Records that all observers were called; deleted content is collected from now on. */
    void finish() {
        finished = true;
    }

    boolean isFinished() {
        return finished;
    }

    /**
     * Removes the references to this transaction from the histories and types that it changed: a long transaction can
     * be as large as the document.
     */
    void release() {
        for (int i = 0; i < changeCount; i++) {
            StructList list = changes[i].list;
            if (list.change == changes[i]) {
                list.change = null;
            }
        }
        for (int i = 0; i < changed.size(); i++) {
            TypeChange change = changed.get(i);
            if (change.branch.change == change) {
                change.branch.change = null;
            }
        }
    }

    void becomesRemote() {
        local = false;
    }

    /** Begins an edit of this list by index, or ends it (null); such an edit updates the markers of the list itself. */
    void editsByIndex(@Nullable Branch branch) {
        byIndex = branch;
    }

    void listChanged(Branch branch) {
        if (branch.markers != null && byIndex != branch) {
            branch.dropMarkers();
        }
    }

    /**
     * Executes the recorded edits of a type that was inserted, which may insert further types. Down to
     * {@value #MAX_FILLING} levels this happens at once, so that clocks are assigned in the order of Yjs; types that
     * nest deeper wait until the stack is free.
     */
    void fill(List<Consumer<Transaction>> edits) {
        if (filling == MAX_FILLING) {
            unfilled = unfilled == null ? new ArrayDeque<>() : unfilled;
            unfilled.add(edits);
            return;
        }
        filling++;
        try {
            edits.forEach(edit -> edit.accept(this));
            while (filling == 1 && unfilled != null && !unfilled.isEmpty()) {
                unfilled.remove().forEach(edit -> edit.accept(this));
            }
        } finally {
            filling--;
        }
    }

    /** Passes on the items of these clocks, split at the borders; items that are created meanwhile are not passed on. */
    void forEachItem(DeleteSet clocks, Consumer<Item> consumer) {
        ItemStore store = doc.store();
        clocks.forEachInOrder((client, from, to) -> {
            StructList list = store.find(client);
            long end = list == null ? 0 : Math.min(to, list.end());
            if (list == null || from >= end) {
                return;
            }
            store.cleanEnd(this, list, end - 1);
            for (long clock = from; clock < end; ) {
                Struct struct = store.cleanStart(this, list, clock);
                clock = struct.end();
                if (struct instanceof Item item) {
                    consumer.accept(item);
                }
            }
        });
    }

    ClientChange touch(StructList list) {
        ClientChange change = list.change;
        if (change != null && change.transaction == this) {
            return change;
        }
        change = changeOf(list); // a later transaction of an observer may have touched it since
        if (change == null) {
            change = new ClientChange(this, list);
            if (changeCount == changes.length) {
                changes = Arrays.copyOf(changes, changeCount * 2 + 2);
            }
            changes[changeCount++] = change;
        }
        list.change = change;
        return change;
    }

    private @Nullable ClientChange changeOf(StructList list) {
        ClientChange newest = list.change;
        if (newest != null && newest.transaction == this) {
            return newest;
        }
        if (!finished && (newest == null || newest.transaction.number < number)) {
            return null; // no transaction has touched it since this one began
        }
        for (int i = 0; i < changeCount; i++) {
            if (changes[i].list == list) {
                return changes[i];
            }
        }
        return null;
    }

    int changeCount() {
        return changeCount;
    }

    ClientChange change(int i) {
        return changes[i];
    }

    boolean adds(Item item) {
        ClientChange change = changeOf(item.list());
        return change != null && item.clock() >= change.before;
    }

    boolean deletes(Item item) {
        ClientChange change = changeOf(item.list());
        return change != null && change.deletes != null && change.deletes.covers(item.clock(), item.clock() + 1);
    }

    void addDeleted(Item item) {
        ClientChange change = touch(item.list());
        Ranges deletes = change.deletes;
        if (deletes == null) {
            deletes = new Ranges();
            change.deletes = deletes;
            change.deleteRank = deletingCount++;
        }
        deletes.add(item.clock(), item.end());
    }

    void addChanged(Branch branch, @Nullable String key) {
        Item item = branch.item;
        if (item != null && (item.isDeleted() || adds(item))) {
            return; // a type that is new in this transaction, or deleted, has no observers to call
        }
        TypeChange change = branch.change;
        if (change == null || change.transaction != this) {
            change = new TypeChange(this, branch);
            branch.change = change;
            changed.add(change);
        }
        if (key == null) {
            change.children = true;
        } else {
            change.addKey(key);
        }
    }

    List<TypeChange> changedTypes() {
        return changed;
    }

    void addSplit(Item right) {
        if (splitCount == splits.length) {
            splits = Arrays.copyOf(splits, splitCount * 2 + 2);
        }
        splits[splitCount++] = right;
    }

    int splitCount() {
        return splitCount;
    }

    /** The right half of a split, or a deleted item that may merge with its neighbours. */
    Item split(int i) {
        Item item = splits[i];
        if (item == null) {
            throw new IndexOutOfBoundsException("split " + i);
        }
        return item;
    }

    /** Deletes an item and, if its content is a type, everything in it. */
    void delete(Item item) {
        if (item.isDeleted()) {
            return;
        }
        deleteAlone(item);
        ArrayDeque<Branch> deleted = orphans;
        if (deleted == null || deletingOrphans) {
            return;
        }
        deletingOrphans = true; // types may nest to any depth: no recursion
        while (!deleted.isEmpty()) {
            deleteChildren(deleted.pop());
        }
        deletingOrphans = false;
    }

    private void deleteAlone(Item item) {
        if (item.parentSub() == null) {
            listChanged(item.parent());
            if (item.isCountable()) {
                item.parent().length -= item.length();
            }
        }
        item.markDeleted();
        addDeleted(item);
        addChanged(item.parent(), item.parentSub());
        item.content().delete(this, item);
    }

    void deleteChildrenLater(Branch branch) {
        if (orphans == null) {
            orphans = new ArrayDeque<>();
        }
        orphans.push(branch);
    }

    private void deleteChildren(Branch branch) {
        for (Item child = branch.start; child != null; child = child.right) {
            deleteChild(child);
        }
        if (branch.hasMap()) {
            branch.map().values().forEach(this::deleteChild);
        }
    }

    private void deleteChild(Item child) {
        if (!child.isDeleted()) {
            deleteAlone(child);
        } else if (!adds(child)) {
            addSplit(child); // it is collected together with its parent and may then merge with its neighbours
        }
    }

    // ---- subdocuments

    private SubdocChanges changedSubdocs() {
        if (subdocs == null) {
            subdocs = new SubdocChanges();
        }
        return subdocs;
    }

    void subdocAdded(Doc subdoc) {
        changedSubdocs().added.add(subdoc);
        if (subdoc.shouldLoad()) {
            changedSubdocs().loaded.add(subdoc);
        }
    }

    void subdocRemoved(Doc subdoc) {
        if (!changedSubdocs().added.remove(subdoc)) {
            changedSubdocs().removed.add(subdoc);
        }
    }

    void subdocLoaded(Doc subdoc) {
        changedSubdocs().loaded.add(subdoc);
    }

    @Nullable
    SubdocChanges subdocs() {
        return subdocs;
    }
}
