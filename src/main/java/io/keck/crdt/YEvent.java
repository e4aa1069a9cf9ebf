package io.keck.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The changes that one transaction made to one type. Details are computed on first request, which must happen while
 * observers are called: afterwards deleted content is gone. Source: Yjs {@code YEvent.js}, {@code YTextEvent}.
 */
public final class YEvent {
    private final TypeChange change;
    private final Branch branch;
    private final Transaction transaction;
    private Branch currentTarget;
    private @Nullable Map<String, KeyChange> keys;
    private @Nullable List<Delta> delta;

    YEvent(TypeChange change) {
        this.change = change;
        this.branch = change.branch;
        this.transaction = change.transaction;
        this.currentTarget = change.branch;
    }

    /** The type that changed. */
    public AbstractType target() {
        return branch.view();
    }

    /** The type whose observer is called. */
    public AbstractType currentTarget() {
        return currentTarget.view();
    }

    void at(Branch observed) {
        currentTarget = observed;
    }

    /** The transaction that made the changes. */
    public Transaction transaction() {
        return transaction;
    }

    /** The path from {@link #currentTarget} to {@link #target}: a String for a key, an Integer for an index. */
    public List<Object> path() {
        List<Object> path = new ArrayList<>();
        Branch at = branch;
        while (at != currentTarget && at.item != null) {
            Item item = at.item;
            if (item.parentSub() != null) {
                path.add(item.parentSub());
            } else {
                long index = 0;
                for (Item before = item.left; before != null; before = before.left) {
                    index += before.isVisible() ? before.length() : 0;
                }
                path.add((int) index);
            }
            at = item.parent();
        }
        Collections.reverse(path);
        return Collections.unmodifiableList(path);
    }

    int depth() {
        int depth = 0;
        Branch at = branch;
        while (at != currentTarget && at.item != null) {
            at = at.item.parent();
            depth++;
        }
        return depth;
    }

    /** Whether the list of children, elements or characters changed. */
    public boolean childListChanged() {
        return change.children;
    }

    /** The keys or attributes that the transaction touched. */
    public Set<String> keysChanged() {
        return Collections.unmodifiableSet(change.keys());
    }

    /**
     * The changes of those keys or attributes whose value differs from before.
     *
     * @throws IllegalStateException if it is first called after the observers
     */
    public Map<String, KeyChange> keys() {
        if (keys == null) {
            checkOpen();
            Map<String, KeyChange> found = new LinkedHashMap<>();
            for (String key : change.keys()) {
                KeyChange what = keyChange(branch.map().get(key));
                if (what != null) {
                    found.put(key, what);
                }
            }
            keys = Collections.unmodifiableMap(found);
        }
        return keys;
    }

    private @Nullable KeyChange keyChange(@Nullable Item item) {
        if (item == null) {
            return null;
        }
        if (!transaction.adds(item)) {
            return transaction.deletes(item) ? new KeyChange(KeyChange.Action.DELETE, old(item)) : null;
        }
        Item before = item.left;
        while (before != null && transaction.adds(before)) {
            before = before.left;
        }
        boolean had = before != null && transaction.deletes(before);
        Object old = before != null && had ? old(before) : null;
        if (transaction.deletes(item)) {
            return had ? new KeyChange(KeyChange.Action.DELETE, old) : null;
        }
        return new KeyChange(had ? KeyChange.Action.UPDATE : KeyChange.Action.ADD, old);
    }

    private static @Nullable Object old(Item item) {
        return item.isCountable() ? Lists.last(item) : null;
    }

    /**
     * The change of the list: with formats in texts, with Lists of values in lists.
     *
     * @throws IllegalStateException if it is first called after the observers
     */
    public List<Delta> delta() {
        if (delta == null) {
            checkOpen();
            boolean text = branch.kind() == Branch.TEXT || branch.kind() == Branch.XML_TEXT;
            delta = Collections.unmodifiableList(text ? TextEventDelta.of(transaction, branch) : listDelta());
        }
        return delta;
    }

    private List<Delta> listDelta() {
        List<Delta> steps = new ArrayList<>();
        if (!change.children) {
            return steps;
        }
        List<@Nullable Object> insert = new ArrayList<>();
        int retain = 0;
        int delete = 0;
        for (Item item = branch.start; item != null; item = item.right) {
            boolean adds = transaction.adds(item);
            boolean deletes = item.isDeleted() && !adds && transaction.deletes(item) && item.isCountable();
            boolean stays = item.isVisible() && !adds;
            boolean comes = item.isVisible() && adds;
            if (retain > 0 && (comes || deletes)) {
                steps.add(Delta.retain(retain));
                retain = 0;
            }
            if (delete > 0 && (comes || stays)) {
                steps.add(Delta.delete(delete));
                delete = 0;
            }
            if (!insert.isEmpty() && (deletes || stays)) {
                steps.add(Delta.insert(Collections.unmodifiableList(insert)));
                insert = new ArrayList<>();
            }
            if (comes) {
                for (int i = 0; i < item.length(); i++) {
                    insert.add(item.content().value(item, i));
                }
            }
            delete += deletes ? (int) item.length() : 0;
            retain += stays ? (int) item.length() : 0;
        }
        if (delete > 0) {
            steps.add(Delta.delete(delete));
        }
        if (!insert.isEmpty()) {
            steps.add(Delta.insert(Collections.unmodifiableList(insert)));
        }
        return steps;
    }

    /** The values that were added to the list. */
    public List<@Nullable Object> added() {
        return values(true);
    }

    /** The values that were deleted from the list. */
    public List<@Nullable Object> deleted() {
        return values(false);
    }

    private List<@Nullable Object> values(boolean added) {
        checkOpen();
        List<@Nullable Object> values = new ArrayList<>();
        for (Item item = branch.start; change.children && item != null; item = item.right) {
            boolean wanted = added
                    ? item.isVisible() && transaction.adds(item)
                    : transaction.deletes(item) && !transaction.adds(item) && item.isCountable();
            for (int i = 0; wanted && i < item.length(); i++) {
                values.add(item.content().value(item, i));
            }
        }
        return Collections.unmodifiableList(values);
    }

    private void checkOpen() {
        if (transaction.isFinished()) {
            throw new IllegalStateException("the details of an event must be requested while observers are called");
        }
    }
}
