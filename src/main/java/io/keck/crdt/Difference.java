package io.keck.crdt;

import io.keck.crdt.store.Id;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The difference between two states of a document, given by two snapshots in any order: type by type, what was inserted,
 * deleted, formatted and set. It needs a document that keeps deleted content ({@code gc} off) and holds both snapshots.
 *
 * <p>A type is reported before the types in it; roots come first, in the order of their names. Indexes in paths count
 * in the later state ({@code to}), or in the earlier one for a type that the later one does not show. Content that is
 * in neither state is not mentioned. Belongs to the thread of the document. Counts in {@link Doc#walked}.
 *
 * <p>Source for what a snapshot shows: Yjs {@code YText.js} {@code toDelta} and {@code AbstractType.js}
 * {@code typeMapGetSnapshot}.
 */
public final class Difference {
    /**
     * A type, or what a type contained.
     *
     * @param kind {@code map}, {@code array}, {@code text}, {@code xml-text}, {@code xml-element}, {@code xml-fragment},
     *     {@code xml-hook} or {@code unknown}
     * @param name the name of an XML element or hook; null otherwise
     * @param id the id of the item that holds it; null for a root
     */
    public record Type(
            String kind, @Nullable String name, @Nullable Id id) {}

    /** A subdocument, as content. */
    public record Subdocument(String guid) {}

    /**
     * Content with consecutive clocks of one client.
     *
     * @param id its first clock
     * @param length the number of clocks, which is also the number of indexes it takes
     * @param content a String of text; a List of values; a byte array; a {@link Type}; a {@link Subdocument}; an embedded
     *     value, in an {@link Embed}; null if the content is no longer known
     * @param formats the formats of text and embeds; a copy
     */
    public record Piece(Id id, long length, @Nullable Object content, Map<String, @Nullable Object> formats) {
        /** Whether the piece is text, which can be cut anywhere. */
        public boolean isText() {
            return content instanceof String;
        }

        /**
         * A part of the piece.
         *
         * @param from the first unit
         * @param until the unit after the last
         */
        public Piece part(long from, long until) {
            if (from == 0 && until == length) {
                return this;
            }
            Object part = content instanceof String text
                    ? text.substring((int) from, (int) until)
                    : content instanceof List<?> values ? values.subList((int) from, (int) until) : content;
            return new Piece(new Id(id.client(), id.clock() + from), until - from, part, formats);
        }
    }

    /** A value embedded in a text. */
    public record Embed(@Nullable Object value) {}

    /**
     * A format that changed.
     *
     * @param value the value in the later state; null if it ended
     * @param mark the id of the mark by which it changed; null if unknown
     * @param isDeletion whether the mark was deleted, rather than written
     */
    public record Format(@Nullable Object value, @Nullable Id mark, boolean isDeletion) {}

    /** Receives the difference. */
    public interface Receiver {
        /** Called for each item that the walk passes; may throw an exception to end the walk. */
        default void passed() {}

        /** Begins a type that changed; {@link #end} follows. The path leads from its root to it. */
        void begin(List<String> path, Type type);

        /** Skips content of both states; {@code changed} holds the formats that differ between the two. */
        void kept(long length, Map<String, Format> changed);

        /** Reports content that only the later state shows. */
        void inserted(Piece piece);

        /** Reports content that only the earlier state shows. */
        void deleted(Piece piece);

        /** Reports the change of a key; null stands for no value. */
        void key(String key, @Nullable Piece before, @Nullable Piece after);

        /** Ends the type that was begun last. */
        void end();
    }

    /** A type that has yet to be compared, with the path to it. */
    private record Place(Branch branch, @Nullable Place parent, String step) {
        List<String> path() {
            ArrayDeque<String> steps = new ArrayDeque<>();
            for (Place place = this; place != null; place = place.parent) {
                steps.push(place.step);
            }
            return new ArrayList<>(steps);
        }
    }

    private final Doc doc;
    private final Snapshot from;
    private final Snapshot to;
    private final Receiver receiver;
    private final ArrayDeque<Place> todo = new ArrayDeque<>();

    private Place place;
    private boolean isBegun;
    /** The number of units since the last change that both states show with the same formats. */
    private long kept;

    private final Map<String, @Nullable Object> was = new LinkedHashMap<>();
    private final Map<String, @Nullable Object> is = new LinkedHashMap<>();
    private final Map<String, Item> setBefore = new HashMap<>();
    private final Map<String, Item> setAfter = new HashMap<>();
    private Map<String, Format> changed = Map.of();
    private List<Place> children = new ArrayList<>();

    private Difference(Doc doc, Snapshot from, Snapshot to, Receiver receiver, Place first) {
        this.doc = doc;
        this.from = from;
        this.to = to;
        this.receiver = receiver;
        this.place = first;
    }

    /**
     * Reports the difference between two states to a receiver.
     *
     * @throws IllegalArgumentException if the document drops deleted content
     */
    public static void tell(Doc doc, Snapshot from, Snapshot to, Receiver receiver) {
        if (doc.gc()) {
            throw new IllegalArgumentException("a document that drops deleted content does not know what changed");
        }
        List<Place> roots = new ArrayList<>();
        for (String name : new TreeSet<>(doc.rootNames())) {
            roots.add(new Place(doc.root(name), null, name));
        }
        if (roots.isEmpty()) {
            return;
        }
        // items split here are merged again when the transaction ends, so they are read within it
        doc.transact(transaction -> {
            from.split(transaction);
            to.split(transaction);
            Difference difference = new Difference(doc, from, to, receiver, roots.get(0));
            Collections.reverse(roots);
            roots.forEach(difference.todo::push);
            difference.tellAll();
        });
    }

    private void tellAll() {
        for (Place next = todo.poll(); next != null; next = todo.poll()) {
            place = next;
            isBegun = false;
            kept = 0;
            was.clear();
            is.clear();
            setBefore.clear();
            setAfter.clear();
            changed = Map.of();
            children = new ArrayList<>();
            list();
            keys();
            if (isBegun) {
                receiver.end();
            }
            Collections.reverse(children);
            children.forEach(todo::push);
        }
    }

    private void begin() {
        if (!isBegun) {
            isBegun = true;
            receiver.begin(place.path(), type(place.branch));
        }
    }

    private void pass() {
        doc.walk(1);
        receiver.passed();
    }

    // ------------------------------------------------------------------ lists

    private void list() {
        long before = 0;
        long after = 0;
        for (Item item = place.branch.start; item != null; item = item.right) {
            pass();
            boolean wasThere = from.shows(item);
            boolean isThere = to.shows(item);
            if (!wasThere && !isThere) {
                continue;
            }
            ItemContent content = item.content();
            if (content instanceof ContentFormat format) {
                format(item, format, wasThere, isThere);
                continue;
            }
            if (content instanceof ContentType type) {
                children.add(new Place(type.branch, place, String.valueOf(isThere ? after : before)));
            }
            unit(item, wasThere, isThere);
            before += wasThere && item.isCountable() ? item.length() : 0;
            after += isThere && item.isCountable() ? item.length() : 0;
        }
    }

    private void unit(Item item, boolean wasThere, boolean isThere) {
        if (wasThere && isThere) {
            if (item.isCountable()) {
                keep(item.length());
            }
            return;
        }
        flush();
        begin();
        Piece piece = piece(item, isThere ? is : was);
        if (isThere) {
            receiver.inserted(piece);
        } else {
            receiver.deleted(piece);
        }
    }

    private void keep(long length) {
        if (changed.isEmpty()) {
            kept += length;
        } else {
            flush();
            begin();
            receiver.kept(length, changed);
        }
    }

    private void flush() {
        if (kept > 0) {
            begin();
            receiver.kept(kept, Map.of());
            kept = 0;
        }
    }

    private void format(Item item, ContentFormat format, boolean wasThere, boolean isThere) {
        if (wasThere) {
            set(was, setBefore, item, format);
        }
        if (isThere) {
            set(is, setAfter, item, format);
        }
        Set<String> keys = new HashSet<>(changed.keySet());
        keys.add(format.key);
        Map<String, Format> now = new TreeMap<>();
        for (String key : keys) {
            if (!Objects.equals(was.get(key), is.get(key))) {
                now.put(key, changed(key));
            }
        }
        changed = now.isEmpty() ? Map.of() : now;
    }

    private static void set(
            Map<String, @Nullable Object> formats, Map<String, Item> marks, Item item, ContentFormat format) {
        marks.put(format.key, item);
        if (format.value == null) {
            formats.remove(format.key);
        } else {
            formats.put(format.key, format.value);
        }
    }

    private Format changed(String key) {
        Item after = setAfter.get(key);
        if (after != null && !from.shows(after)) {
            return new Format(is.get(key), id(after), false);
        }
        Item before = setBefore.get(key);
        return before == null || to.shows(before)
                ? new Format(is.get(key), null, false)
                : new Format(is.get(key), id(before), true);
    }

    // ------------------------------------------------------------------ keys

    private void keys() {
        if (!place.branch.hasMap()) {
            return;
        }
        for (Map.Entry<String, Item> entry : new TreeMap<>(place.branch.map()).entrySet()) {
            String key = entry.getKey();
            Item before = shown(entry.getValue(), from);
            Item after = shown(entry.getValue(), to);
            for (Item item : before == after ? new Item[] {after} : new Item[] {before, after}) {
                if (item != null && item.content() instanceof ContentType type) {
                    children.add(new Place(type.branch, place, key));
                }
            }
            if (before != after) {
                begin();
                receiver.key(key, last(before), last(after));
            }
        }
    }

    /** The item with the value of a key at a snapshot, or null. */
    private @Nullable Item shown(Item newest, Snapshot at) {
        Item item = newest;
        while (item != null && !at.knows(item)) {
            pass();
            item = item.left;
        }
        return item != null && at.shows(item) ? item : null;
    }

    private @Nullable Piece last(@Nullable Item item) {
        if (item == null) {
            return null;
        }
        Piece piece = piece(item, Map.of());
        return piece.part(piece.length() - 1, piece.length());
    }

    // ------------------------------------------------------------------ content

    private static Id id(Item item) {
        return new Id(item.list().client, item.clock());
    }

    private static Piece piece(Item item, Map<String, @Nullable Object> formats) {
        boolean isFormatted = !formats.isEmpty()
                && (item.isString() || item.content() instanceof ContentEmbed || item.content() instanceof ContentType);
        return new Piece(id(item), item.length(), content(item), isFormatted ? Maps.copy(formats) : Map.of());
    }

    private static @Nullable Object content(Item item) {
        ItemContent content = item.content();
        if (content instanceof ContentString) {
            StringBuilder text = new StringBuilder();
            item.list().text().appendTo(text, item.at, item.at + (int) item.length());
            return text.toString();
        } else if (content instanceof ContentValues) {
            List<@Nullable Object> values = new ArrayList<>();
            for (int i = 0; i < item.length(); i++) {
                values.add(content.value(item, i));
            }
            return values;
        } else if (content instanceof ContentType type) {
            return type(type.branch);
        } else if (content instanceof ContentDoc subdocument) {
            return new Subdocument(subdocument.doc().guid());
        } else if (content instanceof ContentEmbed) {
            return new Embed(content.value(item, 0));
        }
        return content instanceof ContentBinary ? content.value(item, 0) : null;
    }

    private static Type type(Branch branch) {
        Id id = branch.item == null ? null : id(branch.item);
        return switch (branch.kind()) {
            case Branch.ARRAY -> new Type("array", null, id);
            case Branch.MAP -> new Type("map", null, id);
            case Branch.TEXT -> new Type("text", null, id);
            case Branch.XML_ELEMENT -> new Type("xml-element", branch.name(), id);
            case Branch.XML_FRAGMENT -> new Type("xml-fragment", null, id);
            case Branch.XML_HOOK -> new Type("xml-hook", branch.name(), id);
            case Branch.XML_TEXT -> new Type("xml-text", null, id);
            default -> new Type(apparent(branch), null, id);
        };
    }

    /** The kind of a root, derived from its content, deleted content included. */
    private static String apparent(Branch branch) {
        return switch (new Root(branch).lastKind()) {
            case MAP -> "map";
            case ARRAY -> "array";
            case TEXT -> "text";
            case XML -> "xml-fragment";
            case LIST, NONE -> branch.hasMap() ? "map" : "unknown";
        };
    }
}
