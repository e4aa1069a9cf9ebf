package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import java.util.Arrays;
import java.util.List;

/**
 * One message of a client that speaks the protocol of Hocuspocus, decoded and checked. Immutable. Source:
 * {@code @hocuspocus/provider} 2.9, 3.4 and 4.8, {@code OutgoingMessages} and {@code MessageReceiver}.
 *
 * <p>A frame is the name of a document, the type of the message and its body. From version 4 on the name may be followed
 * by a NUL and the name of a session, so that one socket can have a document twice; name and session together are the key,
 * with which every answer begins. Bodies of the types 0, 1 and 3 are those of y-websocket. A ping and a pong are one byte,
 * without a name.
 */
public sealed interface HocuspocusMessage {
    /** Calls the handler's method for this kind of message. */
    void tell(Handler handler);

    /** Deals with each kind of message. */
    interface Handler {
        void ordinary(Ordinary message);

        void token(Token message);

        void leave(Leave message);

        void stateless(Stateless message);

        void ping(Ping message);

        void pong(Pong message);

        void other(Other message);
    }

    /** The longest key in bytes of UTF-8: a name of the longest kind and a session. */
    int MAX_KEY = 1_200;

    /** The longest name of a session, in characters; the provider's have about 11. */
    int MAX_SESSION = 64;

    /**
     * What y-websocket has, too.
     *
     * @param messages at least one; an {@link Message.Unknown} is the last
     */
    record Ordinary(String key, List<Message> messages) implements HocuspocusMessage {
        /** Keeps a copy. */
        public Ordinary {
            messages = List.copyOf(messages);
        }

        @Override
        public void tell(Handler handler) {
            handler.ordinary(this);
        }
    }

    /** The client wants a document, or shows another credential for one that it has. */
    record Token(String key, String token) implements HocuspocusMessage {
        @Override
        public void tell(Handler handler) {
            handler.token(this);
        }

        /** Without the credential. */
        @Override
        public String toString() {
            return "Token";
        }
    }

    /** The client leaves a document. */
    record Leave(String key) implements HocuspocusMessage {
        @Override
        public void tell(Handler handler) {
            handler.leave(this);
        }
    }

    /**
     * A message of the application.
     *
     * @param isForAll whether it is for all clients; otherwise it is for the back end
     * @param text empty where it is for all clients, since it is dropped then
     */
    record Stateless(String key, boolean isForAll, String text) implements HocuspocusMessage {
        @Override
        public void tell(Handler handler) {
            handler.stateless(this);
        }

        /** Without the text, which may be confidential. */
        @Override
        public String toString() {
            return "Stateless[" + text.length() + "]";
        }
    }

    /** A ping, which is answered by a pong. */
    record Ping() implements HocuspocusMessage {
        @Override
        public void tell(Handler handler) {
            handler.ping(this);
        }
    }

    /** A pong. */
    record Pong() implements HocuspocusMessage {
        @Override
        public void tell(Handler handler) {
            handler.pong(this);
        }
    }

    /** A message of another type. */
    record Other(String key) implements HocuspocusMessage {
        @Override
        public void tell(Handler handler) {
            handler.other(this);
        }
    }

    /** Message type of the answer to a step 1; its body is that of a sync message. */
    int SYNC_REPLY = 4;
    /** Message type of messages of the application for the server, and of the server for the application. */
    int STATELESS = 5;
    /** Message type of messages of the application for all clients. */
    int BROADCAST = 6;
    /** Message type of the end of a document's part of the socket. */
    int CLOSE = 7;
    /** Message type of reports on what is saved. */
    int SYNC_STATUS = 8;
    /** Message type of a ping. */
    int PING = 9;
    /** Message type of a pong. */
    int PONG = 10;

    /** The name of the document in a key. */
    static String nameOf(String key) {
        int nul = key.indexOf(0);
        return nul < 0 ? key : key.substring(0, nul);
    }

    /**
     * Reads a frame.
     *
     * @throws DecodeException if it is malformed
     */
    static HocuspocusMessage read(byte[] frame, DecodeLimits limits, AwarenessState.Limits states) {
        if (frame.length == 1 && (frame[0] == PING || frame[0] == PONG)) {
            return frame[0] == PING ? new Ping() : new Pong();
        }
        Decoder in = new Decoder(frame);
        int start = in.position();
        int length = in.readLength();
        if (length > MAX_KEY) {
            throw new DecodeException("the name of a document has " + length + " bytes");
        }
        in.position(start);
        String key = in.readVarString();
        if (key.length() - nameOf(key).length() - 1 > MAX_SESSION) {
            throw new DecodeException("the name of a session is longer than " + MAX_SESSION + " characters");
        }
        return readAfter(key, in, frame, limits, states);
    }

