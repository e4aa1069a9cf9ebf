package io.keck.crdt.store;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.JsonValue;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds ids (client and clock) for which an update holds another content or another place than a store does; the place
 * is the origin, the right origin and the parent. Replicas that received the two in different order never become equal,
 * and no Yjs document notices, since the struct that arrives first under an id stays. For one comparison, not
 * thread-safe.
 *
 * <p><b>Not contradictions.</b> The same items, split or joined elsewhere: both sides are compared unit by unit, and a
 * unit inside an item has the previous unit as its origin. Deleted items, and what garbage collection left of them,
 * compared with their content: one replica deleted earlier. Half a surrogate pair compared with U+FFFD, which Yjs
 * writes where it splits a string inside the pair. The same value in other bytes: the order of an object's keys, the
 * width of a number, the spelling of JSON. A missing parentSub flag on an item with an origin: engines other than Yjs
 * leave the flag out, and no reader uses it.
 *
 * <p>Content that the store has dropped because it was deleted cannot be compared.
 */
public final class Contradictions {
    /** The part of an item that differs. */
    public enum Kind {
        /** The content or its kind. */
        CONTENT,
        /** The origin, the right origin or the parent; the content is the same. */
        PLACE
    }

    /** Receives the contradictions. */
    @FunctionalInterface
    public interface Finder {
        /**
         * Receives consecutive clocks of one client at which the two sides differ; each clock is reported once.
         *
         * @param from the first clock
         * @param to the clock after the last
         */
        void found(long client, long from, long to, Kind kind);
    }

    /** Maximum numbers of clocks and of structs compared at a time; the store's structs are encoded for each such batch. */
    private static final int CLOCKS = 1 << 16;

    private static final int PARTS = 1 << 10;
    private static final ClientStructs[] NO_DELETES = {};
    private static final char REPLACEMENT = '\ufffd';

    /** Reads the structs of one side and remembers the position among their elements. */
    private static final class Side {
        final StructReader s = new StructReader();
        final Content.Cursor cursor = new Content.Cursor();
        private int textOf = -1;
        private String text = "";

        /** The text of the struct. */
        String text() {
            if (textOf != s.start) {
                textOf = s.start;
                text = new String(s.bytes, s.from, s.to - s.from, StandardCharsets.UTF_8);
            }
            return text;
        }

        /** The section of the elements with the clocks {@code [from, to)}. */
        long elements(long from, long to) {
            cursor.at(s.start, s.from, from - s.clock);
            return Content.elements(s.bytes, s.ref, from - s.clock, to - s.clock, cursor);
        }
    }

    private final Finder finder;
    private final Side mine = new Side();
    private Side theirs = new Side();

    private Contradictions(Finder finder) {
        this.finder = finder;
    }

    /**
     * Compares the structs that both sides have. Changes neither side. Takes time and memory for those structs, not for
     * the whole store.
     *
     * @param finder receives the differences, in no particular order
     */
    public static void find(StructStore store, Update update, Finder finder) {
        new Contradictions(finder).run(store, update);
    }

    private void run(StructStore store, Update update) {
        StructReader s = new StructReader();
        s.structs(update);
        ClientStructs c = null;
        long of = -1;
        Parts parts = new Parts();
        long clocks = 0;
        while (s.next()) {
            boolean isNext = s.client != of;
            if (parts.size() > 0 && (isNext || clocks > CLOCKS || parts.size() > PARTS)) {
                compare(Objects.requireNonNull(c), update, parts);
                parts = new Parts();
                clocks = 0;
            }
            if (isNext) {
                of = s.client;
                c = store.find(of);
            }
            if (c == null || s.isDeleted()) {
                continue;
            }
            for (long at = c.firstPresent(s.clock, s.end); at < s.end; ) {
                long stop = c.firstMissing(at, s.end);
                parts.add(s, at, stop);
                clocks += stop - at;
                at = c.firstPresent(stop, s.end);
            }
        }
        if (parts.size() > 0) {
            compare(Objects.requireNonNull(c), update, parts);
        }
    }

