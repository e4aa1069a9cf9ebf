package io.keck.testing;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** A WebSocket client that sends and receives raw messages and can stop reading. Thread-safe. */
public class RawClient implements AutoCloseable {
    /** How a connection ended: the close code and reason of the server; 1006 where it sent none. */
    public record End(int code, String reason) {}

    /** Thrown where the server refuses the upgrade: its HTTP status, 0 where it did not answer. */
    public static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        /** The HTTP status of the refusal. */
        public final int status;

        Refused(int status, Throwable cause) {
            super("refused with " + status, cause);
            this.status = status;
        }
    }

    private final LinkedBlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private final Consumer<byte[]> onFrame;
    private final WebSocket socket;
    private CompletableFuture<?> sending = CompletableFuture.completedFuture(null);
    private boolean reading = true;
    private boolean owed;

    private RawClient(URI room, Consumer<byte[]> onFrame, String... subprotocols) {
        this.onFrame = onFrame == null ? frames::add : onFrame;
        WebSocket.Builder builder = KeckProcess.HTTP.newWebSocketBuilder();
        if (subprotocols.length > 0) {
            builder.subprotocols(subprotocols[0], java.util.Arrays.copyOfRange(subprotocols, 1, subprotocols.length));
        }
        try {
            socket = builder.buildAsync(room, new Receiver()).get(KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            int status = e.getCause() instanceof WebSocketHandshakeException h
                    ? h.getResponse().statusCode()
                    : 0;
            throw new Refused(status, e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("no answer to the upgrade", e);
        }
    }

    /** Connects; received messages wait for {@link #next}. */
    public static RawClient connect(URI room, String... subprotocols) {
        RawClient client = new RawClient(room, null, subprotocols);
        client.begin();
        return client;
    }

    /** Connects; from {@link #begin} on received messages go to the handler, one at a time. */
    public static RawClient connect(URI room, Consumer<byte[]> onFrame) {
        return new RawClient(room, onFrame);
    }

    /** Begins to read and to call the handler. */
    void begin() {
        socket.request(1);
    }

    private final class Receiver implements WebSocket.Listener {
        private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

        @Override
        public void onOpen(WebSocket opened) {
            // nothing is read before begin()
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            parts.writeBytes(bytes);
            if (last) {
                byte[] frame = parts.toByteArray();
                parts.reset();
                try {
                    onFrame.accept(frame);
                } catch (RuntimeException | Error e) {
                    end.completeExceptionally(e);
                    from.abort();
                    return null;
                }
            }
            demand(from);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
            end.complete(new End(statusCode, reason));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            end.complete(new End(1006, String.valueOf(error)));
        }
    }

    private void demand(WebSocket from) {
        synchronized (end) {
            owed = !reading;
            if (owed) {
                return;
            }
        }
        from.request(1);
    }

    /** Stops reading from the network after the next message. */
    public void stopReading() {
        synchronized (end) {
            reading = false;
        }
    }

    /** Reads again after {@link #stopReading}. */
    public void readAgain() {
        synchronized (end) {
            reading = true;
            if (!owed) {
                return;
            }
            owed = false;
        }
        socket.request(1);
    }

    /** Waits for the next message; fails where none comes. */
    public byte[] next() {
        long deadline = System.nanoTime() + KeckProcess.PATIENCE.toNanos();
        try {
            while (System.nanoTime() < deadline) {
                byte[] frame = frames.poll(20, TimeUnit.MILLISECONDS);
                if (frame != null) {
                    return frame;
                }
                if (end.isDone() && frames.isEmpty()) {
                    throw new AssertionError("closed: " + end.join());
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("no frame came");
    }

    /** The number of messages that have come and were not fetched. */
    int pending() {
        return frames.size();
    }

    /** Queues a binary message; completes when it is handed to the network. */
    public CompletableFuture<?> send(byte[] message) {
        return send(s -> s.sendBinary(ByteBuffer.wrap(message), true));
    }

    /** Queues one message that consists of that many equal parts, each in a frame of its own. */
    public void sendParts(byte[] part, int count) {
        for (int i = 1; i <= count; i++) {
            boolean last = i == count;
            send(s -> s.sendBinary(ByteBuffer.wrap(part), last));
        }
    }

    /** Queues a text message; completes when it is handed to the network. */
    public CompletableFuture<?> sendText(String text) {
        return send(s -> s.sendText(text, true));
    }

    private synchronized CompletableFuture<?> send(
            java.util.function.Function<WebSocket, CompletableFuture<WebSocket>> how) {
        sending = sending.thenCompose(done -> how.apply(socket));
        return sending;
    }

    /** Sends a binary message and waits until the network has taken it; false where the connection has ended. */
    public boolean sendNow(byte[] message) {
        try {
            send(message).get(KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | CompletionException e) {
            return false;
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("the server takes nothing", e);
        }
    }

    /** The subprotocol that the server chose. */
    public String subprotocol() {
        return socket.getSubprotocol();
    }

    /** Whether the connection has ended. */
    public boolean isEnded() {
        return end.isDone();
    }

    /** Waits for the end of the connection; fails where it stays open. */
    public End awaitEnd() {
        try {
            return end.get(KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("a frame could not be handled", e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("the connection was not closed", e);
        }
    }

    /** Ends the connection without a close frame. */
    @Override
    public void close() {
        socket.abort();
    }
}
