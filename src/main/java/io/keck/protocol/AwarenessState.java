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
 * What one client says of itself at one moment. Immutable.
 *
 * @param client the client's id in the document
 * @param clock counts the client's states; the higher one is the newer one
 * @param json the state as the client wrote it, valid JSON; {@code null} in JSON means that the client has left
 */
public record AwarenessState(long client, long clock, String json) {
    /**
     * What a peer may say of its clients in one message; the rest is dropped.
     *
     * @param maxBytes the largest state, in bytes of UTF-8
     * @param maxStates the most states
     * @param maxDepth how deep arrays and objects of a state may nest
     */
    public record Limits(int maxBytes, int maxStates, int maxDepth) {
        /** Bounded by the size of the message alone. */
        public static final Limits NONE =
                new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, DecodeLimits.DEFAULT.maxValueDepth());
    }

    /** Why something of an awareness message is dropped. */
    public enum Fault {
        /** The state is larger than allowed. */
        TOO_LARGE,
        /** The state is not JSON, or the message ends or goes on where it should not. */
        MALFORMED,
        /** The message has more states than allowed. */
        TOO_MANY
    }

    /**
     * Something that is dropped of a message whose other states count.
     *
     * @param client whose state it is, or -1 where that is not known
     * @param clock the clock of that state, or 0
     */
    public record Dropped(long client, long clock, Fault fault) {
        static Dropped rest(Fault fault) {
            return new Dropped(-1, 0, fault);
        }
    }

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
     * Reads an awareness update of a peer, and keeps of it what can be kept: a client passes on what it heard of others, so
     * a state that is too large or malformed may come from an honest one.
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
            dropped.add(Dropped.rest(Fault.MALFORMED)); // what stands before the break was read
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