    private void compare(ClientStructs c, Update update, Parts parts) {
        StructWriter writer = new StructWriter();
        writer.client(c.client);
        for (int i = 0; i < parts.size(); i++) {
            c.write(writer, parts.from(i), parts.to(i), true);
        }
        writer.endClient();
        theirs = new Side();
        theirs.s.structs(writer.finish(NO_DELETES));
        boolean more = theirs.s.next();
        for (int i = 0; i < parts.size(); i++) {
            parts.read(i, mine.s, update.bytes, c.client);
            long at = parts.from(i);
            while (at < parts.to(i) && more) {
                if (theirs.s.end <= at) {
                    more = theirs.s.next();
                    continue;
                }
                long stop = Math.min(parts.to(i), theirs.s.end);
                compare(at, stop);
                at = stop;
            }
        }
    }

    /** Compares clocks that lie in one struct on either side. */
    private void compare(long from, long to) {
        StructReader a = mine.s;
        StructReader b = theirs.s;
        if (b.isDeleted()) {
            return;
        }
        if (a.ref != b.ref) {
            finder.found(a.client, from, to, Kind.CONTENT);
            return;
        }
        boolean isSame = switch (a.ref) {
            case Refs.STRING -> texts(from, to);
            case Refs.ANY, Refs.JSON -> values(from, to);
            default -> single(from);
        };
        if (!isSame) {
            return;
        }
        if (a.rightClient != b.rightClient || (a.rightClient >= 0 && a.rightClock != b.rightClock)) {
            finder.found(a.client, from, to, Kind.PLACE);
        } else if (!isSamePlace(a, b, from)) {
            finder.found(a.client, from, from + 1, Kind.PLACE);
        }
    }

    /** Whether the unit at {@code clock} has the same origin on both sides or, without one, the same parent. */
    private static boolean isSamePlace(StructReader a, StructReader b, long clock) {
        long client = clock > a.clock ? a.client : a.originClient;
        long at = clock > a.clock ? clock - 1 : a.originClock;
        long otherClient = clock > b.clock ? b.client : b.originClient;
        long otherAt = clock > b.clock ? clock - 1 : b.originClock;
        if (client != otherClient) {
            return false;
        }
        if (client >= 0) {
            return at == otherAt;
        }
        return a.rightClient >= 0
                || Arrays.equals(a.bytes, a.parentFrom, a.parentTo, b.bytes, b.parentFrom, b.parentTo)
                || parent(a).equals(parent(b));
    }

    private static List<Object> parent(StructReader s) {
        Decoder in = new Decoder(s.bytes, s.parentFrom, s.parentTo);
        List<Object> id =
                in.readVarUint() == 1 ? List.of(in.readVarString()) : List.of(in.readVarUint(), in.readVarUint());
        return (s.info & Refs.PARENT_SUB) == 0 ? List.of(id) : List.of(id, in.readVarString());
    }

    // ---- content: each method returns whether both sides are the same; if not, it has reported the differences

    private boolean texts(long from, long to) {
        StructReader a = mine.s;
        StructReader b = theirs.s;
        if (a.clock == b.clock && Arrays.equals(a.bytes, a.from, a.to, b.bytes, b.from, b.to)) {
            return true;
        }
        String text = mine.text();
        String other = theirs.text();
        long differsFrom = -1;
        boolean isSame = true;
        for (long clock = from; clock <= to; clock++) {
            boolean differs =
                    clock < to && differ(text.charAt((int) (clock - a.clock)), other.charAt((int) (clock - b.clock)));
            if (differs && differsFrom < 0) {
                differsFrom = clock;
                isSame = false;
            } else if (!differs && differsFrom >= 0) {
                finder.found(a.client, differsFrom, clock, Kind.CONTENT);
                differsFrom = -1;
            }
        }
        return isSame;
    }

    private static boolean differ(char a, char b) {
        return a != b
                && !(a == REPLACEMENT && Character.isSurrogate(b))
                && !(b == REPLACEMENT && Character.isSurrogate(a));
    }

    private boolean values(long from, long to) {
        if (isEqual(mine.elements(from, to), theirs.elements(from, to))) {
            return true;
        }
        boolean isSame = true;
        for (long clock = from; clock < to; clock++) {
            long section = mine.elements(clock, clock + 1);
            long other = theirs.elements(clock, clock + 1);
            if (!isEqual(section, other) && !isSameValue(section, other)) {
                finder.found(mine.s.client, clock, clock + 1, Kind.CONTENT);
                isSame = false;
            }
        }
        return isSame;
    }

