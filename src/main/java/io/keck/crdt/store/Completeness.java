package io.keck.crdt.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether every struct of a document can be integrated. A struct can be integrated once all earlier structs of
 * its client, its origins and its parent can be; otherwise it waits, and all later structs of its client wait with it.
 * Yjs keeps waiting structs as {@code pendingStructs} and deletes of missing clocks as {@code pendingDs}: readers do
 * not see them, and no error reports them. Immutable.
 *
 * <p>Takes time linear in the size of the document, and memory per client, not per struct: each client has one reader
 * that goes over the structs in place and stops where it has to wait.
 */
public final class Completeness {
    /** The maximum number of gaps kept. */
    private static final int GAPS = 100;
    /** The maximum number of gaps that {@link #toString} lists. */
    private static final int NAMED = 5;

    /**
     * Consecutive clocks of a client that waiting structs need and that the document lacks.
     *
     * @param from the first clock
     * @param to the clock after the last
     */
    public record Gap(long client, long from, long to) {
        @Override
        public String toString() {
            return (to - from == 1 ? "clock " + from : "clocks " + from + " to " + (to - 1)) + " of client " + client;
        }
    }

    private long waitingStructs;
    private int waitingClients;
    private long waitingDeletes;
    private long gapCount;
    private final List<Gap> gaps = new ArrayList<>();

    /** The structs of a client: how far they can be integrated, and what the next one waits for. */
    private static final class Line {
        final long client;
        final StructReader reader = new StructReader();
        /** The clocks that the document has. */
        final Ranges held = new Ranges();
        /** Lines whose next struct waits for a clock of this client. */
        final PriorityQueue<Line> waiters = new PriorityQueue<>(1, (a, b) -> Long.compare(a.needs, b.needs));
        /** The clock up to which all structs can be integrated. */
        long state;
        /** Whether the reader is at a struct that cannot be integrated yet. */
        boolean isAtStruct;
        /** The clock of another client that this struct needs. */
        long needs;
        /** The clock after the last one of this client that a waiting struct has or names. */
        long known;

        Line(long client) {
            this.client = client;
        }
    }

    private final byte[] bytes;
    private final LongMap<Line> lines = new LongMap<>();
    private final ArrayDeque<Line> ready = new ArrayDeque<>();

    private Completeness(Update document) {
        bytes = document.bytes;
        begin(document);
        while (!ready.isEmpty()) {
            advance(ready.remove());
        }
        List<Line> all = new ArrayList<>();
        lines.forEach(all::add);
        all.forEach(this::countWaiting);
        countDeletes(document);
        lines.forEach(this::countGaps);
        lines.clear();
    }

    /** Examines a whole document. */
    public static Completeness of(Update document) {
        return new Completeness(document);
    }

    private void begin(Update document) {
        StructReader s = new StructReader();
        s.structs(document);
        Line line = null;
        while (s.next()) {
            if (line == null || line.client != s.client) {
                line = line(s.client);
                line.reader.structsOfOne(bytes, s.block);
                ready.add(line);
            }
            line.held.add(s.clock, s.end);
        }
    }

    private Line line(long client) {
        Line known = lines.get(client);
        if (known == null) {
            known = new Line(client);
            lines.put(client, known);
        }
        return known;
    }

    /** Advances until something is missing, then readies the lines that waited for this client. */
    private void advance(Line line) {
        StructReader s = line.reader;
        while (line.isAtStruct || s.next()) {
            line.isAtStruct = true;
            if (s.clock > line.state) {
                break; // a gap in the client's own clocks, which nothing in the document fills
            }
            Line needed = missing(s);
            if (needed != null) {
                line.needs = missingClock(s, needed);
                needed.waiters.add(line);
                break;
            }
            line.state = s.end;
            line.isAtStruct = false;
        }
        while (!line.waiters.isEmpty() && line.waiters.element().needs < line.state) {
            ready.add(line.waiters.remove());
        }
    }

