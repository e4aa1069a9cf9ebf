package io.keck.crdt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Computes the change of a text as a delta. Unlike Yjs it only reads: marks without effect are skipped, not deleted.
 * Source: Yjs {@code YText.js} {@code YTextEvent}.
 */
final class TextEventDelta {
    private enum Action {
        NONE,
        INSERT,
        RETAIN,
        DELETE
    }

    private final Transaction transaction;
    private final List<Delta> steps = new ArrayList<>();
    /** Formats in force now. */
    private final Map<String, @Nullable Object> current = new LinkedHashMap<>();
    /** Formats that were in force before the transaction. */
    private final Map<String, @Nullable Object> old = new LinkedHashMap<>();
    /** Formats that retained content got or lost. */
    private final Map<String, @Nullable Object> changed = new LinkedHashMap<>();

    private final StringBuilder insert = new StringBuilder();
    private Action action = Action.NONE;
    private int length;

    private TextEventDelta(Transaction transaction) {
        this.transaction = transaction;
    }

    static List<Delta> of(Transaction transaction, Branch text) {
        TextEventDelta delta = new TextEventDelta(transaction);
        for (Item item = text.start; item != null; item = item.right) {
            if (item.content() instanceof ContentFormat format) {
                delta.mark(item, format);
            } else if (item.isCountable()) {
                delta.content(item);
            }
        }
        delta.endStep();
        List<Delta> steps = delta.steps;
        while (!steps.isEmpty()
                && steps.get(steps.size() - 1) instanceof Delta.Retain last
                && last.attributes().isEmpty()) {
            steps.remove(steps.size() - 1);
        }
        return steps;
    }

    private void content(Item item) {
        boolean adds = transaction.adds(item);
        boolean deletes = transaction.deletes(item);
        if (adds && !deletes) {
            if (item.isString()) {
                turnTo(Action.INSERT);
                item.list().text().appendTo(insert, item.at, item.at + (int) item.length());
            } else {
                endStep();
                steps.add(Delta.insert(item.content().value(item, 0), holding()));
            }
        } else if (!adds && deletes) {
            turnTo(Action.DELETE);
            length += (int) item.length();
        } else if (!item.isDeleted()) {
            turnTo(Action.RETAIN);
            length += (int) item.length();
        }
    }

    private void mark(Item item, ContentFormat format) {
        String key = format.key;
        Object value = format.value;
        boolean redundant = false;
        if (transaction.adds(item)) {
            if (transaction.deletes(item)) {
                return;
            }
            redundant = Formats.equal(current.get(key), value);
            if (!redundant) {
                changes();
                if (Formats.equal(old.get(key), value)) {
                    changed.remove(key);
                } else {
                    changed.put(key, value);
                }
            }
        } else if (transaction.deletes(item)) {
            old.put(key, value);
            Object holds = current.get(key);
            if (!Formats.equal(holds, value)) {
                changes();
                changed.put(key, holds);
            }
        } else if (!item.isDeleted()) {
            old.put(key, value);
            if (changed.containsKey(key)) {
                Object replaced = changed.get(key);
                redundant = replaced != null && Formats.equal(replaced, value);
                if (!Formats.equal(replaced, value)) {
                    changes();
                    if (value == null) {
                        changed.remove(key);
                    } else {
                        changed.put(key, value);
                    }
                }
            }
        }
        if (!item.isDeleted() && !redundant) {
            if (action == Action.INSERT) {
                endStep();
            }
            if (value == null) {
                current.remove(key);
            } else {
                current.put(key, value);
            }
        }
    }

    /** Ends a retain step, since content from here on has other changes of format. */
    private void changes() {
        if (action == Action.RETAIN) {
            endStep();
        }
    }

    private void turnTo(Action next) {
        if (action != next) {
            endStep();
            action = next;
        }
    }

    private Map<String, @Nullable Object> holding() {
        return new LinkedHashMap<>(current);
    }

    private void endStep() {
        switch (action) {
            case INSERT -> {
                if (insert.length() > 0) {
                    steps.add(Delta.insert(insert.toString(), holding()));
                }
            }
            case RETAIN -> steps.add(Delta.retain(length, changed));
            case DELETE -> steps.add(Delta.delete(length));
            case NONE -> {}
        }
        insert.setLength(0);
        length = 0;
        action = Action.NONE;
    }
}
