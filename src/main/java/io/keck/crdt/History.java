package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Id;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lists the items of a document by client and clock: what each of them holds, where it is, and whether it is deleted.
 * Does not change the document. Belongs to the thread of the document.
 *
 * <p>Clocks of which nothing is left (content of a deleted type that was collected) have no entry.
 */
public final class History {
    /** The number of members of a path beyond which those in the middle are left out. */
    static final int MAX_PATH = 100;

    private static final String LEFT_OUT = "…";

    /** The kind of content of an item. */
    public enum Kind {
        /** Text; the content is a String. */
        TEXT,
        /** Values; the content is a List of one or more. */
        VALUES,
        /** Bytes; the content is a byte array. */
        BINARY,
        /** A value embedded in a text. */
        EMBED,
        /** A mark in a text: from here on the format that the key of the entry names has this value; null ends it. */
        FORMAT,
        /** A shared type; the items in it have entries of their own. */
        TYPE,
        /** A subdocument; the content is its guid. */
        DOCUMENT,
        /** Deleted content whose kind is no longer known. */
        DELETED
    }

    /**
     * A piece of content.
     *
     * @param id client and clock of its first unit
     * @param length the number of clocks it takes
     * @param path the root, the keys and indexes of the containing types, and its own key or index; if that is more than
     *     100 members, those in the middle are one "…"
     * @param key the key under which it is in a map, or the name of a format; otherwise null
     * @param content the content, as {@link Kind} describes
     * @param deleted whether it is deleted
     */
    public record Entry(
            Id id,
            long length,
            List<String> path,
            @Nullable String key,
            Kind kind,
            @Nullable Object content,
            boolean deleted) {
        /**
         * Returns a part of this entry as an entry of its own.
         *
         * @param from the first clock of the part, counted from that of the entry
         * @param to the clock after its last
         */
        public Entry part(long from, long to) {
            if (from == 0 && to == length) {
                return this;
            }
            boolean isIndexed = !deleted && key == null && from > 0;
            List<String> steps = path;
            if (isIndexed) {
                steps = new ArrayList<>(path);
                int last = steps.size() - 1;
                steps.set(last, String.valueOf(Long.parseLong(steps.get(last)) + from));
            }
            Object piece = content;
            if (content instanceof String text && kind == Kind.TEXT) {
                piece = text.substring((int) from, (int) to);
            } else if (content instanceof List<?> values && kind == Kind.VALUES) {
                piece = values.subList((int) from, (int) to);
            }
            return new Entry(new Id(id.client(), id.clock() + from), to - from, steps, key, kind, piece, deleted);
        }
    }

    /** The clocks {@code [from, to)} of an item, counted from its first clock. */
    private record Section(Item item, long from, long to) {
        long clock() {
            return item.clock() + from;
        }
    }

    /** The indexes of items in their lists. */
    private final IdentityHashMap<Item, Long> indexes = new IdentityHashMap<>();

    private final IdentityHashMap<Branch, List<String>> paths = new IdentityHashMap<>();

    private History() {}

    /** The ids of all clients with structs in the document, ascending. */
    public static List<Long> clients(Doc doc) {
        List<Long> clients = new ArrayList<>();
        for (StructList list : doc.store().lists()) {
            if (list.size() > 0) {
                clients.add(list.client);
            }
        }
        return clients;
    }

    /**
     * Lists the items of a document.
     *
     * @param client the client whose items are listed; null for all clients
     * @param skip the number of entries to leave out at the beginning
     * @param limit the largest number of entries to return
     */
    public static List<Entry> of(Doc doc, @Nullable Long client, long skip, long limit) {
        List<Entry> all = new ArrayList<>();
        each(doc, client, skip, limit).forEachRemaining(all::add);
        return all;
    }

