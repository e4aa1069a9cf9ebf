package io.keck.testing;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;

/** One Yjs client at work: it types at the end of what it typed, or sets one key over and over. Updates are V1. */
public final class Typist {
    private static final int STRING = 4;
    private static final int ANY = 8;
    private static final int HAS_KEY = 0x20;
    private static final int HAS_ORIGIN = 0x80;

    private final long client;
    private long clock;

    /** Types as that Yjs client. */
    public Typist(long client) {
        this.client = client;
    }

    /** Types into the root "t". Use either this or {@link #set}. */
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

    /** Sets "k" in the root map "m", over what it set before, which is deleted. */
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

    /** The Yjs client that it types as. */
    public long client() {
        return client;
    }

    /** Where its next update begins. */
    public long clock() {
        return clock;
    }
}
