package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.Json;
import io.keck.crdt.store.DecodeLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The awareness state of one client at one moment. Immutable.
 *
 * @param client the client id in the document
 * @param clock numbers the states of the client; a higher clock is newer
 * @param json the state as the client wrote it, valid JSON; the JSON value {@code null} means that the client has left
 */
public record AwarenessState(long client, long clock, String json) {
    /**
     * Limits on the states that one peer may send in a message; whatever exceeds them is dropped.
     *
     * @param maxBytes the largest state, in bytes of UTF-8
     * @param maxStates the most states of a message
     * @param maxDepth the deepest nesting of arrays and objects in a state
     */
    public record Limits(int maxBytes, int maxStates, int maxDepth) {
        /** No limits beside the size of the message. */
        public static final Limits NONE =
                new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, DecodeLimits.DEFAULT.maxValueDepth());
    }

    /** The reason for which a part of an awareness message is dropped. */
    public enum Fault {
        /** The state is larger than allowed. */
        TOO_LARGE,
        /** The state is not JSON, or the message is truncated or has trailing bytes. */
        MALFORMED,
        /** The message has more states than allowed. */
        TOO_MANY
    }

    /**
     * A part of an awareness message that is dropped while the other states are used.
     *
     * @param client the client of the dropped state, or -1 if it is unknown
     * @param clock the clock of the dropped state, or 0
     */
    public record Dropped(long client, long clock, Fault fault) {
        static Dropped rest(Fault fault) {
            return new Dropped(-1, 0, fault);
        }
    }

    /** Whether this state says that the client has left. */
    public boolean isRemoval() {
        return json.length() < 32 && json.strip().equals("null");
    }

    /** Creates the state of a client that has left. */
    public static AwarenessState removed(long client, long clock) {
        return new AwarenessState(client, clock, "null");
    }

    /**
     * Decodes an awareness update: the number of states, then client, clock and JSON of each.
     *
     * @throws DecodeException if the update is malformed or bytes follow it
     */
    public static List<AwarenessState> decode(byte[] body, DecodeLimits limits) {
        Decoder in = new Decoder(body);
        int n = in.readCount(3);
        List<AwarenessState> out = new ArrayList<>(Math.min(n, 1024));
        for (int i = 0; i < n; i++) {
            long client = in.readVarUint();
            long clock = in.readVarUint();
            out.add(new AwarenessState(client, clock, readJson(in, limits.maxValueDepth())));
        }
        if (in.hasRemaining()) {
            throw new DecodeException("bytes after the awareness update");
        }
        return out;
    }

    private static String readJson(Decoder in, int maxDepth) {
        int at = in.position();
        int length = in.readLength();
        int from = in.position();
        in.skip(length);
        Json.check(in.array(), from, from + length, maxDepth);
        return new Decoder(in.array(), at, from + length).readVarString();
    }

    /**
     * Decodes an awareness update of a peer and keeps every state that is valid. Clients pass on what they heard of others,
     * so a too large or malformed state may come from an honest peer.
     */
    static Message.AwarenessUpdate readLeniently(byte[] body, Limits limits) {
        List<AwarenessState> states = new ArrayList<>();
        List<Dropped> dropped = new ArrayList<>();
        Decoder in = new Decoder(body);
        try {
            long n = in.readVarUint();
            for (long i = 0; i < n; i++) {
                if (i == limits.maxStates()) {
                    dropped.add(Dropped.rest(Fault.TOO_MANY));
                    return new Message.AwarenessUpdate(states, dropped);
                }
                readNext(in, limits, states, dropped);
            }
            if (in.hasRemaining()) {
                dropped.add(Dropped.rest(Fault.MALFORMED));
            }
        } catch (DecodeException e) {
            dropped.add(Dropped.rest(Fault.MALFORMED)); // the states before the malformed part stay
        }
        return new Message.AwarenessUpdate(states, dropped);
    }

    private static void readNext(Decoder in, Limits limits, List<AwarenessState> states, List<Dropped> dropped) {
        long client = in.readVarUint();
        long clock = in.readVarUint();
        int at = in.position();
        int length = in.readLength();
        int end = in.position() + length;
        in.skip(length);
        if (length > limits.maxBytes()) {
            dropped.add(new Dropped(client, clock, Fault.TOO_LARGE));
            return;
        }
        String json = jsonOrNull(new Decoder(in.array(), at, end), limits.maxDepth());
        if (json == null) {
            dropped.add(new Dropped(client, clock, Fault.MALFORMED));
        } else {
            states.add(new AwarenessState(client, clock, json));
        }
    }

    private static @Nullable String jsonOrNull(Decoder in, int maxDepth) {
        try {
            return readJson(in, maxDepth);
        } catch (DecodeException e) {
            return null;
        }
    }

    /** Encodes states in the format that {@link #decode} reads. */
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
