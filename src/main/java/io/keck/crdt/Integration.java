package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.JsonValue;
import io.keck.crdt.store.Content;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import org.jspecify.annotations.Nullable;

/**
 * Puts structs into a document: those of an update ({@link #integrate}) and those of a user's edit ({@link #link}).
 *
 * <p><b>YATA.</b> An item names its origin and its right origin. All items between the two were inserted concurrently. The
 * walk visits those items from the left and moves the insertion point to the right of one of them if
 * <ul>
 *   <li>it has the same origin and a smaller client id: such items are ordered by client; or
 *   <li>its origin is one of the items that the insertion point has already passed: then it belongs to that item and must
 *       not be separated from it.
 * </ul>
 * The walk ends at the first item whose origin lies further left: links of origins would cross. It also ends at an item
 * with the same two origins and a larger client id, since all items after that one belong to it.
 *
 * <p>Yjs keeps the visited items in two hash sets. Here each visited item gets a number that rises when the insertion point
 * moves: an item was visited in this walk if its number is above the one at the start, and before the last move of the
 * insertion point if it is below the current one. Source: Yjs {@code Item.js} {@code integrate}, {@code getMissing}.
 */
final class Integration {
    /**
     * Decides which of two items with the same origin comes first. Tests replace it to see that they detect a wrong
     * order.
     */
    interface Order {
        boolean isFirst(long client, long other);
    }

    static final Order YATA = (client, other) -> client < other;

    private final Doc doc;
    private final ItemStore store;
    private final Content.Cursor cursor = new Content.Cursor();
    private Order order = YATA;
    private long steps;
    private long integrated;

    Integration(Doc doc, ItemStore store) {
        this.doc = doc;
        this.store = store;
    }

    /** The number of items that all walks have passed so far. */
    long steps() {
        return steps;
    }

    /** The work done so far: each integrated row and each item that a walk has passed counts as one. */
    long work() {
        return steps + integrated;
    }

    /** Replaces the order of items with the same origin; for tests only. */
    void order(Order other) {
        order = other;
    }

    // ---- structs of an update

