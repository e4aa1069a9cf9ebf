package io.keck.socket;

import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;

/**
 * A close frame with any code that still lets the peer finish sending and answer.
 *
 * <p>Jetty (12.1, {@code WebSocketSessionState.onOutgoingFrame}) closes gracefully only for 1000, 1005 and codes from 3000
 * on. It treats all other codes as failures: it drops queued frames, marks the input as closed, and aborts the connection
 * once the frame is written. If the peer is sending at that moment, unread bytes make TCP answer with a reset, and the
 * peer's side then discards what it has not read yet: the close frame. Jetty asks the frame for its status, so this frame
 * reports 1000 to Jetty whatever code it carries on the wire.
 */
final class ClosingFrame extends Frame implements CloseStatus.Supplier {
    ClosingFrame(int code, String reason) {
        super(OpCode.CLOSE, CloseStatus.asPayloadBuffer(code, reason));
    }

    @Override
    public CloseStatus getCloseStatus() {
        return CloseStatus.NORMAL_STATUS;
    }
}
