package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.store.Refs;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is unusual about the wire form of an update: decoding puts such an update in order, and then it no longer shows.
 * Conformance tests judge a recorded update by this, so that it does not matter how a fixture is called. Reads V1, as it
 * came; immutable.
 */
public final class Oddities {
    private boolean skipAtAnEdge;
    private boolean clientTwice;
    private boolean deletesOutOfOrder;
    private boolean protoKey;
    private long skippedClient = -1;
    private long skippedLength;

    private Oddities(Decoder in) {
        structs(in);
        deletes(in);
    }

    public static Oddities of(byte[] v1) {
        return new Oddities(new Decoder(v1));
    }

    /** Whether a client's structs begin or end with a Skip, which says nothing about the clocks it covers. */
    public boolean skipAtAnEdge() {
        return skipAtAnEdge;
    }

    /** Whether the structs of a client are in two blocks. */
    public boolean clientTwice() {
        return clientTwice;
    }

    /** Whether ranges of the delete set go backwards, overlap, or stand in two places for a client. */
    public boolean deletesOutOfOrder() {
        return deletesOutOfOrder;
    }

    /** Whether an object in it has the key {@code __proto__}, which JavaScript takes for the object's prototype. */
    public boolean protoKey() {
        return protoKey;
    }

    /** The client whose Skip from clock 0 is the very first struct of the update, or -1. */
    public long skippedClient() {
        return skippedClient;
    }

    /** How many clocks that Skip covers. */
    public long skippedLength() {
        return skippedLength;
    }

    private void structs(Decoder in) {
        Set<Long> seen = new HashSet<>();
        long blocks = in.readVarUint();
        for (long b = 0; b < blocks; b++) {
            long count = in.readVarUint();
            long client = in.readVarUint();
            long clock = in.readVarUint();
            clientTwice |= !seen.add(client);
            for (long k = 0; k < count; k++) {
                int info = in.readUint8();
                int ref = info & Refs.MASK;
                if (ref == Refs.SKIP) {
                    long length = in.readVarUint();
                    skipAtAnEdge |= k == 0 || k == count - 1;
                    if (b == 0 && k == 0 && clock == 0) {
                        skippedClient = client;
                        skippedLength = length;
                    }
                } else if (ref == Refs.GC) {
                    in.readVarUint();
                } else {
                    place(in, info);
                    content(in, ref);
                }
            }
        }
    }

    private static void place(Decoder in, int info) {
        boolean free = (info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0;
        for (int flag : new int[] {Refs.ORIGIN, Refs.RIGHT_ORIGIN}) {
            if ((info & flag) != 0) {
                in.readVarUint();
                in.readVarUint();
            }
        }
        if (free) {
            if (in.readVarUint() == 1) {
                in.readVarString();
            } else {
                in.readVarUint();
                in.readVarUint();
            }
            if ((info & Refs.PARENT_SUB) != 0) {
                in.readVarString();
            }
        }
    }

    private void content(Decoder in, int ref) {
        switch (ref) {
            case Refs.DELETED -> in.readVarUint();
            case Refs.ANY -> {
                long count = in.readVarUint();
                for (long i = 0; i < count; i++) {
                    value(Any.read(in, Integer.MAX_VALUE));
                }
            }
            case Refs.JSON -> {
                long count = in.readVarUint();
                for (long i = 0; i < count; i++) {
                    in.readVarString();
                }
            }
            case Refs.BINARY -> in.readVarUint8Array();
            case Refs.STRING, Refs.EMBED -> in.readVarString();
            case Refs.FORMAT -> {
                in.readVarString();
                in.readVarString();
            }
            case Refs.TYPE -> {
                long type = in.readVarUint();
                if (type == 3 || type == 5) {
                    in.readVarString();
                }
            }
            case Refs.DOC -> {
                in.readVarString();
                value(Any.read(in, Integer.MAX_VALUE));
            }
            default -> throw new IllegalArgumentException("content " + ref);
        }
    }

    private void value(Object value) {
        if (value instanceof Map<?, ?> map) {
            protoKey |= map.containsKey("__proto__");
            map.values().forEach(this::value);
        } else if (value instanceof List<?> list) {
            list.forEach(this::value);
        }
    }

    private void deletes(Decoder in) {
        Set<Long> seen = new HashSet<>();
        long clients = in.readVarUint();
        for (long c = 0; c < clients; c++) {
            deletesOutOfOrder |= !seen.add(in.readVarUint());
            long ranges = in.readVarUint();
            long end = 0;
            for (long r = 0; r < ranges; r++) {
                long from = in.readVarUint();
                deletesOutOfOrder |= from < end;
                end = from + in.readVarUint();
            }
        }
    }
}
