package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;

/**
 * One message of the y-websocket protocol, decoded and checked. Immutable. Source: y-protocols {@code sync.js},
 * {@code awareness.js}, {@code auth.js}; y-websocket.
 */
public sealed interface Message {
    /** A peer tells how far it is and asks for the rest. */
    record SyncStep1(StateVector stateVector) implements Message {}

    /** A peer answers a step 1: what we lack. */
    record SyncStep2(Update update) implements Message {}

    /** A peer changed the document. */
    record SyncUpdate(Update update) implements Message {}

    /** Who is there: states of clients, newest first where it matters to nobody. */
    record AwarenessUpdate(List<AwarenessState> states) implements Message {
        /** Keeps a copy. */
        public AwarenessUpdate {
            states = List.copyOf(states);
        }
    }

    /** Refused by the other side; a server has no use for it. */
    record Auth() implements Message {}

    /** A peer asks for all awareness states. */
    record QueryAwareness() implements Message {}

    /** Message type of sync messages. */
    int SYNC = 0;
    /** Message type of awareness messages. */
    int AWARENESS = 1;
    /** Message type of auth messages. */
    int AUTH = 2;
    /** Message type of awareness queries. */
    int QUERY_AWARENESS = 3;

    /**
     * Reads all messages of one frame.
     *
     * @throws DecodeException if a message is malformed, of an unknown type, or there is none
     */
    static List<Message> readAll(byte[] frame, DecodeLimits limits) {
        Decoder in = new Decoder(frame);
        Message first = read(in, limits);
        if (!in.hasRemaining()) {
            return List.of(first);
        }
        List<Message> all = new ArrayList<>();
        all.add(first);
        while (in.hasRemaining()) {
            all.add(read(in, limits));
        }
        return all;
    }

    private static Message read(Decoder in, DecodeLimits limits) {
        long type = in.readVarUint();
        if (type == SYNC) {
            return readSync(in, limits);
        } else if (type == AWARENESS) {
            return new AwarenessUpdate(AwarenessState.decode(in.readVarUint8Array(), limits));
        } else if (type == AUTH) {
            if (in.readVarUint() != 0) {
                throw new DecodeException("unknown kind of auth message");
            }
            in.skipVarString();
            return new Auth();
        } else if (type == QUERY_AWARENESS) {
            return new QueryAwareness();
        }
        throw new DecodeException("unknown message type " + type);
    }

    private static Message readSync(Decoder in, DecodeLimits limits) {
        long step = in.readVarUint();
        if (step > 2) {
            throw new DecodeException("unknown sync message " + step);
        }
        byte[] body = in.readVarUint8Array();
        if (step == 0) {
            return new SyncStep1(StateVector.decode(body));
        }
        Update update = Update.decode(body, limits);
        return step == 1 ? new SyncStep2(update) : new SyncUpdate(update);
    }

    /** The frame of a sync step 1. */
    static byte[] step1(StateVector ours) {
        return sync(0, ours.encode());
    }

    /** The frame of a sync step 2 with an update in wire format V1. */
    static byte[] step2(byte[] update) {
        return sync(1, update);
    }

    /** The frame of an update in wire format V1. */
    static byte[] update(byte[] update) {
        return sync(2, update);
    }

    private static byte[] sync(int step, byte[] body) {
        Encoder out = new Encoder(body.length + 8);
        out.writeUint8(SYNC);
        out.writeUint8(step);
        out.writeVarUint8Array(body);
        return out.toByteArray();
    }

    /** The frame of these awareness states; an empty one does nothing but show that we are alive. */
    static byte[] awareness(List<AwarenessState> states) {
        byte[] body = AwarenessState.encode(states);
        Encoder out = new Encoder(body.length + 8);
        out.writeUint8(AWARENESS);
        out.writeVarUint8Array(body);
        return out.toByteArray();
    }
}
