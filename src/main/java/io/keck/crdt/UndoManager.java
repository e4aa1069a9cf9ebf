package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Undoes the changes of some origins to some types, and leaves those of others. What was inserted is deleted; what was
 * deleted is inserted again as new items, since a tombstone cannot come back. So that their content is still there,
 * deleted items within the scope are kept from the collector until the step is forgotten.
 *
 * <p>Belongs to the thread of its document; time is handed in. Source: Yjs {@code UndoManager.js}, {@code Item.js}
 * {@code redoItem}.
 */
public final class UndoManager implements AutoCloseable {
    /** What is undone together. */
    private static final class Step {
        final DeleteSet insertions;
        final DeleteSet deletions;
        final Map<String, Object> meta = new HashMap<>();

        Step(DeleteSet insertions, DeleteSet deletions) {
            this.insertions = insertions;
            this.deletions = deletions;
        }
    }

    private final Doc doc;
    private final UndoOptions options;
    /** Empty for the whole document. */
    private final List<Branch> scope = new ArrayList<>();

    private final List<Step> undoStack = new ArrayList<>();
    private final List<Step> redoStack = new ArrayList<>();
    private final List<Consumer<UndoEvent>> listeners = new ArrayList<>(0);
    private final Subscription hook;
    private boolean undoing;
    private boolean redoing;
    /** When a change was captured last; it counts for nothing after {@link #stopCapturing}. */
    private long lastChange;

    private boolean capturing;

    /** Undoes changes of these types and of what is in them. */
    public UndoManager(List<? extends AbstractType> types, UndoOptions options) {
        this(docOf(types), options);
        types.forEach(this::addToScope);
    }

    /** Undoes changes of the whole document. */
    public UndoManager(Doc doc, UndoOptions options) {
        this.doc = doc;
        this.options = options;
        this.hook = doc.onAfterTransaction(this::capture);
    }

    private static Doc docOf(List<? extends AbstractType> types) {
        Doc doc = types.isEmpty() ? null : types.get(0).doc();
        if (doc == null) {
            throw new IllegalArgumentException("types of a document are needed");
        }
        return doc;
    }

    /**
     * Undoes changes of this type too.
     *
     * @throws IllegalArgumentException if it is not in this document
     */
    public void addToScope(AbstractType type) {
        if (type.doc() != doc) {
            throw new IllegalArgumentException("the type is not in the document of this manager");
        }
        scope.add(type.branch);
    }

    private boolean inScope(Item item) {
        if (scope.isEmpty()) {
            return true;
        }
        for (Branch branch : scope) {
            if (branch.contains(item.parent)) {
                return true;
            }
        }
        return false;
    }

    // ---- capturing

    private void capture(Transaction transaction) {
        boolean concerns = scope.isEmpty();
        for (Branch branch : scope) {
            concerns |= transaction.changed(branch);
        }
        if (!concerns || !isTracked(transaction.origin()) || !options.captured().test(transaction)) {
            return;
        }
        if (undoing) {
            stopCapturing();
        } else if (!redoing) {
            clear(false, true);
        }
        List<Step> stack = undoing ? redoStack : undoStack;
        long now = options.clock().getAsLong();
        boolean grows =
                capturing && now - lastChange < options.captureTimeout() && !stack.isEmpty() && !undoing && !redoing;
        if (grows) {
            Step last = stack.get(stack.size() - 1);
            last.deletions.addAll(transaction.deletes());
            last.insertions.addAll(transaction.insertions());
        } else {
            stack.add(new Step(transaction.insertions(), transaction.deletes()));
        }
        if (!undoing && !redoing) {
            lastChange = now;
            capturing = true;
        }
        forEachItem(transaction, transaction.deletes(), item -> {
            if (inScope(item)) {
                item.keep(true);
            }
        });
        tell(
                grows ? UndoEvent.Kind.UPDATED : UndoEvent.Kind.ADDED,
                undoing,
                transaction.origin(),
                stack.get(stack.size() - 1));
    }

    private boolean isTracked(@Nullable Object origin) {
        return origin == this
                || options.trackedOrigins().contains(origin)
                || (origin != null && options.trackedOrigins().contains(origin.getClass()));
    }

