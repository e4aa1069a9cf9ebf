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
 * Puts structs into a document: what an update says ({@link #integrate}), and what a user does ({@link #link}).
 *
 * <p><b>YATA.</b> An item names its origin and its right origin. All that stands between the two was put there
 * concurrently. The walk goes over those items from the left and moves the place to the right of one of them if
 * <ul>
 *   <li>it has the same origin, and its client is smaller: then the two are ordered by client; or
 *   <li>its origin is one of the items the place has already passed: then it belongs to that item and must not be torn
 *       from it.
 * </ul>
 * It ends at the first item whose origin lies left of ours: links of origins would cross. Two items with the same origins
 * also end it, since all that follows belongs to the one with the larger client.
 *
 * <p>Yjs keeps the items of the walk in two hash sets. Here each item passed gets a number that rises when the place
 * moves: it was seen in this walk if its number is above that of the start, and before the place moved last if it is below
 * the current one. Source: Yjs
 * {@code Item.js} {@code integrate}, {@code getMissing}.
 */
final class Integration {
    /** Whose turn it is among items of one origin. Tests break it to see that they would notice. */
    interface Order {
        boolean isFirst(long client, long other);
    }

    static final Order YATA = (client, other) -> client < other;

    private final Doc doc;
    private final ItemStore store;
    private final Content.Cursor cursor = new Content.Cursor();
    private Order order = YATA;
    private long steps;

    Integration(Doc doc, ItemStore store) {
        this.doc = doc;
        this.store = store;
    }

    /** How many items all walks have passed so far. */
    long steps() {
        return steps;
    }

    /** For tests only. */
    void order(Order other) {
        order = other;
    }

    // ---- what an update says

    /**
     * The client of which something is missing before a row can be integrated, or -1. How far that client's history has
     * to reach is then in {@link #missingClock}.
     */
    long missing(Update u, int row) {
        StructRows rows = u.rows();
        long client = rows.client(row);
        int info = rows.info(row);
        if ((info & Refs.MASK) == Refs.GC) {
            return -1;
        }
        boolean begins = store.end(client) <= rows.clock(row); // the rest of a struct stands behind its beginning
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

    /** The clock that was missing last. */
    long missingClock() {
        return missingClock;
    }

    private boolean lacks(long own, long client, long clock) {
        if (client == own || clock < store.end(client)) {
            return false; // of its own client it names only what is before it
        }
        missingClock = clock;
        return true;
    }

    /** Integrates the part of a row that is new. Nothing it needs may be missing, nor clocks of its client before it. */
    void integrate(Transaction transaction, StructList list, Update u, int row) {
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
        long originClock = left == null ? 0 : left.end() - 1; // before the other split, should it be in the same item
        if ((info & Refs.RIGHT_ORIGIN) != 0) {
            right = store.cleanStart(transaction, store.client(rows.rightClient(row)), rows.rightClock(row));
        }
        // as in Yjs, a pair is cut for good where an item from elsewhere names its halves, wherever that item goes
        if (left instanceof Item item) {
            ContentString.separate(item, item.right);
        }
        if (right instanceof Item item) {
            ContentString.separate(item.left, item);
        }
        Branch parent = null;
        String parentSub = null;
        if (left instanceof GC || right instanceof GC) {
            parent = null; // beside something collected nothing can stand: its parent is gone
        } else if (left instanceof Item item) {
            parent = item.parent();
            parentSub = item.parentSub();
        } else if (right instanceof Item item) {
            parent = item.parent();
            parentSub = item.parentSub();
        } else {
            Decoder in = rows.parentInfo(row);
            if (in.readVarUint() == 1) {
                parent = doc.root(in.readVarString());
            } else {
                long client = in.readVarUint();
                parent = typeAt(store.client(client), in.readVarUint());
            }
            if ((info & Refs.PARENT_SUB) != 0) {
                parentSub = in.readVarString();
            }
        }
        if (parent == null) {
            list.append(new GC(list, clock, length));
            return;
        }
        Item l = (Item) left; // no GC: those have no parent to give
        Item g = (Item) right;
        Item item = new Item(
                list,
                clock,
                length,
                parent,
                parentSub,
                l == null ? null : l.list(),
                originClock,
                g == null ? null : g.list(),
                g == null ? 0 : g.clock());
        item.left = l;
        item.right = g;
        readContent(item, u, row, offset);
        link(transaction, item);
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

    /** Content of one unit. */
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

    // ---- where an item goes

    /** Gives an item its place; its neighbours, origins, parent and content are set, and its history ends before it. */
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
                transaction.delete(left); // it was the value of the key until now
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

    /** The item after which a new one goes whose neighbours are no longer neighbours. */
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