    /**
     * Returns the client of a struct that is missing and that a row needs, or -1 if the row can be integrated.
     * {@link #missingClock} is then the clock that this client's history has to hold.
     */
    long missing(Update u, int row) {
        StructRows rows = u.rows();
        long client = rows.client(row);
        int info = rows.info(row);
        if ((info & Refs.MASK) == Refs.GC) {
            return -1;
        }
        boolean begins = store.end(client) <= rows.clock(row); // the rest of a struct follows its first part
        if (begins && (info & Refs.ORIGIN) != 0 && lacks(client, rows.originClient(row), rows.originClock(row))) {
            return rows.originClient(row);
        }
        if ((info & Refs.RIGHT_ORIGIN) != 0 && lacks(client, rows.rightClient(row), rows.rightClock(row))) {
            return rows.rightClient(row);
        }
        if (begins && (info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            Decoder in = rows.parentInfo(row);
            if (in.readVarUint() != 1) {
                long parent = in.readVarUint();
                if (lacks(client, parent, in.readVarUint())) {
                    return parent;
                }
            }
        }
        return -1;
    }

    private long missingClock;

    /** The clock that {@link #missing} found missing last. */
    long missingClock() {
        return missingClock;
    }

    private boolean lacks(long own, long client, long clock) {
        if (client == own || clock < store.end(client)) {
            return false; // an item names only earlier clocks of its own client
        }
        missingClock = clock;
        return true;
    }

    /** Integrates the new part of a row. Nothing that the row needs may be missing, nor earlier clocks of its client. */
    void integrate(Transaction transaction, StructList list, Update u, int row) {
        integrated++;
        StructRows rows = u.rows();
        long clock = list.end();
        long offset = clock - rows.clock(row);
        long length = rows.length(row) - offset;
        transaction.touch(list);
        int info = rows.info(row);
        if ((info & Refs.MASK) == Refs.GC) {
            list.append(new GC(list, clock, length));
            return;
        }
        Struct left = null;
        Struct right = null;
        if (offset > 0) {
            left = store.cleanEnd(transaction, list, clock - 1);
        } else if ((info & Refs.ORIGIN) != 0) {
            left = store.cleanEnd(transaction, store.client(rows.originClient(row)), rows.originClock(row));
        }
        long originClock = left == null ? 0 : left.end() - 1; // read first: the split below may be in the same item
        if ((info & Refs.RIGHT_ORIGIN) != 0) {
            right = store.cleanStart(transaction, store.client(rows.rightClient(row)), rows.rightClock(row));
        }
        separate(left, right);
        Branch parent = null; // of an item next to a collected struct: it was deleted and collected
        String key = null;
        if (left instanceof Item item && !(right instanceof GC)) {
            parent = item.parent();
            key = item.parentSub();
        } else if (left == null && right instanceof Item item) {
            parent = item.parent();
            key = item.parentSub();
        } else if (left == null && right == null) {
            parent = parentOf(rows, row);
            key = parentSub;
        }
        if (parent == null) {
            list.append(new GC(list, clock, length));
            return;
        }
        Item l = (Item) left; // not a GC: next to a GC there is no parent
        Item g = (Item) right;
        Item item = new Item(
                list,
                clock,
                length,
                parent,
                key,
                l == null ? null : l.list(),
                originClock,
                g == null ? null : g.list(),
                g == null ? 0 : g.clock());
        item.left = l;
        item.right = g;
        readContent(item, u, row, offset);
        link(transaction, item);
    }

    /**
     * As in Yjs, a surrogate pair is cut for good if an item of an update names its halves, wherever that item is placed.
     */
    private static void separate(@Nullable Struct left, @Nullable Struct right) {
        if (left instanceof Item item) {
            ContentString.separate(item, item.right);
        }
        if (right instanceof Item item) {
            ContentString.separate(item.left, item);
        }
    }

    /** The key that {@link #parentOf} found last. */
    private @Nullable String parentSub;

    /** The type that a row names, which has no neighbours; null if it was deleted and collected. */
    private @Nullable Branch parentOf(StructRows rows, int row) {
        Decoder in = rows.parentInfo(row);
        Branch parent;
        if (in.readVarUint() == 1) {
            parent = doc.root(in.readVarString());
        } else {
            long client = in.readVarUint();
            parent = typeAt(store.client(client), in.readVarUint());
        }
        parentSub = (rows.info(row) & Refs.PARENT_SUB) != 0 ? in.readVarString() : null;
        return parent;
    }

    private static @Nullable Branch typeAt(StructList list, long clock) {
        return list.at(clock) instanceof Item item && item.content() instanceof ContentType type ? type.branch : null;
    }

    private void readContent(Item item, Update u, int row, long offset) {
        StructRows rows = u.rows();
        int ref = rows.ref(row);
        int from = rows.contentFrom(row);
        int to = rows.contentTo(row);
        switch (ref) {
            case Refs.DELETED -> {}
            case Refs.STRING -> {
                int units = (int) rows.length(row);
                item.content(ContentString.INSTANCE);
                item.at = item.list().text().length();
                cursor.reset(); // another update may have a row of that number
                cursor.at(row, from, offset);
                item.list().text().append(rows.bytes(), from, to, units, (int) offset, units, cursor);
            }
            case Refs.ANY -> {
                Decoder in = new Decoder(rows.bytes(), from, to);
                for (long i = 0; i < offset; i++) {
                    Any.skip(in, Integer.MAX_VALUE);
                }
                item.content(ContentAny.INSTANCE);
                item.at = item.list().addValue(Any.read(in, Integer.MAX_VALUE));
                while (in.hasRemaining()) {
                    item.list().addValue(Any.read(in, Integer.MAX_VALUE));
                }
            }
            case Refs.JSON -> {
                Decoder in = new Decoder(rows.bytes(), from, to);
                for (long i = 0; i < offset; i++) {
                    in.skip(in.readLength());
                }
                item.content(ContentJSON.INSTANCE);
                item.at = item.list().addValue(jsonOrUndefined(in.readVarString()));
                while (in.hasRemaining()) {
                    item.list().addValue(jsonOrUndefined(in.readVarString()));
                }
            }
            default -> item.content(single(ref, new Decoder(rows.bytes(), from, to)));
        }
    }

    private static @Nullable Object jsonOrUndefined(String json) {
        return json.equals("undefined") ? Any.UNDEFINED : JsonValue.parse(json);
    }

    /** Reads content of one unit. */
    private static ItemContent single(int ref, Decoder in) {
        return switch (ref) {
            case Refs.BINARY -> new ContentBinary(in.readVarUint8Array());
            case Refs.EMBED -> new ContentEmbed(JsonValue.parse(in.readVarString()));
            case Refs.FORMAT -> {
                String key = in.readVarString();
                yield new ContentFormat(key, JsonValue.parse(in.readVarString()));
            }
            case Refs.TYPE -> {
                int kind = (int) in.readVarUint();
                boolean named = kind == Branch.XML_ELEMENT || kind == Branch.XML_HOOK;
                yield new ContentType(new Branch(kind, named ? in.readVarString() : ""));
            }
            case Refs.DOC -> {
                String guid = in.readVarString();
                Object options = Any.read(in, Integer.MAX_VALUE);
                yield new ContentDoc(new Doc(DocOptions.decode(guid, options)), DocOptions.known(options));
            }
            default -> throw new DecodeException("unknown content " + ref);
        };
    }

    // ---- placing items

    /** Places an item whose neighbours, origins, parent and content are set; the client's history must end before it. */
    void link(Transaction transaction, Item item) {
        Branch parent = item.parent();
        String key = item.parentSub();
        if (key == null) {
            parent.comes(item.content());
        }
        Item left = item.left;
        Item right = item.right;
        if (left == null ? right == null || right.left != null : left.right != right) {
            left = place(item);
            item.left = left;
        }
        if (left != null) {
            right = left.right;
            left.right = item;
        } else {
            right = parent.first(key);
            if (key == null) {
                parent.start = item;
            }
        }
        item.right = right;
        ContentString.separate(left, right);
        transaction.touch(item.list());
        item.list().append(item);
        if (right != null) {
            right.left = item;
        } else if (key != null) {
            parent.map().put(key, item);
            if (left != null) {
                transaction.delete(left); // the previous value of the key
            }
        }
        if (key == null) {
            transaction.listChanged(parent);
            if (item.isCountable()) {
                parent.length += item.length();
            }
        }
        item.content().integrate(transaction, item);
        transaction.addChanged(parent, key);
        if (parent.isDeleted() || (key != null && right != null)) {
            transaction.delete(item);
        }
    }

    /** Returns the item after which a new item is placed whose neighbours are no longer adjacent. */
    private @Nullable Item place(Item item) {
        Item left = item.left;
        Item right = item.right;
        Item other = left != null ? left.right : item.parent().first(item.parentSub());
        int start = store.beginWalk();
        int step = store.nextStep();
        while (other != null && other != right) {
            steps++;
            other.walk(step);
            boolean moves = false;
            if (item.sameOrigin(other)) {
                if (order.isFirst(other.list().client, item.list().client)) {
                    moves = true;
                } else if (item.sameRightOrigin(other)) {
                    break;
                }
            } else {
                Item origin = origin(other);
                if (origin == null || origin.walk() <= start) {
                    break;
                }
                moves = origin.walk() < step;
            }
            if (moves) {
                left = other;
                step = store.nextStep();
            }
            other = other.right;
        }
        return left;
    }

    private static @Nullable Item origin(Item item) {
        StructList list = item.originList();
        return list != null && list.at(item.originClock()) instanceof Item origin ? origin : null;
    }
}