    private void tell(UndoEvent.Kind kind, boolean redo, @Nullable Object origin, Step step) {
        UndoEvent event = new UndoEvent(kind, redo, origin, step.meta);
        List.copyOf(listeners).forEach(listener -> listener.accept(event));
    }

    /** The next change begins a new step, however soon it comes. */
    public void stopCapturing() {
        capturing = false;
    }

    /** Calls that when a step comes, grows or goes. */
    public Subscription onEvent(Consumer<UndoEvent> listener) {
        return Doc.subscribe(listeners, listener);
    }

    /** Forgets all steps; what was kept for them is collected with its next deletion. */
    public void clear() {
        clear(true, true);
    }

    private void clear(boolean undo, boolean redo) {
        if ((undo && canUndo()) || (redo && canRedo())) {
            doc.transact(transaction -> {
                if (undo) {
                    forget(transaction, undoStack);
                }
                if (redo) {
                    forget(transaction, redoStack);
                }
            });
        }
    }

    private void forget(Transaction transaction, List<Step> stack) {
        for (Step step : stack) {
            forEachItem(transaction, step.deletions, item -> {
                if (inScope(item)) {
                    item.keep(false);
                }
            });
        }
        stack.clear();
    }

    // ---- undoing

    /** Whether there is something to undo. */
    public boolean canUndo() {
        return !undoStack.isEmpty();
    }

    /** Whether there is something to do again. */
    public boolean canRedo() {
        return !redoStack.isEmpty();
    }

    /** The number of steps that can be undone. */
    public int undoSteps() {
        return undoStack.size();
    }

    /** The number of steps that can be done again. */
    public int redoSteps() {
        return redoStack.size();
    }

    /** Undoes the last step that still does something; false if there is none. */
    public boolean undo() {
        undoing = true;
        try {
            return pop(undoStack, false);
        } finally {
            undoing = false;
        }
    }

    /** Does the step again that was undone last; false if there is none. */
    public boolean redo() {
        redoing = true;
        try {
            return pop(redoStack, true);
        } finally {
            redoing = false;
        }
    }

    private boolean pop(List<Step> stack, boolean redo) {
        Step popped = doc.transactGet(this, transaction -> {
            while (!stack.isEmpty()) {
                Step step = stack.remove(stack.size() - 1);
                if (revert(transaction, step)) {
                    return step;
                }
            }
            return null;
        });
        if (popped == null) {
            return false;
        }
        tell(UndoEvent.Kind.POPPED, redo, this, popped);
        return true;
    }

    private boolean revert(Transaction transaction, Step step) {
        List<Item> toDelete = new ArrayList<>();
        forEachItem(transaction, step.insertions, inserted -> {
            Item item = current(transaction, inserted);
            if (item != null && !item.isDeleted() && inScope(item)) {
                toDelete.add(item);
            }
        });
        Set<Item> toRedo = new LinkedHashSet<>();
        forEachItem(transaction, step.deletions, item -> {
            // what was made and deleted in the same step was never there
            if (inScope(item) && !step.insertions.contains(item.list.client, item.clock)) {
                toRedo.add(item);
            }
        });
        boolean changed = false;
        for (Item item : toRedo) {
            changed |= redo(transaction, item, toRedo, step.insertions) != null;
        }
        for (int i = toDelete.size() - 1; i >= 0; i--) { // children before parents
            transaction.delete(toDelete.get(i));
            changed = true;
        }
        return changed;
    }

    /** What stands for an item now: itself, or as what it was made again. */
    private @Nullable Item current(Transaction transaction, Item item) {
        ItemStore store = doc.store();
        Item at = item;
        for (Id as = store.redone(at); as != null; as = store.redone(at)) {
            if (!(store.cleanStart(transaction, store.client(as.client()), as.clock()) instanceof Item next)) {
                return null;
            }
            at = next;
        }
        return at;
    }