    /**
     * Reads a frame about a document that is known, without decoding its key again.
     *
     * @param prefix what the frame begins with, see {@link #prefix}
     * @throws DecodeException if it is malformed
     */
    static HocuspocusMessage read(
            byte[] frame, String key, byte[] prefix, DecodeLimits limits, AwarenessState.Limits states) {
        Decoder in = new Decoder(frame);
        in.position(prefix.length);
        return readAfter(key, in, frame, limits, states);
    }

    private static HocuspocusMessage readAfter(
            String key, Decoder in, byte[] frame, DecodeLimits limits, AwarenessState.Limits states) {
        long type = in.readVarUint();
        if (type == Message.AUTH) {
            return readAuth(key, in);
        } else if (type == CLOSE) {
            return new Leave(key);
        } else if (type == STATELESS) {
            return new Stateless(key, false, in.readVarString());
        } else if (type == BROADCAST) {
            return new Stateless(key, true, "");
        } else if (type == SYNC_REPLY || type <= Message.QUERY_AWARENESS) {
            byte[] body = Arrays.copyOfRange(frame, in.position() - 1, frame.length);
            body[0] = (byte) (type == SYNC_REPLY ? Message.SYNC : type);
            return new Ordinary(key, Message.readAll(body, limits, states));
        }
        return new Other(key);
    }

    /** The key that a frame begins with; empty if it has none. */
    static String keyOf(byte[] frame) {
        try {
            Decoder in = new Decoder(frame);
            int length = in.readLength();
            if (length > MAX_KEY) {
                return "";
            }
            in.position(0);
            return in.readVarString();
        } catch (DecodeException e) {
            return "";
        }
    }

    /** Whether a frame begins with that prefix, see {@link #prefix}. */
    static boolean isAbout(byte[] frame, byte[] prefix) {
        return frame.length > prefix.length && Arrays.equals(frame, 0, prefix.length, prefix, 0, prefix.length);
    }

    /**
     * Whether a frame has an update, a step 2 or cursors, which are taken in without waiting for anything. Only its first bytes are
     * looked at.
     *
     * @param start the number of bytes before the type of the message
     */
    static boolean isBrief(byte[] frame, int start) {
        if (frame.length < start + 2) {
            return false;
        }
        int type = frame[start];
        boolean isSync = type == Message.SYNC || type == SYNC_REPLY;
        return isSync ? frame[start + 1] != 0 : type == Message.AWARENESS;
    }

    private static HocuspocusMessage readAuth(String key, Decoder in) {
        if (in.readVarUint() != 0) {
            return new Other(key);
        }
        return new Token(key, in.readVarString()); // version 4 adds its version, which nothing depends on
    }

    /** What every frame about a document begins with. */
    static byte[] prefix(String key) {
        Encoder out = new Encoder(key.length() + 4);
        out.writeVarString(key);
        return out.toByteArray();
    }

    /** A whole frame. */
    static byte[] frame(byte[] prefix, byte[] body) {
        byte[] both = Arrays.copyOf(prefix, prefix.length + body.length);
        System.arraycopy(body, 0, both, prefix.length, body.length);
        return both;
    }

    /** The body of the message that a credential is good. */
    static byte[] authenticated(boolean mayWrite) {
        return text(2, Message.AUTH, mayWrite ? "read-write" : "readonly");
    }

    /** The body of the message that a credential is not good for the document. */
    static byte[] denied(String reason) {
        return text(1, Message.AUTH, reason);
    }

    private static byte[] text(int kind, int type, String text) {
        Encoder out = new Encoder(text.length() + 8);
        out.writeUint8(type);
        out.writeUint8(kind);
        out.writeVarString(text);
        return out.toByteArray();
    }

    /** The body of the message that a step 2 or an update is saved, or will not be. */
    static byte[] status(boolean isSaved) {
        Encoder out = new Encoder(4);
        out.writeUint8(SYNC_STATUS);
        out.writeVarInt(isSaved ? 1 : 0);
        return out.toByteArray();
    }

    /** The body of the message that the server ends a document's part of the socket. */
    static byte[] close(String reason) {
        Encoder out = new Encoder(reason.length() + 8);
        out.writeUint8(CLOSE);
        out.writeVarString(reason);
        return out.toByteArray();
    }

    /** The body of a message of a back end for the application. */
    static byte[] stateless(String text) {
        Encoder out = new Encoder(text.length() + 8);
        out.writeUint8(STATELESS);
        out.writeVarString(text);
        return out.toByteArray();
    }

    /** The frame of a pong. */
    static byte[] pong() {
        return new byte[] {PONG};
    }
}
