package io.keck.crdt.store;

import io.keck.crdt.lib0.Decoder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Separates an update into groups of structs, so that no struct is applied without the structs that it needs: the previous clock
 * of its client, its origins and, without origins, its parent. Not thread-safe.
 */
public final class UpdateSieve {
    /** The group of structs that can be applied. */
    public static final int TAKEN = 0;
    /** The group of structs that need one which is neither in the document nor in {@link #TAKEN}. */
    public static final int WAITING = -1;

    private static final int[] NO_ROWS = {0, 0};

    /** Knows the document and the owners of client ids. */
    public interface Judge {
        /** Returns the group of a client's structs: {@link #TAKEN}, {@link #WAITING} or a positive number. */
        int group(long client);

        /** Whether the document has that clock of a client. */
        boolean has(long client, long clock);
    }

    private final StructReader reader = new StructReader();

    /** Creates a sieve, which keeps only its buffers between two updates. */
    public UpdateSieve() {}

    /** Whether a store has that clock of a client. */
    public static boolean has(StructStore store, long client, long clock) {
        ClientStructs structs = store.find(client);
        return structs != null && structs.firstMissing(clock, clock + 1) > clock;
    }

    /** Whether a store has structs of a client. */
    public static boolean hasStructs(StructStore store, long client) {
        ClientStructs structs = store.find(client);
        return structs != null && structs.end() > 0;
    }

    /**
     * Whether all structs of an update can be applied. Allocates nothing in the usual case. May return false although
     * {@link #separate} finds only {@link #TAKEN}, if a struct needs one of another client in the same update.
     */
    public boolean takesAll(Update u, Judge judge) {
        reader.structs(u);
        boolean takes = takesAll(judge);
        reader.close();
        return takes;
    }

    private boolean takesAll(Judge judge) {
        long client = -1;
        long from = 0;
        long to = 0;
        while (reader.next()) {
            if (reader.client != client || reader.clock != to) {
                if (reader.client != client && judge.group(reader.client) != TAKEN) {
                    return false;
                }
                client = reader.client;
                from = reader.clock;
                if (from > 0 && !judge.has(client, from - 1)) {
                    return false;
                }
            }
            if (reader.ref != Refs.GC && !areNeedsMet(judge, from)) {
                return false;
            }
            to = reader.end;
        }
        return true;
    }

    private boolean areNeedsMet(Judge judge, long from) {
        if (reader.originClient < 0 && reader.rightClient < 0) {
            boolean isInRoot = reader.bytes[reader.parentFrom] == 1;
            return isInRoot
                    || reader.parentClient() < 0
                    || isMet(reader.parentClient(), reader.parentClock(), judge, from);
        }
        return (reader.originClient < 0 || isMet(reader.originClient, reader.originClock, judge, from))
                && (reader.rightClient < 0 || isMet(reader.rightClient, reader.rightClock, judge, from));
    }

    private boolean isMet(long client, long clock, Judge judge, long from) {
        boolean isBefore = client == reader.client && clock >= from && clock < reader.clock;
        return isBefore || judge.has(client, clock);
    }

    /**
     * Returns the parts of an update by group, without empty ones. A deletion is in the part with the struct that it deletes, or in
     * {@link #TAKEN} if no part has the struct. A struct in {@link #TAKEN} needs only structs of the document or of the same
     * part.
     */
    public static Map<Integer, Update> separate(Update u, Judge judge) {
        int[] groups = new Sorting(u.rows(), judge).groups();
        Map<Integer, StructStore> parts = new TreeMap<>();
        StructReader reader = new StructReader();
        reader.structs(u);
        for (int i = 0; reader.next(); i++) {
            StructStore part = parts.computeIfAbsent(groups[i], group -> new StructStore(true));
            ClientStructs target = part.client(reader.client);
            long from = Math.max(reader.clock, target.end()); // an update may contain a clock twice
            if (from < reader.end) {
                part.insert(target, reader, from, reader.end);
            }
        }
        reader.deletes(u);
        while (reader.nextDelete()) {
            sortDelete(reader.client, reader.clock, reader.end, parts);
        }
        Map<Integer, Update> updates = new HashMap<>();
        parts.forEach((group, part) -> {
            if (!part.isEmpty()) {
                updates.put(group, Update.decode(part.encode(), DecodeLimits.OWN));
            }
        });
        return updates;
    }

