package io.keck.block;

import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One block: a nested map with {@code sys:flavour} (string), {@code sys:children} (nested array of strings), {@code
 * sys:created} (milliseconds since 1970), {@code sys:parent} (string, once it was put under one) and {@code prop:*}.
 * Belongs to the thread of its document.
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

    /** Its key in the space. */
    public String id() {
        return id;
    }

    /** What sort of block it is; null where that is not a string. */
    public @Nullable String flavour() {
        return map.get(FLAVOUR) instanceof String flavour ? flavour : null;
    }

    /** The ids of its children, in order; whatever else somebody put there is left out. */
    public List<String> children() {
        List<String> ids = new ArrayList<>();
        for (Object child : elements()) {
            if (child instanceof String childId) {
                ids.add(childId);
            }
        }
        return Collections.unmodifiableList(ids);
    }

    /** All that is in the list of children; it may also be a plain array that some client set as a value. */
    private List<?> elements() {
        Object children = map.get(CHILDREN);
        if (children instanceof YArray array) {
            return array.toList();
        }
        return children instanceof List<?> list ? list : List.of();
    }

    /** Its entries as they are in the document, those of the model first, and its id last. Holds types of the document. */
    public Map<String, @Nullable Object> entries() {
        Map<String, @Nullable Object> stored = map.toMap();
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        for (String key : FIRST) {
            if (stored.containsKey(key)) {
                entries.put(key, stored.get(key));
            }
        }
        stored.forEach(entries::putIfAbsent);
        entries.remove(ID);
        entries.put(ID, id);
        return Collections.unmodifiableMap(entries);
    }

    // ---- edits

    /** A new one, to be put into a space. */
    static YMap fresh(String flavour, long now) {
        YMap map = new YMap();
        map.set(FLAVOUR, flavour);
        map.set(CHILDREN, new YArray());
        map.set(CREATED, now);
        return map;
    }

    /** Sets properties; null removes one. Keys come without their prefix. Whether there was anything to do. */
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

    /** Takes a child out of the list, as often as it is there; whether it was. */
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

    /** Puts a child, which is not in the list, before another; at the end where there is no such other. */
    void insertBefore(String child, String other) {
        insert(child, list().toList().indexOf(other));
    }

    /** Puts a child, which is not in the list, after another; at the end where there is no such other. */
    void insertAfter(String child, String other) {
        int at = list().toList().indexOf(other);
        insert(child, at < 0 ? -1 : at + 1);
    }

    /** Puts a child, which is not in the list, before the one at an index among the children; else at the end. */
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

    /** The list of children to edit: made where there is none, with those that stand in something else. */
    private YArray list() {
        if (map.get(CHILDREN) instanceof YArray array) {
            return array;
        }
        YArray array = YArray.of(children().toArray());
        map.set(CHILDREN, array);
        return array;
    }
}
