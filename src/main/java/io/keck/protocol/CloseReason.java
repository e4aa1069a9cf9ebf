package io.keck.protocol;

import java.nio.charset.StandardCharsets;

/**
 * How the server ends a conversation: a WebSocket close code and a sentence. Stock y-websocket (3.1 and later) does not
 * come back on 4400 to 4499.
 *
 * @param code the close code, RFC 6455 section 7.4
 * @param text why; at most 123 bytes of UTF-8 go over the wire
 */
public record CloseReason(int code, String text) {
    private static final int MAX_BYTES = 123;

    /** The peer sent bytes that are no message of the protocol; final. */
    public static CloseReason malformed(String why) {
        return new CloseReason(4400, "malformed message: " + why);
    }

    /** What is stored of the room is damaged, and the peer wrote: until an operator has repaired it, it is only read; final. */
    public static CloseReason quarantined() {
        return new CloseReason(
                4403, "quarantined: the stored document is damaged and can only be read, until it is repaired");
    }

    /** An operator ended the connection; final. */
    public static CloseReason kicked() {
        return new CloseReason(4403, "an operator ended this connection");
    }

    /** The room was deleted; final. */
    public static CloseReason deleted() {
        return new CloseReason(4404, "this document was deleted");
    }

    /**
     * The document was deleted before this peer came, and its name is held. Not final, since a back end may create the name
     * at any moment, and newcomers get in then; a copy of the ended life gets {@link #deleted} when it says what it has.
     */
    public static CloseReason held() {
        return new CloseReason(1013, "this document was deleted a moment ago, please try again");
    }

    /** The peer sent more than is allowed; final. */
    public static CloseReason tooLarge(String what) {
        return new CloseReason(4413, what);
    }

    /** The peer speaks the protocol of Hocuspocus, which would wait for answers without end; final. */
    public static CloseReason hocuspocus() {
        return new CloseReason(
                4400,
                "this is the protocol of @hocuspocus/provider; connect with y-websocket (WebsocketProvider) instead");
    }

    /** This node stops or restarts; come back, to it or another one. */
    public static CloseReason restart() {
        return new CloseReason(1012, "the server restarts, please reconnect");
    }

    /** Come back at once, with what the next handshake shows. */
    public static CloseReason reconnect(String why) {
        return new CloseReason(1012, why);
    }

    /** What is stored of the document is more than this node can load; another node may have a larger heap. */
    public static CloseReason tooLargeHere() {
        return new CloseReason(
                1013, "this document is too large for this node; its operator has to give it a larger heap");
    }

    /** Not now; come back later. */
    public static CloseReason overload(String why) {
        return new CloseReason(1013, why);
    }

    /** Whether a client that came back would only be closed again. */
    public boolean isFinal() {
        return code >= 4400 && code < 4500;
    }

    /** The text, cut at a character border so that it fits a close frame. */
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
