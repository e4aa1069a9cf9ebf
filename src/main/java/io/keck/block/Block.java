package io.keck.block;

import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One block: a nested map with {@code sys:flavour} (string), {@code sys:children} (nested array of strings),
 * {@code sys:created} (milliseconds since 1970), {@code sys:parent} (string, once the block was inserted under a
 * parent) and {@code prop:*}. Belongs to the thread of its document.
 */
public final class Block {
    static final String FLAVOUR = "sys:flavour";
    static final String CHILDREN = "sys:children";
    static final String CREATED = "sys:created";
    static final String PARENT = "sys:parent";
    private static final String ID = "sys:id";
    private static final String PROPERTY = "prop:";
    private static final List<String> FIRST = List.of(FLAVOUR, CHILDREN, CREATED, PARENT);

    private final String id;
    private final YMap map;

    Block(String id, YMap map) {
        this.id = id;
        this.map = map;
    }

    /** The key of the block in its space. */
    public String id() {
        return id;
    }

    /** The flavour of the block; null if {@code sys:flavour} is not a string. */
    public @Nullable String flavour() {
        return map.get(FLAVOUR) instanceof String flavour ? flavour : null;
    }

    /** The ids of the children, in order; elements that are not strings are left out. */
    public List<String> children() {
        List<String> ids = new ArrayList<>();
        for (Object child : elements()) {
            if (child instanceof String childId) {
                ids.add(childId);
            }
        }
        return Collections.unmodifiableList(ids);
    }

    /** The elements of the list of children, which may also be a plain array that some client set as a value. */
    private List<?> elements() {
        Object children = map.get(CHILDREN);
        if (children instanceof YArray array) {
            return array.toList();
        }
        return children instanceof List<?> list ? list : List.of();
    }

    /**
     * The entries as they are in the document, those of the block model first and the id last. Values may be types of
     * the document. The map is a view that creates entries as they are read, so the block must not be edited meanwhile.
     */
    public Map<String, @Nullable Object> entries() {
        return new Entries(() -> new Iterator<>() {
            private final Iterator<String> first =
                    FIRST.stream().filter(map::has).iterator();
            private final Iterator<Map.Entry<String, @Nullable Object>> others = map.entries();
            private Map.@Nullable Entry<String, @Nullable Object> next;
            private boolean hasEnded;

            @Override
            public boolean hasNext() {
                while (next == null && !hasEnded) {
                    if (first.hasNext()) {
                        String key = first.next();
                        next = entry(key, map.get(key));
                    } else if (others.hasNext()) {
                        Map.Entry<String, @Nullable Object> other = others.next();
                        next = FIRST.contains(other.getKey()) || other.getKey().equals(ID) ? null : other;
                    } else {
                        hasEnded = true;
                        next = entry(ID, id);
                    }
                }
                return next != null;
            }

            @Override
            public Map.Entry<String, @Nullable Object> next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Map.Entry<String, @Nullable Object> now = Objects.requireNonNull(next);
                next = null;
                return now;
            }
        });
    }

    private static Map.Entry<String, @Nullable Object> entry(String key, @Nullable Object value) {
        return new AbstractMap.SimpleImmutableEntry<>(key, value);
    }

    // ---- edits

    /** Creates the map of a new block, to be put into a space. */
    static YMap fresh(String flavour, long now) {
        YMap map = new YMap();
        map.set(FLAVOUR, flavour);
        map.set(CHILDREN, new YArray());
        map.set(CREATED, now);
        return map;
    }

    /** Sets properties; null removes one. Keys have no prefix. Returns whether there was anything to do. */
    boolean setProperties(Map<String, ? extends @Nullable Object> properties) {
        boolean changed = false;
        for (Map.Entry<String, ? extends @Nullable Object> property : properties.entrySet()) {
            String key = PROPERTY + property.getKey();
            Object value = property.getValue();
            if (value != null) {
                map.set(key, value);
                changed = true;
            } else if (map.has(key)) {
                map.delete(key);
                changed = true;
            }
        }
        return changed;
    }

    boolean setParent(String parent) {
        if (parent.equals(map.get(PARENT))) {
            return false;
        }
        map.set(PARENT, parent);
        return true;
    }

    /** Removes all occurrences of a child from the list; returns whether there was one. */
    boolean removeChild(String child) {
        if (!children().contains(child)) {
            return false;
        }
        YArray array = list();
        for (int i = array.length() - 1; i >= 0; i--) {
            if (child.equals(array.get(i))) {
                array.delete(i);
            }
        }
        return true;
    }

    /** Inserts a child, which must not be in the list, before another child; at the end if there is no such child. */
    void insertBefore(String child, String other) {
        insert(child, list().toList().indexOf(other));
    }

    /** Inserts a child, which must not be in the list, after another child; at the end if there is no such child. */
    void insertAfter(String child, String other) {
        int at = list().toList().indexOf(other);
        insert(child, at < 0 ? -1 : at + 1);
    }

    /**
     * Inserts a child, which must not be in the list, before the child at an index; at the end if there is no such
     * child.
     */
    void insertAt(String child, long position) {
        int at = 0;
        long left = position;
        for (Object element : list().toList()) {
            if (element instanceof String && left-- == 0) {
                insert(child, at);
                return;
            }
            at++;
        }
        insert(child, -1);
    }

    void push(String child) {
        insert(child, -1);
    }

    private void insert(String child, int index) {
        YArray array = list();
        array.insert(index < 0 ? array.length() : index, List.of(child));
    }

    /**
     * The list of children for edits. If it is missing or is not a nested array, it is created with the children found
     * so far.
     */
    private YArray list() {
        if (map.get(CHILDREN) instanceof YArray array) {
            return array;
        }
        YArray array = YArray.of(children().toArray());
        map.set(CHILDREN, array);
        return array;
    }
}