    private static void sortDelete(long client, long from, long to, Map<Integer, StructStore> parts) {
        DeleteSet sorted = new DeleteSet();
        parts.forEach((group, part) -> {
            ClientStructs structs = group == TAKEN ? null : part.find(client);
            if (structs == null) {
                return;
            }
            for (long at = structs.firstPresent(from, to); at < to; ) {
                long end = structs.firstMissing(at, to);
                structs.deletes.add(at, end);
                sorted.add(client, at, end);
                at = structs.firstPresent(end, to);
            }
        });
        DeleteSet rest = new DeleteSet();
        sorted.missing(client, from, to, rest);
        if (!rest.isEmpty()) {
            StructStore taken = parts.computeIfAbsent(TAKEN, group -> new StructStore(true));
            rest.forEachInOrder((of, first, end) -> taken.client(of).deletes.add(first, end));
        }
    }

    /** Finds the groups of the structs of one update. */
    private static final class Sorting {
        private final StructRows rows;
        private final Judge judge;
        private final int[] groups;
        /** By client, its first row and the row after its last. */
        private final Map<Long, int[]> ofClient = new HashMap<>();
        /** By row, the first of the {@link #edges} to rows that need it; then by edge, the next. -1 for none. */
        private final int[] first;

        private int[] next = new int[16];
        private int[] needing = new int[16];
        private int edges;

        Sorting(StructRows rows, Judge judge) {
            this.rows = rows;
            this.judge = judge;
            this.groups = new int[rows.count()];
            this.first = new int[rows.count()];
        }

        int[] groups() {
            Arrays.fill(first, -1);
            for (int row = 0; row < groups.length; row++) {
                int[] range = ofClient.get(rows.client(row));
                if (range == null) {
                    groups[row] = judge.group(rows.client(row));
                    ofClient.put(rows.client(row), new int[] {row, row + 1});
                } else {
                    groups[row] = groups[range[0]];
                    range[1] = row + 1;
                }
            }
            for (int row = 0; row < groups.length; row++) {
                if (groups[row] == TAKEN) {
                    needs(row);
                }
            }
            spread();
            return groups;
        }

        private void needs(int row) {
            if (rows.clock(row) > 0) {
                needs(row, rows.client(row), rows.clock(row) - 1);
            }
            if (rows.ref(row) == Refs.GC) {
                return;
            }
            if (rows.originClient(row) >= 0) {
                needs(row, rows.originClient(row), rows.originClock(row));
            }
            if (rows.rightClient(row) >= 0) {
                needs(row, rows.rightClient(row), rows.rightClock(row));
            }
            if (rows.originClient(row) < 0 && rows.rightClient(row) < 0) {
                Decoder parent = rows.parentInfo(row);
                if (parent.readVarUint() != 1) {
                    needs(row, parent.readVarUint(), parent.readVarUint());
                }
            }
        }

        private void needs(int row, long client, long clock) {
            int needed = find(client, clock);
            if (needed >= 0) {
                if (edges == next.length) {
                    next = Arrays.copyOf(next, 2 * edges);
                    needing = Arrays.copyOf(needing, 2 * edges);
                }
                needing[edges] = row;
                next[edges] = first[needed];
                first[needed] = edges++;
            } else if (!judge.has(client, clock)) {
                groups[row] = WAITING;
            }
        }

        /** The row that has that clock, or -1. */
        private int find(long client, long clock) {
            int[] range = ofClient.getOrDefault(client, NO_ROWS);
            int low = range[0];
            int high = range[1];
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (rows.end(middle) > clock) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return low < range[1] && rows.clock(low) <= clock ? low : -1;
        }

        /** Excludes from {@link #TAKEN} every struct that needs an excluded one. */
        private void spread() {
            int[] open = new int[groups.length];
            int count = 0;
            for (int row = 0; row < groups.length; row++) {
                if (groups[row] != TAKEN) {
                    open[count++] = row;
                }
            }
            while (count > 0) {
                for (int edge = first[open[--count]]; edge >= 0; edge = next[edge]) {
                    if (groups[needing[edge]] == TAKEN) {
                        groups[needing[edge]] = WAITING;
                        open[count++] = needing[edge];
                    }
                }
            }
        }
    }
}
