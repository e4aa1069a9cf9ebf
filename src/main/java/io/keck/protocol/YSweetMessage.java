package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;

/**
 * The message that {@code @y-sweet/client} has beyond y-websocket's: the sync status. Client and server send the same bytes:
 * the type, and a byte array that holds a version as varUint. Source: {@code @y-sweet/client} 0.9, {@code provider.ts}.
 */
public final class YSweetMessage {
    /** Message type of the sync status. */
    public static final int SYNC_STATUS = 102;

    /** The version of a message that is not a sync status. */
    public static final long NONE = -1;

    private YSweetMessage() {}

    /** Returns the version in a sync status; {@link #NONE} if the frame is another message, or malformed. */
    public static long version(byte[] frame) {
        if (frame.length == 0 || frame[0] != SYNC_STATUS) {
            return NONE;
        }
        try {
            Decoder in = new Decoder(frame);
            in.position(1);
            byte[] body = in.readVarUint8Array();
            Decoder inner = new Decoder(body);
            long version = inner.readVarUint();
            return in.hasRemaining() || inner.hasRemaining() ? NONE : version;
        } catch (DecodeException e) {
            return NONE;
        }
    }

    /** The frame that says that a version is saved. */
    public static byte[] status(long version) {
        Encoder body = new Encoder(10);
        body.writeVarUint(version);
        Encoder out = new Encoder(12);
        out.writeVarUint(SYNC_STATUS);
        out.writeVarUint8Array(body.toByteArray());
        return out.toByteArray();
    }
}