    /** Makes a deleted item again, and before it what it stands in; null if it has no place any more. */
    private @Nullable Item redo(Transaction transaction, Item item, Set<Item> toRedo, DeleteSet insertions) {
        ArrayDeque<Item> outwards = new ArrayDeque<>();
        for (Item at = item; at != null; ) {
            outwards.push(at);
            Item parent = at.isRedone() ? null : at.parent.item;
            boolean needed = parent != null && parent.isDeleted() && !parent.isRedone();
            if (needed && !toRedo.contains(parent)) {
                return null;
            }
            at = needed ? parent : null;
        }
        Item made = null;
        while (!outwards.isEmpty()) {
            Item next = outwards.pop();
            made = next.isRedone() ? current(transaction, next) : redoOne(transaction, next, insertions);
            if (made == null) {
                return null;
            }
        }
        return made;
    }

    private @Nullable Item redoOne(Transaction transaction, Item item, DeleteSet insertions) {
        Item parentItem = item.parent.item;
        Branch parent = item.parent;
        if (parentItem != null && parentItem.isRedone()) {
            parentItem = current(transaction, parentItem);
            if (parentItem == null || !(parentItem.content instanceof ContentType type)) {
                return null;
            }
            parent = type.branch;
        }
        Item left;
        Item right;
        if (item.parentSub == null) {
            left = neighbour(transaction, item.left, parent, true);
            right = neighbour(transaction, item, parent, false);
        } else {
            right = null;
            left = newest(parent, item.parentSub);
            if (item.right != null && !options.ignoreRemoteMapChanges()) {
                left = lastOwn(transaction, item, insertions);
                if (left == null || left.right != null) {
                    return null; // somebody else has set the key since
                }
                left = left.parent == parent ? left : newest(parent, item.parentSub);
            }
        }
        Item made = Lists.newItem(transaction, parent, item.parentSub, left, right, item.length);
        made.content = item.content.copy(item, made, made.list);
        doc.store().setRedone(item, made.id());
        made.keep(true);
        doc.integration().link(transaction, made);
        return made;
    }

    private static @Nullable Item newest(Branch parent, String key) {
        return parent.hasMap() ? parent.map().get(key) : null;
    }

    /** From an item on, the first that stands in the parent, as itself or as what it was made again. */
    private @Nullable Item neighbour(Transaction transaction, @Nullable Item from, Branch parent, boolean leftwards) {
        for (Item at = from; at != null; at = leftwards ? at.left : at.right) {
            Item trace = at;
            while (trace != null && trace.parent != parent) {
                Id as = doc.store().redone(trace);
                trace = as != null
                                && doc.store()
                                                .cleanStart(
                                                        transaction, doc.store().client(as.client()), as.clock())
                                        instanceof Item next
                        ? next
                        : null;
            }
            if (trace != null) {
                return trace;
            }
        }
        return null;
    }

    /** Of the values of a key from this one on, the last before one that is not ours to replace. */
    private @Nullable Item lastOwn(Transaction transaction, Item item, DeleteSet insertions) {
        Item at = item;
        while (at != null && at.right != null && isOurs(at.right, insertions)) {
            at = current(transaction, at.right);
        }
        return at;
    }

    private boolean isOurs(Item item, DeleteSet insertions) {
        long client = item.list.client;
        return item.isRedone()
                || insertions.contains(client, item.clock)
                || undoStack.stream().anyMatch(step -> step.deletions.contains(client, item.clock))
                || redoStack.stream().anyMatch(step -> step.deletions.contains(client, item.clock));
    }

    /** Gives the items of these clocks, split at the borders; what is made meanwhile is not given. */
    private void forEachItem(Transaction transaction, DeleteSet clocks, Consumer<Item> consumer) {
        ItemStore store = doc.store();
        clocks.forEachInOrder((client, from, to) -> {
            StructList list = store.find(client);
            long end = list == null ? 0 : Math.min(to, list.end());
            long clock = from;
            if (list != null && clock < end) {
                store.cleanEnd(transaction, list, end - 1);
            }
            while (list != null && clock < end) {
                Struct struct = store.cleanStart(transaction, list, clock);
                clock = struct.end();
                if (struct instanceof Item item) {
                    consumer.accept(item);
                }
            }
        });
    }

    /** Stops capturing for good. What was captured can still be undone. */
    @Override
    public void close() {
        hook.close();
    }
}
