package io.keck.testing;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;

/**
 * Makes the updates of one Yjs client that either types at the end of its own text or sets one key over and over. Updates
 * are V1. Not thread-safe.
 */
public final class Typist {
    private static final int STRING = 4;
    private static final int ANY = 8;
    private static final int HAS_KEY = 0x20;
    private static final int HAS_ORIGIN = 0x80;

    private final long client;
    private long clock;

    /** A typist with that Yjs client id. */
    public Typist(long client) {
        this.client = client;
    }

    /** The update that types text into the root "t". A typist uses either this or {@link #set}. */
    public byte[] type(String text) {
        Encoder out = begin(STRING);
        if (clock == 0) {
            root(out, "t");
        }
        out.writeVarString(text);
        out.writeVarUint(0);
        clock += text.length();
        return out.toByteArray();
    }

    /** The update that sets "k" in the root map "m" and deletes the value that this typist set before. */
    public byte[] set(String value) {
        Encoder out = begin(ANY | HAS_KEY);
        if (clock == 0) {
            root(out, "m");
            out.writeVarString("k" + client);
        }
        out.writeVarUint(1);
        Any.write(out, value);
        if (clock == 0) {
            out.writeVarUint(0);
        } else {
            out.writeVarUint(1);
            out.writeVarUint(client);
            out.writeVarUint(1);
            out.writeVarUint(clock - 1);
            out.writeVarUint(1);
        }
        clock++;
        return out.toByteArray();
    }

    private Encoder begin(int info) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(client);
        out.writeVarUint(clock);
        out.writeUint8(clock == 0 ? info : info | HAS_ORIGIN);
        if (clock > 0) {
            out.writeVarUint(client);
            out.writeVarUint(clock - 1);
        }
        return out;
    }

    private static void root(Encoder out, String name) {
        out.writeVarUint(1);
        out.writeVarString(name);
    }

    /** The Yjs client id. */
    public long client() {
        return client;
    }

    /** The clock at which its next update begins. */
    public long clock() {
        return clock;
    }
}
