package io.keck.socket;

import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;

/**
 * A close frame with any code, after which the peer may finish what it was sending and answer.
 *
 * <p>Jetty (12.1, {@code WebSocketSessionState.onOutgoingFrame}) does so for 1000, 1005 and 3000 and above only. All other
 * codes it takes for failures: what waits in the queue is dropped, the input counts as closed, and the connection is
 * aborted as soon as the frame is written. If the peer was just sending, bytes of it are not read yet then, so TCP answers
 * with a reset, on which the peer's side throws away what it had not read either: the close frame. Jetty asks the frame
 * itself what its status is, and this one says 1000, whatever it has on the wire.
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
