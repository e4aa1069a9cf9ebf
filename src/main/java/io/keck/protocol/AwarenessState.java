package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.Json;
import io.keck.crdt.store.DecodeLimits;
import java.util.ArrayList;
import java.util.List;

/**
 * What one client says of itself at one moment. Immutable.
 *
 * @param client the client's id in the document
 * @param clock counts the client's states; the higher one is the newer one
 * @param json the state as the client wrote it, valid JSON; {@code null} in JSON means that the client has left
 */
public record AwarenessState(long client, long clock, String json) {
    /** Whether the client says that it has left. */
    public boolean isRemoval() {
        return json.length() < 32 && json.strip().equals("null");
    }

    /** The state of a client that has left. */
    public static AwarenessState removed(long client, long clock) {
        return new AwarenessState(client, clock, "null");
    }

    /**
     * Reads an awareness update: a count, then client, clock and JSON of each.
     *
     * @throws DecodeException if it is malformed or more bytes follow
     */
    public static List<AwarenessState> decode(byte[] body, DecodeLimits limits) {
        Decoder in = new Decoder(body);
        int n = in.readCount(3);
        List<AwarenessState> out = new ArrayList<>(Math.min(n, 1024));
        for (int i = 0; i < n; i++) {
            long client = in.readVarUint();
            long clock = in.readVarUint();
            int at = in.position();
            int length = in.readLength();
            int from = in.position();
            in.skip(length);
            Json.check(body, from, from + length, limits.maxValueDepth());
            out.add(new AwarenessState(client, clock, new Decoder(body, at, from + length).readVarString()));
        }
        if (in.hasRemaining()) {
            throw new DecodeException("bytes after the awareness update");
        }
        return out;
    }

    /** The wire form that {@link #decode} reads. */
    public static byte[] encode(List<AwarenessState> states) {
        Encoder out = new Encoder();
        out.writeVarUint(states.size());
        for (AwarenessState s : states) {
            out.writeVarUint(s.client());
            out.writeVarUint(s.clock());
            out.writeVarString(s.json());
        }
        return out.toByteArray();
    }
}