    private boolean isEqual(long section, long other) {
        return Arrays.equals(
                mine.s.bytes,
                StructRows.from(section),
                StructRows.to(section),
                theirs.s.bytes,
                StructRows.from(other),
                StructRows.to(other));
    }

    private boolean isSameValue(long section, long other) {
        Decoder a = new Decoder(mine.s.bytes, StructRows.from(section), StructRows.to(section));
        Decoder b = new Decoder(theirs.s.bytes, StructRows.from(other), StructRows.to(other));
        return mine.s.ref == Refs.ANY
                ? isSame(Any.read(a, Integer.MAX_VALUE), Any.read(b, Integer.MAX_VALUE))
                : isSameJson(a.readVarString(), b.readVarString());
    }

    private boolean single(long clock) {
        StructReader a = mine.s;
        StructReader b = theirs.s;
        if (Arrays.equals(a.bytes, a.from, a.to, b.bytes, b.from, b.to)
                || isSameSingle(a.ref, new Decoder(a.bytes, a.from, a.to), new Decoder(b.bytes, b.from, b.to))) {
            return true;
        }
        finder.found(a.client, clock, clock + 1, Kind.CONTENT);
        return false;
    }

    private static boolean isSameSingle(int ref, Decoder a, Decoder b) {
        return switch (ref) {
            case Refs.BINARY -> Arrays.equals(a.readVarUint8Array(), b.readVarUint8Array());
            case Refs.EMBED -> isSameJson(a.readVarString(), b.readVarString());
            case Refs.FORMAT ->
                a.readVarString().equals(b.readVarString()) && isSameJson(a.readVarString(), b.readVarString());
            case Refs.DOC ->
                a.readVarString().equals(b.readVarString())
                        && isSame(Any.read(a, Integer.MAX_VALUE), Any.read(b, Integer.MAX_VALUE));
            default -> isSameType(a, b);
        };
    }

    private static boolean isSameType(Decoder a, Decoder b) {
        long type = a.readVarUint();
        boolean isNamed = type == 3 || type == 5;
        return type == b.readVarUint() && (!isNamed || a.readVarString().equals(b.readVarString()));
    }

    private static boolean isSameJson(String a, String b) {
        boolean isUndefined = a.equals("undefined") || b.equals("undefined");
        return a.equals(b) || (!isUndefined && isSame(JsonValue.parse(a), JsonValue.parse(b)));
    }

    private record Pair(@Nullable Object a, @Nullable Object b) {}

    /** Whether two values of {@link Any} are the same in JavaScript; does not recurse. */
    static boolean isSame(@Nullable Object one, @Nullable Object other) {
        ArrayDeque<Pair> open = new ArrayDeque<>();
        open.push(new Pair(one, other));
        while (!open.isEmpty()) {
            Pair pair = open.pop();
            if (pair.a() instanceof Map<?, ?> a && pair.b() instanceof Map<?, ?> b) {
                if (!a.keySet().equals(b.keySet())) {
                    return false;
                }
                a.forEach((key, value) -> open.push(new Pair(value, b.get(key))));
            } else if (pair.a() instanceof List<?> a && pair.b() instanceof List<?> b) {
                if (a.size() != b.size()) {
                    return false;
                }
                for (int i = 0; i < a.size(); i++) {
                    open.push(new Pair(a.get(i), b.get(i)));
                }
            } else if (!isSameScalar(pair.a(), pair.b())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSameScalar(@Nullable Object a, @Nullable Object b) {
        if (a instanceof byte[] bytes) {
            return b instanceof byte[] others && Arrays.equals(bytes, others);
        }
        if (a instanceof Double x && b instanceof Double y) {
            return x.doubleValue() == y.doubleValue() || (x.isNaN() && y.isNaN());
        }
        if (a instanceof BigInteger big && b instanceof Double y) {
            return big.doubleValue() == y && Math.abs(y) <= Decoder.MAX_SAFE_INTEGER;
        }
        return (a instanceof Double && b instanceof BigInteger) ? isSameScalar(b, a) : Objects.equals(a, b);
    }
}