    /** The line of the first id that a struct names and that cannot be integrated yet; null if there is none. */
    private @Nullable Line missing(StructReader s) {
        if (s.ref == Refs.GC) {
            return null;
        }
        Line found = s.originClient < 0 ? null : missing(s.originClient, s.originClock);
        if (found == null && s.rightClient >= 0) {
            found = missing(s.rightClient, s.rightClock);
        }
        if (found == null && s.originClient < 0 && s.rightClient < 0 && s.parentClient() >= 0) {
            found = missing(s.parentClient(), s.parentClock());
        }
        return found;
    }

    private @Nullable Line missing(long client, long clock) {
        Line line = line(client);
        return clock < line.state ? null : line;
    }

    /** The largest clock of the needed client that the struct names. */
    private static long missingClock(StructReader s, Line needed) {
        long clock = -1;
        if (s.originClient == needed.client) {
            clock = s.originClock;
        }
        if (s.rightClient == needed.client) {
            clock = Math.max(clock, s.rightClock);
        }
        if (s.originClient < 0 && s.rightClient < 0) {
            clock = s.parentClock();
        }
        return clock;
    }

    // ---- what still waits

    private void countWaiting(Line line) {
        if (!line.isAtStruct) {
            return;
        }
        waitingClients++;
        StructReader s = line.reader;
        do {
            waitingStructs++;
            line.known = Math.max(line.known, s.end);
            if (s.ref == Refs.GC) {
                continue;
            }
            names(s.originClient, s.originClock);
            names(s.rightClient, s.rightClock);
            if (s.originClient < 0 && s.rightClient < 0) {
                names(s.parentClient(), s.parentClock());
            }
        } while (s.next());
    }

    private void names(long client, long clock) {
        if (client >= 0) {
            Line line = line(client);
            line.known = Math.max(line.known, clock + 1);
        }
    }

    private void countDeletes(Update document) {
        StructReader s = new StructReader();
        s.deletes(document);
        while (s.nextDelete()) {
            Line line = lines.get(s.client);
            waitingDeletes += s.end - s.clock;
            if (line != null) {
                for (int i = line.held.firstEndingAfter(s.clock);
                        i < line.held.size() && line.held.from(i) < s.end;
                        i++) {
                    waitingDeletes -= Math.min(s.end, line.held.to(i)) - Math.max(s.clock, line.held.from(i));
                }
            }
        }
    }

    private void countGaps(Line line) {
        long at = 0;
        for (int i = 0; i <= line.held.size() && at < line.known; i++) {
            long to = i == line.held.size() ? line.known : Math.min(line.known, line.held.from(i));
            if (at < to) {
                gapCount++;
                if (gaps.size() < GAPS) {
                    gaps.add(new Gap(line.client, at, to));
                }
            }
            at = i == line.held.size() ? line.known : line.held.to(i);
        }
    }

    /** Whether neither structs nor deletes wait. */
    public boolean isComplete() {
        return waitingStructs == 0 && waitingDeletes == 0;
    }

    /** The number of waiting structs. */
    public long waitingStructs() {
        return waitingStructs;
    }

    /** The number of deleted clocks that the document lacks. */
    public long waitingDeletes() {
        return waitingDeletes;
    }

    /** The gaps that structs wait for; the first hundred. */
    public List<Gap> gaps() {
        return List.copyOf(gaps);
    }

    /** Describes what waits and for which clocks, as one sentence without a full stop. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (waitingStructs > 0) {
            text.append(count(waitingStructs, "struct")).append(" of ").append(count(waitingClients, "client"));
            text.append(waitingStructs == 1 ? " waits" : " wait");
            for (int i = 0; i < Math.min(NAMED, gaps.size()); i++) {
                text.append(i == 0 ? " for " : ", ").append(gaps.get(i));
            }
            if (gapCount > NAMED) {
                text.append(" and ").append(count(gapCount - NAMED, "further gap"));
            }
        }
        if (waitingDeletes > 0) {
            text.append(text.isEmpty() ? "" : "; ").append(waitingDeletes).append(" deleted clocks are not there");
        }
        return text.isEmpty() ? "nothing waits" : text.toString();
    }

    private static String count(long n, String noun) {
        return n + " " + noun + (n == 1 ? "" : "s");
    }
}
