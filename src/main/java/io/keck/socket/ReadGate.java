package io.keck.socket;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.jspecify.annotations.Nullable;

/**
 * Pauses and resumes reading from a session. {@link FrameAssembly} and Jakarta ask Jetty for the next frame as soon as they
 * have handled one. The gate stands before Jetty and keeps that request while it is closed, by the room or because of the rate of
 * an address, so TCP makes the peer wait. Jakarta gets a proxy of the session because it asks Jetty by itself; binary
 * messages, the hot path, bypass the proxy. Thread-safe.
 */
final class ReadGate implements InvocationHandler {
    private final CoreSession core;
    private final FrameAssembly frames;
    /** Milliseconds of a steady clock. */
    private volatile LongSupplier clock = () -> System.nanoTime() / 1_000_000;

    /** Whether the room has closed the gate. */
    private boolean closed;
    /** Whether the gate is closed because the address exceeds its rate of bytes. */
    private boolean held;
    /** Whether the gate is closed because the principal exceeds its rate of bytes. */
    private boolean slowed;

    private boolean demanded;
    /** Whether a frame is being handled whose handler asks for the next one before it has returned. */
    private boolean handling;

    ReadGate(CoreSession core, FrameAssembly frames) {
        this.core = core;
        this.frames = frames;
    }

    /** The session as Jakarta sees it: Jetty's own, except that requests for the next frame go through the gate. */
    CoreSession session() {
        return (CoreSession)
                Proxy.newProxyInstance(ReadGate.class.getClassLoader(), new Class<?>[] {CoreSession.class}, this);
    }

    /** The assembly of the session's messages. */
    FrameAssembly frames() {
        return frames;
    }

    /** Replaces the clock; {@code steady} returns milliseconds. */
    void clock(LongSupplier steady) {
        clock = steady;
    }

    long now() {
        return clock.getAsLong();
    }

    /** The gate of a session that was negotiated through {@link #negotiator}. */
    static ReadGate of(CoreSession session) {
        return (ReadGate) Proxy.getInvocationHandler(session);
    }

    /** Jetty's own session. */
    CoreSession core() {
        return core;
    }

    synchronized void close() {
        closed = true;
    }

    void open() {
        change(gate -> gate.closed = false);
    }

    /** Keeps the gate closed until {@link #release}, even if the room opens it. */
    synchronized void hold() {
        held = true;
    }

    void release() {
        change(gate -> gate.held = false);
    }

    /** Closes or reopens the gate for the rate of the principal; it opens only if nothing else keeps it closed. */
    void slow(boolean now) {
        change(gate -> gate.slowed = now);
    }

    private void change(Consumer<ReadGate> change) {
        boolean demand = false;
        synchronized (this) {
            boolean wasClosed = isClosed();
            change.accept(this);
            if (wasClosed && !isClosed()) {
                frames.readsOn(now());
                demand = takeDemand();
            }
        }
        if (demand) {
            core.demand();
        }
    }

    /** Whether a frame was asked for and may be read now; it is no longer asked for then. */
    private boolean takeDemand() {
        boolean demand = demanded && !handling && !isClosed();
        demanded &= !demand;
        return demand;
    }

    /**
     * Handles a frame on a thread other than the one that reads. Jakarta asks for the next frame before it is done with one; another
     * thread would read it at once and handle it beside this one.
     */
    void handle(Runnable frame) {
        synchronized (this) {
            handling = true;
        }
        try {
            frame.run();
        } finally {
            boolean demand;
            synchronized (this) {
                handling = false;
                demand = takeDemand();
            }
            if (demand) {
                core.demand();
            }
        }
    }

    synchronized boolean isClosed() {
        return closed || held || slowed;
    }

    /** Asks Jetty for the next frame, now or when the gate opens. */
    void demand() {
        synchronized (this) {
            if (isClosed() || handling) {
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

    /** Wraps a negotiator so that each session gets a gate. */
    static WebSocketNegotiator negotiator(WebSocketNegotiator original) {
        return new WebSocketNegotiator() {
            @Override
            public @Nullable FrameHandler negotiate(
                    ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
                FrameHandler handler = original.negotiate(request, response, callback);
                Clearance clearance = Clearance.of(request.getAttribute(Clearance.ATTRIBUTE));
                return handler == null
                        ? null
                        : new FrameAssembly(
                                handler,
                                clearance,
                                request.getWebSocketComponents().getExecutor());
            }

            @Override
            public void customize(Configuration configurable) {
                original.customize(configurable);
            }
        };
    }
}
