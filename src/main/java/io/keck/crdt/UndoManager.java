package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Undoes the changes that certain origins made to certain types, and leaves all others. Inserted content is deleted;
 * deleted content is inserted again as new items, since a tombstone cannot be revived. So that their content is still
 * there, deleted items within the scope are protected from being collected until their step is forgotten.
 *
 * <p>Ends with its document, or when it is closed. Belongs to the thread of its document; {@link UndoOptions#clock()}
 * supplies the time. Source: Yjs {@code UndoManager.js}.
 */
public final class UndoManager implements AutoCloseable {
    /** The current activity, which decides to which stack a captured change belongs. */
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
    /** Whether the next change may join the newest step, if it follows soon enough. */
    private boolean capturing;
    /** The time at which a change was captured last, in milliseconds. */
    private long lastChange;

    /**
     * Creates a manager that undoes changes of these types and of everything in them.
     *
     * @throws IllegalArgumentException if there are no types, or they are not all in one document
     */
    public UndoManager(List<? extends AbstractType> types, UndoOptions options) {
        this(docOf(types), options, false);
        types.forEach(this::addToScope);
    }

    /** Creates a manager that undoes changes of the whole document. */
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
            throw new IllegalArgumentException("an undo manager needs at least one type, and it must be in a document");
        }
        return doc;
    }

    // ---- capturing

    /**
     * Undoes changes of this type too, from now on.
     *
     * @throws IllegalArgumentException if the type is not in the document of this manager
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

    /** Undoes changes of this origin too, or, for a class, of the origins that are instances of exactly that class. */
    public void addTrackedOrigin(@Nullable Object origin) {
        trackedOrigins.add(origin);
    }

    /** Stops capturing changes of this origin. */
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

    /** Makes the next change begin a new step, however soon it follows. */
    public void stopCapturing() {
        capturing = false;
    }

    // ---- events

    /** Calls {@code listener} when a step is added, extended, undone or redone. */
    public Subscription onEvent(Consumer<UndoEvent> listener) {
        return Observers.subscribe(listeners, listener);
    }

    /** Calls {@code listener} when {@link #clear(boolean, boolean)} forgets steps. */
    public Subscription onClear(Runnable listener) {
        return Observers.subscribe(clearListeners, listener);
    }

    private void tell(UndoEvent event) {
        List.copyOf(listeners).forEach(listener -> listener.accept(event));
    }

    // ---- steps

    /** Whether there is a step to undo. */
    public boolean canUndo() {
        return !undoStack.isEmpty();
    }

    /** Whether there is a step to redo. */
    public boolean canRedo() {
        return !redoStack.isEmpty();
    }

    /** The number of steps that can be undone. */
    public int undoSteps() {
        return undoStack.size();
    }

    /** The number of steps that can be redone. */
    public int redoSteps() {
        return redoStack.size();
    }

    /** Whether one of the steps deleted this item. */
    boolean deletedInAStep(Item item) {
        return undoStack.stream().anyMatch(step -> step.deletes(item))
                || redoStack.stream().anyMatch(step -> step.deletes(item));
    }

    /** Forgets all steps and ends the protection of the deleted items that they kept. */
    public void clear() {
        clear(true, true);
    }

    /**
     * Forgets steps and ends the protection of the deleted items that they kept.
     *
     * @param undo whether to forget the steps that can be undone
     * @param redo whether to forget the steps that can be redone
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

    /** Undoes the last step that still has an effect; returns false if there is none. */
    public boolean undo() {
        return pop(Mode.UNDO, undoStack);
    }

    /** Redoes the step undone last that still has an effect; returns false if there is none. */
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

    /** Stops capturing for good. Changes captured before can still be undone. */
    @Override
    public void close() {
        hooks.forEach(Subscription::close);
    }
}
