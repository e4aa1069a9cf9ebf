package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.store.StateVector;

/**
 * Recognizes the first frame of {@code @hocuspocus/provider}. Its frames begin with the document's name, so what y-websocket
 * takes for the type of a message is the length of that name, and to ignore the frame would leave the provider waiting.
 */
public final class HocuspocusFrame {
    private static final int SYNC = 0;
    private static final int AUTH = 2;

    private HocuspocusFrame() {}

    /**
     * Whether a frame is a name and then, to the last byte, the provider's auth message (token, and the provider's version
     * from 3.0 on) or its sync step 1. Other messages are too short to be told from those of an application.
     */
    public static boolean isFirst(byte[] frame) {
        try {
            Decoder in = new Decoder(frame);
            if (in.readVarString().isEmpty()) {
                return false;
            }
            long type = in.readVarUint();
            if (in.readVarUint() != 0) {
                return false;
            }
            if (type == AUTH) {
                in.skipVarString();
                if (in.hasRemaining()) {
                    in.skipVarString();
                }
            } else if (type == SYNC) {
                StateVector.decode(in.readVarUint8Array());
            } else {
                return false;
            }
            return !in.hasRemaining();
        } catch (DecodeException e) {
            return false;
        }
    }
}
