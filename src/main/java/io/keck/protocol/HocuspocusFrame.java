package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.store.StateVector;

/**
 * Recognizes the first frame of {@code @hocuspocus/provider}. Its frames begin with the document name, so y-websocket would
 * read the length of the name as the type of an unknown message and ignore the frame, and the provider would wait forever.
 */
public final class HocuspocusFrame {
    private static final int SYNC = 0;
    private static final int AUTH = 2;

    private HocuspocusFrame() {}

    /**
     * Whether a frame consists of a name and either the provider's auth message (token, and from 3.0 on the provider's
     * version) or its sync step 1, up to the last byte. Other messages are too short to be told apart from messages of an
     * application.
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
