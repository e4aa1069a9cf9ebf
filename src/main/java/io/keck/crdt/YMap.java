package io.keck.crdt;

import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Values by key; of several concurrent values of a key, the same one wins on all replicas. See {@link AbstractType}.
 * Source: Yjs {@code YMap.js}.
 */
public sealed class YMap extends AbstractType permits YXmlHook {
    /** Creates an empty map, to be inserted into another type. */
    public YMap() {
        this(Branch.MAP, "");
    }

    YMap(int kind, String name) {
        super(kind, name);
    }

    YMap(Branch branch) {
        super(branch);
    }

    /** Creates a map of these values, to be inserted into another type. */
    public static YMap of(Map<String, ? extends @Nullable Object> values) {
        YMap map = new YMap();
        values.forEach(map::set);
        return map;
    }

    /**
     * Sets the value of a key; the previous value is deleted.
     *
     * @throws IllegalArgumentException if a type cannot hold the value
     */
    public void set(String key, @Nullable Object value) {
        String name = Values.wellFormed(key);
        Object checked = Lists.checked(Collections.singletonList(value)).get(0);
        edit(transaction -> Lists.set(transaction, branch, name, checked));
    }

    /** Deletes a key and its value; does nothing if there is no such key. */
    public void delete(String key) {
        edit(transaction -> Lists.remove(transaction, branch, key));
    }

    /** Deletes all keys. */
    public void clear() {
        edit(transaction -> Set.copyOf(keys()).forEach(key -> Lists.remove(transaction, branch, key)));
    }

    /** The value of a key; null if there is none, or if it is null. */
    public @Nullable Object get(String key) {
        Item item = branch.value(key);
        return item == null ? null : Lists.last(item);
    }

    /** Whether the map has {@code key}. */
    public boolean has(String key) {
        return branch.value(key) != null;
    }

    /** The number of keys. */
    public int size() {
        return toMap().size();
    }

    /** The keys. */
    public Set<String> keys() {
        return toMap().keySet();
    }

    /** All keys and values, as a copy; types and documents are not converted. */
    public Map<String, @Nullable Object> toMap() {
        return Attributes.of(branch);
    }

    /** The keys and values one by one, in the order of {@link #toMap}. The map must not be edited meanwhile. */
    public Iterator<Map.Entry<String, @Nullable Object>> entries() {
        return new Attributes.Entries(branch);
    }

    /** All keys and values at the time of a snapshot, for a document without garbage collection. */
    public Map<String, @Nullable Object> toMap(Snapshot snapshot) {
        return Attributes.of(branch, snapshot);
    }

    @Override
    public YMap copy() {
        return Copies.of(this);
    }
}
