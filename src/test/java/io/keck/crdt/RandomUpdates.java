package io.keck.crdt;

import io.keck.crdt.store.Refs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Random updates of several clients as they look on the wire: every kind of content, runs that squash and runs that do
 * not, deletes. Enough for a store, which does not integrate; nonsense as a document.
 */
public final class RandomUpdates {
    private static final String[] WORDS = {"a", "xyz", "é", "日本", "😀", "a😀b", "\n", "ÿ"};

    private final Random random;
    private final long[] clients;
    private final long[] clocks;

    public RandomUpdates(long seed, int clientCount) {
        this(seed, clientCount, 0);
    }

    /** As above; every client begins with that clock. */
    public RandomUpdates(long seed, int clientCount, long firstClock) {
        random = new Random(seed);
        clients = random.longs(clientCount, 0, 1L << (random.nextBoolean() ? 32 : 53))
                .distinct()
                .toArray();
        clocks = new long[clients.length];
        Arrays.fill(clocks, firstClock);
    }

    /** The updates in the order of their making. */
    public List<byte[]> make(int count) {
        List<byte[]> updates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            updates.add(one());
        }
        return updates;
    }

    private byte[] one() {
        UpdateBuilder update = new UpdateBuilder();
        int c = random.nextInt(clients.length);
        if (random.nextInt(5) > 0) {
            update.client(clients[c], clocks[c]);
            for (int structs = 1 + random.nextInt(3); structs > 0; structs--) {
                clocks[c] += struct(update, c);
            }
        }
        for (int ranges = random.nextInt(3); ranges > 0; ranges--) {
            int of = random.nextInt(clients.length);
            if (clocks[of] > 0) {
                long from = random.nextLong(clocks[of]);
                update.delete(clients[of], from, 1 + random.nextLong(Math.min(6, clocks[of] - from)));
            }
        }
        return update.bytes();
    }

    private long struct(UpdateBuilder update, int c) {
        UpdateBuilder.Id origin =
                clocks[c] > 0 && random.nextInt(3) > 0 ? UpdateBuilder.id(clients[c], clocks[c] - 1) : someId();
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> {
                String word = WORDS[random.nextInt(WORDS.length)];
                update.text(word, origin, random.nextInt(4) == 0 ? someId() : null);
                return word.length();
            }
            case 4, 5 -> {
                Object[] values = new Object[1 + random.nextInt(3)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = random.nextBoolean() ? (Object) random.nextInt() : List.of("x", i);
                }
                update.any(origin, values);
                return values.length;
            }
            case 6 -> {
                update.json(origin, "1", "undefined");
                return 2;
            }
            case 7 -> {
                int length = 1 + random.nextInt(4);
                update.deleted(length, origin);
                return length;
            }
            case 8 -> {
                int length = 1 + random.nextInt(4);
                update.gc(length);
                return length;
            }
            default -> {
                update.item(Refs.BINARY, origin, null, out -> out.writeVarUint8Array(new byte[] {1, 2}));
                return 1;
            }
        }
    }

    /** Anything that exists, or nothing. */
    private UpdateBuilder.Id someId() {
        int c = random.nextInt(clients.length);
        return clocks[c] == 0 ? null : UpdateBuilder.id(clients[c], random.nextLong(clocks[c]));
    }
}
