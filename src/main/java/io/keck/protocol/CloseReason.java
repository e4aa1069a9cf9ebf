package io.keck.protocol;

import java.nio.charset.StandardCharsets;

/**
 * The WebSocket close code and sentence with which the server ends a connection. Stock y-websocket (3.1 and later) does not
 * reconnect after codes 4400 to 4499; such reasons are called final here.
 *
 * @param code the close code, RFC 6455 section 7.4
 * @param text the reason; {@link #wireText} cuts it to the 123 bytes of UTF-8 that a close frame can carry
 */
public record CloseReason(int code, String text) {
    private static final int MAX_BYTES = 123;

    /** The peer sent a malformed message. Final. */
    public static CloseReason malformed(String why) {
        return new CloseReason(4400, "malformed message: " + why);
    }

    /**
     * The stored document is damaged and the peer sent a change; the document is read-only until an operator repairs it.
     * Final.
     */
    public static CloseReason quarantined() {
        return new CloseReason(
                4403, "quarantined: the stored document is damaged and can only be read, until it is repaired");
    }

    /** An operator ended the connection. Final. */
    public static CloseReason kicked() {
        return new CloseReason(4403, "an operator ended this connection");
    }

    /**
     * The client said which life of the document its copy is of, and the name has another life. The text is the room id of that
     * life in decimal digits, and nothing else. Final for this copy.
     */
    public static CloseReason otherEpoch(long roomId) {
        return new CloseReason(4409, Long.toString(roomId));
    }

    /** The peer names an epoch in the address of a socket that has many documents; final. */
    public static CloseReason epochOfMany() {
        return new CloseReason(4400, "epoch is not known at /hocuspocus, where a socket has many documents");
    }

    /** The room was deleted. Final. */
    public static CloseReason deleted() {
        return new CloseReason(4404, "this document was deleted");
    }

    /**
     * The document was deleted before this peer connected, and its name is held. Not final, since a back end may create the
     * name at any moment, after which newcomers get in. A copy of the ended life is closed with {@link #deleted} as soon as
     * its first step 1 shows what it holds.
     */
    public static CloseReason held() {
        return new CloseReason(1013, "this document was deleted a moment ago, please try again");
    }

    /** The peer exceeded a limit. Final. */
    public static CloseReason tooLarge(String what) {
        return new CloseReason(4413, what);
    }

    /** The peer speaks the protocol of Hocuspocus at the address of another one, and would wait without end; final. */
    public static CloseReason hocuspocus() {
        return new CloseReason(
                4400, "this is the protocol of @hocuspocus/provider: end its url with /hocuspocus, or use y-websocket");
    }

    /** The node stops or restarts; the client should reconnect, to this node or another one. */
    public static CloseReason restart() {
        return new CloseReason(1012, "the server restarts, please reconnect");
    }

    /** The client should reconnect at once; the next handshake will show the changed situation. */
    public static CloseReason reconnect(String why) {
        return new CloseReason(1012, why);
    }

    /** The stored document is larger than this node can load; another node may have a larger heap. */
    public static CloseReason tooLargeHere() {
        return new CloseReason(
                1013, "this document is too large for this node; its operator has to give it a larger heap");
    }

    /** The node is overloaded; the client should reconnect later. */
    public static CloseReason overload(String why) {
        return new CloseReason(1013, why);
    }

    /** Whether the client would be closed again after a reconnect. */
    public boolean isFinal() {
        return code >= 4400 && code < 4500;
    }

    /** The text, cut at a character boundary so that it fits into a close frame. */
    public String wireText() {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_BYTES) {
            return text;
        }
        int end = MAX_BYTES;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
