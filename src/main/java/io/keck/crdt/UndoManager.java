package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Undoes the changes of some origins to some types, and leaves those of others. What was inserted is deleted; what was
 * deleted is inserted again as new items, since a tombstone cannot come back. So that their content is still there,
 * deleted items within the scope are kept from the collector until the step is forgotten.
 *
 * <p>Ends with its document, or when it is closed. Belongs to the thread of its document; time is handed in. Source: Yjs
 * {@code UndoManager.js}.
 */
public final class UndoManager implements AutoCloseable {
    /** What is going on, and so where a change that is captured belongs. */
    private enum Mode {
        EDIT,
        UNDO,
        REDO
    }

    private final Doc doc;
    private final UndoOptions options;
    private final Set<@Nullable Object> trackedOrigins;
    private final Set<Branch> scope = new LinkedHashSet<>();
    private boolean wholeDocument;

    private final ArrayDeque<UndoStep> undoStack = new ArrayDeque<>();
    private final ArrayDeque<UndoStep> redoStack = new ArrayDeque<>();
    private final List<Consumer<UndoEvent>> listeners = new ArrayList<>(0);
    private final List<Runnable> clearListeners = new ArrayList<>(0);
    private final List<Subscription> hooks;
    private Mode mode = Mode.EDIT;
    /** Whether the next change may belong to the newest step, if it comes soon enough. */
    private boolean capturing;
    /** When a change was captured last. */
    private long lastChange;

    /** Undoes changes of these types and of what is in them. */
    public UndoManager(List<? extends AbstractType> types, UndoOptions options) {
        this(docOf(types), options, false);
        types.forEach(this::addToScope);
    }

    /** Undoes changes of the whole document. */
    public UndoManager(Doc doc, UndoOptions options) {
        this(doc, options, true);
    }

    private UndoManager(Doc doc, UndoOptions options, boolean wholeDocument) {
        this.doc = doc;
        this.options = options;
        this.wholeDocument = wholeDocument;
        this.trackedOrigins = new LinkedHashSet<>(options.trackedOrigins());
        this.hooks = List.of(doc.onAfterTransaction(this::capture), doc.onDestroy(destroyed -> close()));
    }

    private static Doc docOf(List<? extends AbstractType> types) {
        Doc doc = types.isEmpty() ? null : types.get(0).doc();
        if (doc == null) {
            throw new IllegalArgumentException("types of a document are needed");
        }
        return doc;
    }

    // ---- what is captured

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

    /** Undoes changes of the whole document from now on. */
    public void addDocumentToScope() {
        wholeDocument = true;
    }

    /** Undoes changes of this origin too, or of origins of this class. */
    public void addTrackedOrigin(@Nullable Object origin) {
        trackedOrigins.add(origin);
    }

    /** Does not undo changes of this origin any more. */
    public void removeTrackedOrigin(@Nullable Object origin) {
        trackedOrigins.remove(origin);
    }

    boolean inScope(Item item) {
        boolean in = wholeDocument;
        for (Branch branch : scope) {
            in = in || branch.contains(item.parent());
        }
        return in;
    }

    private boolean concerns(Transaction transaction) {
        Object origin = transaction.origin();
        boolean tracked = origin == this
                || trackedOrigins.contains(origin)
                || (origin != null && trackedOrigins.contains(origin.getClass()));
        boolean changed = wholeDocument;
        for (Branch branch : scope) {
            changed = changed || transaction.changed(branch);
        }
        return tracked && changed && options.captureTransaction().test(transaction);
    }

    private void capture(Transaction transaction) {
        if (!concerns(transaction)) {
            return;
        }
        boolean grows = false;
        switch (mode) {
            case EDIT -> {
                clear(false, true);
                long now = options.clock().getAsLong();
                grows = capturing && canUndo() && now - lastChange < options.captureTimeout();
                capturing = true;
                lastChange = now;
            }
            case UNDO -> stopCapturing();
            case REDO -> {}
        }
        ArrayDeque<UndoStep> stack = mode == Mode.UNDO ? redoStack : undoStack;
        if (!grows) {
            stack.push(new UndoStep());
        }
        UndoStep step = stack.element();
        step.add(transaction);
        transaction.forEachItem(transaction.deletes(), item -> {
            if (inScope(item)) {
                item.keep(true);
            }
        });
        UndoEvent.Kind kind = grows ? UndoEvent.Kind.UPDATED : UndoEvent.Kind.ADDED;
        tell(new UndoEvent(kind, mode == Mode.UNDO, transaction, step.meta));
    }

    /** The next change begins a new step, however soon it comes. */
    public void stopCapturing() {
        capturing = false;
    }

    // ---- events

    /** Calls that when a step comes, grows or goes. */
    public Subscription onEvent(Consumer<UndoEvent> listener) {
        return Observers.subscribe(listeners, listener);
    }

    /** Calls that when steps are forgotten. */
    public Subscription onClear(Runnable listener) {
        return Observers.subscribe(clearListeners, listener);
    }

    private void tell(UndoEvent event) {
        List.copyOf(listeners).forEach(listener -> listener.accept(event));
    }

    // ---- steps

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

    /** Whether one of the steps deleted this item. */
    boolean deletedInAStep(Item item) {
        return undoStack.stream().anyMatch(step -> step.deletes(item))
                || redoStack.stream().anyMatch(step -> step.deletes(item));
    }

    /** Forgets all steps; what was kept for them is collected with its next deletion. */
    public void clear() {
        clear(true, true);
    }

    /**
     * Forgets steps; what was kept for them is collected with its next deletion.
     *
     * @param undo those that can be undone
     * @param redo those that can be done again
     */
    public void clear(boolean undo, boolean redo) {
        boolean forgetsUndo = undo && canUndo();
        boolean forgetsRedo = redo && canRedo();
        if (!forgetsUndo && !forgetsRedo) {
            return;
        }
        doc.transact(transaction -> {
            if (forgetsUndo) {
                forget(transaction, undoStack);
            }
            if (forgetsRedo) {
                forget(transaction, redoStack);
            }
            List.copyOf(clearListeners).forEach(Runnable::run);
        });
    }

    private void forget(Transaction transaction, ArrayDeque<UndoStep> stack) {
        // the oldest first
        stack.descendingIterator()
                .forEachRemaining(step -> transaction.forEachItem(step.deletions, item -> {
                    if (inScope(item)) {
                        item.keep(false);
                    }
                }));
        stack.clear();
    }

    /** Undoes the last step that still does something; false if there is none. */
    public boolean undo() {
        return pop(Mode.UNDO, undoStack);
    }

    /** Does the step again that was undone last; false if there is none. */
    public boolean redo() {
        return pop(Mode.REDO, redoStack);
    }

    private boolean pop(Mode as, ArrayDeque<UndoStep> stack) {
        Mode before = mode;
        mode = as;
        try {
            UndoEvent event = doc.transactGet(this, transaction -> {
                while (!stack.isEmpty()) {
                    UndoStep step = stack.pop();
                    if (new Reversal(transaction, this, options, step).run()) {
                        return new UndoEvent(UndoEvent.Kind.POPPED, as == Mode.REDO, transaction, step.meta);
                    }
                }
                return null;
            });
            if (event != null) {
                tell(event);
            }
            return event != null;
        } finally {
            mode = before;
        }
    }

    /** Stops capturing for good. What was captured can still be undone. */
    @Override
    public void close() {
        hooks.forEach(Subscription::close);
    }
}