    /**
     * Lists the items of a document one by one. The document must not be edited meanwhile. Counts in
     * {@link Doc#walked}.
     *
     * @param client the client whose items are listed; null for all clients
     * @param skip the number of entries to leave out at the beginning
     * @param limit the largest number of entries to return
     */
    public static Iterator<Entry> each(Doc doc, @Nullable Long client, long skip, long limit) {
        List<Section> sections = new ArrayList<>();
        long toSkip = skip;
        for (StructList list : doc.store().lists()) {
            if (client != null && list.client != client) {
                continue;
            }
            for (long p = list.first(); p != StructList.NONE && sections.size() < limit; p = list.next(p)) {
                doc.walk(1);
                if (list.get(p) instanceof Item item && toSkip-- <= 0) {
                    sections.add(new Section(item, 0, item.length()));
                }
            }
        }
        History history = new History();
        doc.walk(history.number(sections));
        Iterator<Section> each = sections.iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return each.hasNext();
            }

            @Override
            public Entry next() {
                doc.walk(1);
                return history.entry(each.next());
            }
        };
    }

    /**
     * Lists what a transaction added and deleted. To be called before deleted content is collected, by a listener of
     * {@link Doc#onAfterTransaction}.
     */
    public static List<Entry> of(Transaction transaction) {
        List<Section> sections = new ArrayList<>();
        DeleteSet added = transaction.insertions();
        ItemStore store = transaction.doc().store();
        added.forEach((client, from, to) -> collect(store, client, from, to, sections));
        transaction.deletes().forEach((client, from, to) -> {
            int mark = sections.size();
            collect(store, client, from, to, sections);
            sections.subList(mark, sections.size()).removeIf(section -> added.contains(client, section.clock()));
        });
        return new History().entries(sorted(sections));
    }

    /**
     * Lists what an update added and deleted. The document must have applied it, and its current state counts: if a
     * later update deleted an item, the content and kind of that item may be gone.
     */
    public static List<Entry> of(Doc doc, Update update) {
        DeleteSet said = new DeleteSet();
        List<Section> sections = new ArrayList<>();
        StructRows rows = update.rows();
        for (int row = 0; row < rows.count(); row++) {
            long client = rows.client(row);
            long from = rows.clock(row);
            long to = rows.end(row);
            said.add(client, from, to);
            collect(doc.store(), client, from, to, sections);
        }
        update.forEachDelete((client, from, to) -> {
            int mark = sections.size();
            collect(doc.store(), client, from, to, sections);
            sections.subList(mark, sections.size()).removeIf(section -> said.contains(client, section.clock()));
        });
        return new History().entries(sorted(sections));
    }

    /**
     * Describes the items that hold these units, from that unit on, in the given order: one entry for each id.
     *
     * @param ids of items of the document, not of collected clocks
     */
    static List<Entry> at(Doc doc, List<Id> ids) {
        List<Section> sections = new ArrayList<>(ids.size());
        for (Id id : ids) {
            if (doc.store().get(id) instanceof Item item) {
                sections.add(new Section(item, id.clock() - item.clock(), item.length()));
            }
        }
        return new History().entries(sections);
    }

    private static List<Section> sorted(List<Section> sections) {
        sections.sort(
                Comparator.<Section>comparingLong(section -> section.item().list().client)
                        .thenComparingLong(Section::clock));
        return sections;
    }

    /** Adds the sections of items that hold these clocks. */
    private static void collect(ItemStore store, long client, long from, long to, List<Section> sections) {
        StructList list = store.find(client);
        long end = list == null ? 0 : Math.min(to, list.end());
        if (list == null || from >= end) {
            return;
        }
        for (long p = list.find(from); p != StructList.NONE; p = list.next(p)) {
            Struct struct = list.get(p);
            if (struct.clock() >= end) {
                return;
            }
            if (struct instanceof Item item) {
                sections.add(new Section(
                        item, Math.max(from - item.clock(), 0), Math.min(end - item.clock(), item.length())));
            }
        }
    }

    private List<Entry> entries(List<Section> sections) {
        number(sections);
        List<Entry> entries = new ArrayList<>(sections.size());
        sections.forEach(section -> entries.add(entry(section)));
        return entries;
    }

    private Entry entry(Section section) {
        Item item = section.item();
        List<String> path = new ArrayList<>(pathOf(item.parent()));
        path.add(step(item, item.isDeleted() ? 0 : section.from()));
        String key = item.content() instanceof ContentFormat format ? format.key : item.parentSub();
        return new Entry(
                new Id(item.list().client, section.clock()),
                section.to() - section.from(),
                cut(path),
                key,
                kind(item.content()),
                content(section),
                item.isDeleted());
    }

    private static List<String> cut(List<String> path) {
        if (path.size() <= MAX_PATH) {
            return path;
        }
        List<String> cut = new ArrayList<>(path.subList(0, MAX_PATH / 2));
        cut.add(LEFT_OUT);
        cut.addAll(path.subList(path.size() - MAX_PATH / 2 + 1, path.size()));
        return cut;
    }

    /**
     * Finds the indexes of these items, and of all items that contain them, in one walk over each list.
     *
     * @return the number of items passed
     */
    private long number(List<Section> sections) {
        IdentityHashMap<Branch, Integer> wanted = new IdentityHashMap<>();
        ArrayDeque<Item> todo = new ArrayDeque<>();
        sections.forEach(section -> todo.add(section.item()));
        while (!todo.isEmpty()) {
            Item item = todo.remove();
            Branch parent = item.parent();
            boolean unseen = !wanted.containsKey(parent);
            if (item.parentSub() == null && indexes.putIfAbsent(item, 0L) == null) {
                wanted.merge(parent, 1, Integer::sum);
            } else {
                wanted.putIfAbsent(parent, 0);
            }
            if (unseen && parent.item != null) {
                todo.add(parent.item);
            }
        }
        long steps = 0;
        for (var each : wanted.entrySet()) {
            long index = 0;
            int left = each.getValue();
            for (Item item = each.getKey().start; item != null && left > 0; item = item.right) {
                steps++;
                if (indexes.containsKey(item)) {
                    indexes.put(item, index);
                    left--;
                }
                index += item.isVisible() ? item.length() : 0;
            }
        }
        return steps;
    }

    private String step(Item item, long offset) {
        String key = item.parentSub();
        return key != null ? key : String.valueOf(indexes.getOrDefault(item, 0L) + offset);
    }

    /** The path to a type, shortened if it is long. */
    private List<String> pathOf(Branch branch) {
        List<String> known = paths.get(branch);
        if (known != null) {
            return known;
        }
        ArrayDeque<String> steps = new ArrayDeque<>();
        Branch at = branch;
        for (Item item = at.item; item != null; item = at.item) {
            steps.push(step(item, 0));
            at = item.parent();
        }
        steps.push(at.name());
        List<String> path = cut(new ArrayList<>(steps));
        paths.put(branch, path);
        return path;
    }

    private static Kind kind(ItemContent content) {
        if (content instanceof ContentString) {
            return Kind.TEXT;
        } else if (content instanceof ContentValues) {
            return Kind.VALUES;
        } else if (content instanceof ContentBinary) {
            return Kind.BINARY;
        } else if (content instanceof ContentEmbed) {
            return Kind.EMBED;
        } else if (content instanceof ContentFormat) {
            return Kind.FORMAT;
        } else if (content instanceof ContentType) {
            return Kind.TYPE;
        }
        return content instanceof ContentDoc ? Kind.DOCUMENT : Kind.DELETED;
    }

    private static @Nullable Object content(Section section) {
        Item item = section.item();
        ItemContent content = item.content();
        if (content instanceof ContentString) {
            StringBuilder text = new StringBuilder();
            item.list().text().appendTo(text, item.at + (int) section.from(), item.at + (int) section.to());
            return text.toString();
        } else if (content instanceof ContentValues) {
            List<@Nullable Object> values = new ArrayList<>();
            for (int i = (int) section.from(); i < section.to(); i++) {
                values.add(content.value(item, i));
            }
            return values;
        } else if (content instanceof ContentFormat format) {
            return format.value;
        } else if (content instanceof ContentDoc subdocument) {
            return subdocument.doc().guid();
        } else if (content instanceof ContentBinary || content instanceof ContentEmbed) {
            return content.value(item, 0);
        }
        return null;
    }
}
