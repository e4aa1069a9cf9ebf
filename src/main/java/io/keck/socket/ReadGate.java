package io.keck.socket;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.jspecify.annotations.Nullable;

/**
 * Lets a Jakarta session be read no further. Jakarta asks Jetty for the next frame as soon as a message was handled; the
 * gate stands between the two and keeps that request while it is closed, so TCP makes the peer wait. Thread-safe.
 */
final class ReadGate implements InvocationHandler {
    private final CoreSession core;
    private final Admission admission;
    private boolean closed;
    private boolean demanded;

    private ReadGate(CoreSession core, Admission admission) {
        this.core = core;
        this.admission = admission;
    }

    /** The gate of a session that came through {@link #negotiator}. */
    static ReadGate of(CoreSession session) {
        return (ReadGate) Proxy.getInvocationHandler(session);
    }

    /** How the session got in. */
    Admission admission() {
        return admission;
    }

    /** Jetty's own session. */
    CoreSession core() {
        return core;
    }

    synchronized void close() {
        closed = true;
    }

    void open() {
        boolean demand;
        synchronized (this) {
            demand = closed && demanded;
            closed = false;
            demanded = false;
        }
        if (demand) {
            core.demand();
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    private void demand() {
        synchronized (this) {
            if (closed) {
                demanded = true;
                return;
            }
        }
        core.demand();
    }

    @Override
    @SuppressWarnings("NullAway") // arguments and results are those of CoreSession
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] args) throws Throwable {
        if (method.getName().equals("demand")) {
            demand();
            return null;
        }
        try {
            return method.invoke(core, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** Gives every session that is negotiated a gate. */
    static WebSocketNegotiator negotiator(WebSocketNegotiator original) {
        return new WebSocketNegotiator() {
            @Override
            public @Nullable FrameHandler negotiate(
                    ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
                FrameHandler handler = original.negotiate(request, response, callback);
                Admission admission = Admission.of(request.getAttribute(Admission.ATTRIBUTE));
                return handler == null ? null : new GatedFrames(handler, admission);
            }

            @Override
            public void customize(Configuration configurable) {
                original.customize(configurable);
            }
        };
    }

    /** Hands the gated session to the Jakarta side when it opens. */
    private record GatedFrames(FrameHandler jakarta, Admission admission) implements FrameHandler {
        @Override
        public void onOpen(CoreSession coreSession, Callback callback) {
            CoreSession gated = (CoreSession) Proxy.newProxyInstance(
                    ReadGate.class.getClassLoader(),
                    new Class<?>[] {CoreSession.class},
                    new ReadGate(coreSession, admission));
            jakarta.onOpen(gated, callback);
        }

        @Override
        public void onFrame(Frame frame, Callback callback) {
            jakarta.onFrame(frame, callback);
        }

        @Override
        public void onError(Throwable cause, Callback callback) {
            jakarta.onError(cause, callback);
        }

        @Override
        public void onClosed(CloseStatus closeStatus, Callback callback) {
            jakarta.onClosed(closeStatus, callback);
        }
    }
}
