package io.keck.feed;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Records the authors of a document's content and of its deletions, as ranges of client clocks. It is built from the
 * rows of the document's log in order. For each clock the first row counts, so repeating content does not change its
 * author.
 *
 * <p>Adjacent ranges are merged if they have the same author and their rows were written within {@link #JOINED_MILLIS};
 * the merged range has the time of the first. There are at most {@link #MAX_RANGES} ranges; further content is not
 * recorded. Used by one thread.
 *
 * @param <A> the type that represents an author
 */
public final class Authorship<A> {
    /** Adjacent ranges of one author are merged if they begin within this time. */
    static final long JOINED_MILLIS = 3_600_000;

    /** The largest number of ranges, of written and deleted content together. */
    public static final int MAX_RANGES = 200_000;

    private static final int VERSION = 1;
    private static final int MILLIS = 1_000;

    /**
     * An author and a time.
     *
     * @param author null if unknown
     * @param at milliseconds since 1970; 0 if unknown
     */
    public record Mark<A>(@Nullable A author, long at) {}

    /**
     * The mark of a range of clocks.
     *
     * @param mark null if nothing is recorded
     * @param until the clock after the range
     */
    public record Known<A>(@Nullable Mark<A> mark, long until) {}

    /** An author in encoded form: a number above 0, and a word. */
    public record Code(long number, String word) {}

    private record Range<A>(long from, long to, Mark<A> mark) {}

    private final Map<Long, List<Range<A>>> written = new TreeMap<>();
    private final Map<Long, List<Range<A>>> deleted = new TreeMap<>();
    /** By client, the first author who may introduce clients and wrote content of this client. */
    private final Map<Long, Mark<A>> introduced = new TreeMap<>();

    private final int maxRanges;
    private int ranges;

    /** Creates a record without ranges. */
    public Authorship() {
        this(MAX_RANGES);
    }

    Authorship(int maxRanges) {
        this.maxRanges = maxRanges;
    }

    // ------------------------------------------------------------------ noting

    /** Records what the next row adds; a known author introduces the client ids that have no introducer yet. */
    public void add(Update row, @Nullable A author, long at) {
        add(row, author, at, author != null);
    }

    /**
     * Records what the next row adds.
     *
     * @param introduces whether the author introduces the client ids that have no introducer yet; Keck itself and an
     *     import do not, because the people who wrote under these ids may come back with them
     */
    public void add(Update row, @Nullable A author, long at, boolean introduces) {
        Mark<A> mark = new Mark<>(author, at);
        StructRows structs = row.rows();
        for (int i = 0; i < structs.count(); i++) {
            long client = structs.client(i);
            if (introduces && introduced.size() < maxRanges) {
                introduced.putIfAbsent(client, mark);
            }
            add(written, client, structs.clock(i), structs.end(i), mark);
        }
        row.forEachDelete((client, from, to) -> add(deleted, client, from, to, mark));
    }

    private void add(Map<Long, List<Range<A>>> kind, long client, long from, long to, Mark<A> mark) {
        List<Range<A>> list = kind.computeIfAbsent(client, id -> new ArrayList<>(2));
        int i = after(list, from);
        long at = from;
        while (at < to) {
            long free = i < list.size() ? Math.min(list.get(i).from(), to) : to;
            if (at < free) {
                i = put(list, i, new Range<>(at, free, mark));
            }
            at = i < list.size() ? Math.max(free, list.get(i).to()) : to;
            i++;
        }
    }

    /** Inserts a range before the range at an index, and returns the new index of the latter. */
    private int put(List<Range<A>> list, int index, Range<A> range) {
        Range<A> before = index == 0 ? null : list.get(index - 1);
        if (before != null && before.to() == range.from() && isOne(before.mark(), range.mark())) {
            list.set(index - 1, new Range<>(before.from(), range.to(), before.mark()));
            return index;
        }
        if (ranges >= maxRanges) {
            return index;
        }
        ranges++;
        list.add(index, range);
        return index + 1;
    }

    private boolean isOne(Mark<A> first, Mark<A> second) {
        A author = first.author();
        boolean isSame = author == null ? second.author() == null : author.equals(second.author());
        return isSame && Math.abs(second.at() - first.at()) < JOINED_MILLIS;
    }

    /** The index of the first range that ends after a clock. */
    private int after(List<Range<A>> list, long clock) {
        int low = 0;
        int high = list.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (list.get(middle).to() > clock) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** Forgets everything. */
    public void clear() {
        written.clear();
        deleted.clear();
        introduced.clear();
        ranges = 0;
    }

    // ------------------------------------------------------------------ asking

    /** The number of ranges. */
    public int size() {
        return ranges;
    }

    /** The author of a clock of a client, and the clock up to which that holds. */
    public Known<A> writer(long client, long clock) {
        return find(written, client, clock);
    }

    /** The author of the deletion of a clock of a client, and the clock up to which that holds. */
    public Known<A> deleter(long client, long clock) {
        return find(deleted, client, clock);
    }

    /** By client id, its introducer and the time. Clients without a known introducer are missing. */
    public Map<Long, Mark<A>> introduced() {
        return Map.copyOf(introduced);
    }

    private Known<A> find(Map<Long, List<Range<A>>> kind, long client, long clock) {
        List<Range<A>> list = kind.getOrDefault(client, List.of());
        int i = after(list, clock);
        if (i == list.size()) {
            return new Known<>(null, Long.MAX_VALUE);
        }
        Range<A> range = list.get(i);
        return range.from() > clock ? new Known<>(null, range.from()) : new Known<>(range.mark(), range.to());
    }

    // ------------------------------------------------------------------ bytes

    /**
     * Encodes everything: a version, the authors, the introducer of each client, the written ranges, the deleted
     * ranges. Numbers are lib0 varints, times are in seconds. A range is encoded as its distance to the previous range,
     * its length, its author and its difference in time.
     */
    public byte[] encode(Function<A, Code> coding) {
        Map<A, Integer> numbers = new LinkedHashMap<>();
        Encoder body = new Encoder(64 + 6 * ranges);
        body.writeVarUint(introduced.size());
        long[] time = new long[1];
        introduced.forEach((client, mark) -> {
            body.writeVarUint(client);
            write(body, mark, numbers, time);
        });
        for (Map<Long, List<Range<A>>> kind : List.of(written, deleted)) {
            body.writeVarUint(kind.size());
            kind.forEach((client, list) -> {
                body.writeVarUint(client);
                body.writeVarUint(list.size());
                long end = 0;
                for (Range<A> range : list) {
                    body.writeVarUint(range.from() - end);
                    body.writeVarUint(range.to() - range.from());
                    end = range.to();
                    write(body, range.mark(), numbers, time);
                }
            });
        }
        Encoder out = new Encoder(64 + body.length());
        out.writeUint8(VERSION);
        out.writeVarUint(numbers.size());
        numbers.keySet().forEach(author -> {
            Code code = coding.apply(author);
            out.writeVarUint(code.number());
            out.writeVarString(code.word());
        });
        out.write(body);
        return out.toByteArray();
    }

    private static <A> void write(Encoder out, Mark<A> mark, Map<A, Integer> numbers, long[] time) {
        A author = mark.author();
        Integer known = author == null ? Integer.valueOf(0) : numbers.get(author);
        if (author != null && known == null) {
            known = numbers.size() + 1;
            numbers.put(author, known);
        }
        out.writeVarUint(known == null ? 0 : known);
        long seconds = mark.at() / MILLIS;
        out.writeVarInt((double) (seconds - time[0]));
        time[0] = seconds;
    }

    /**
     * Decodes the output of {@link #encode}.
     *
     * @param coding returns the author of a code, or null if it is no longer known
     * @throws DecodeException if the bytes are damaged or were written by a later release
     */
    public static <A> Authorship<A> decode(byte[] bytes, Function<Code, @Nullable A> coding) {
        Authorship<A> read = new Authorship<>();
        Decoder in = new Decoder(bytes);
        int version = in.readUint8();
        if (version != VERSION) {
            throw new DecodeException("unknown version of encoded authors: " + version);
        }
        Map<Long, A> authors = new HashMap<>();
        int count = in.readCount(2);
        for (long i = 1; i <= count; i++) {
            A author = coding.apply(new Code(in.readVarUint(), in.readVarString()));
            if (author != null) {
                authors.put(i, author);
            }
        }
        long[] time = new long[1];
        int clients = in.readCount(3);
        for (int i = 0; i < clients; i++) {
            long client = in.readVarUint();
            Mark<A> mark = mark(in, authors, time);
            if (mark.author() != null) {
                read.introduced.put(client, mark);
            }
        }
        for (Map<Long, List<Range<A>>> kind : List.of(read.written, read.deleted)) {
            read.ranges += ranges(in, kind, authors, time);
        }
        return read;
    }

    /**
     * The authors alone that {@link #encode} has written.
     *
     * @throws DecodeException if it is damaged, or of a later release
     */
    public static List<Code> codes(byte[] bytes) {
        Decoder in = new Decoder(bytes);
        int version = in.readUint8();
        if (version != VERSION) {
            throw new DecodeException("authors of version " + version);
        }
        int count = in.readCount(2);
        List<Code> codes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            codes.add(new Code(in.readVarUint(), in.readVarString()));
        }
        return codes;
    }

    private static <A> int ranges(Decoder in, Map<Long, List<Range<A>>> kind, Map<Long, A> authors, long[] time) {
        int sum = 0;
        int clients = in.readCount(2);
        for (int i = 0; i < clients; i++) {
            long client = in.readVarUint();
            int count = in.readCount(4);
            sum += count;
            List<Range<A>> list = new ArrayList<>(count);
            long end = 0;
            for (int k = 0; k < count; k++) {
                long from = end + in.readVarUint();
                end = from + in.readVarUint();
                list.add(new Range<>(from, end, mark(in, authors, time)));
            }
            kind.put(client, list);
        }
        return sum;
    }

    private static <A> Mark<A> mark(Decoder in, Map<Long, A> authors, long[] time) {
        A author = authors.get(in.readVarUint());
        time[0] += (long) in.readVarInt();
        return new Mark<>(author, time[0] * MILLIS);
    }
}
