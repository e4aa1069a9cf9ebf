package io.keck.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.feed.Cursors.Endpoint;
import io.keck.room.ClientMessages.Sent;
import io.keck.room.RepeatedWarning;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts messages of client applications to the endpoint of webhooks, from the node to which the client is connected: each once, in
 * order for each document, and at once. Nothing is kept or repeated: what the receiver does not accept is lost, and so is what
 * comes while {@link #MAX} wait. Thread-safe.
 */
final class MessagePosts {
    private static final Logger LOG = LoggerFactory.getLogger(MessagePosts.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Messages that wait or are under way. */
    static final int MAX = 200;
    /** How long the endpoint is used before it is read again, in milliseconds. */
    static final long FRESH_MILLIS = 2_000;

    private final Supplier<Endpoint> endpoints;
    private final Sender sender;
    private final Executor thread;
    private final LongSupplier clock;
    private final RepeatedWarning lost;
    /** For each document with a message under way, those that come after it; guarded by itself. */
    private final Map<String, ArrayDeque<Sent>> waiting = new HashMap<>();

    private int count;

    // owned by the thread
    private @Nullable Endpoint endpoint;
    private long freshUntil;

    /**
     * Nothing is under way.
     *
     * @param endpoints reads the endpoint; may wait for the database
     * @param thread runs one task at a time; a task may wait
     * @param clock a steady clock in milliseconds
     */
    MessagePosts(Supplier<Endpoint> endpoints, Sender sender, Executor thread, LongSupplier clock) {
        this.endpoints = endpoints;
        this.sender = sender;
        this.thread = thread;
        this.clock = clock;
        this.lost = new RepeatedWarning(LOG, clock);
    }

    /** Takes a message. Does not wait. */
    void sent(Sent message) {
        synchronized (waiting) {
            if (count >= MAX) {
                lose(MAX + " messages wait already");
                return;
            }
            count++;
            ArrayDeque<Sent> before = waiting.get(message.room());
            if (before != null) {
                before.add(message);
                return;
            }
            waiting.put(message.room(), new ArrayDeque<>());
        }
        begin(message);
    }

    private void begin(Sent message) {
        try {
            thread.execute(() -> post(message));
        } catch (RejectedExecutionException e) {
            ended(message); // the server is going down
        }
    }

    private void post(Sent message) {
        try {
            Endpoint to = endpoint();
            if (to.url().isEmpty()) {
                ended(message);
                return;
            }
            var unused = sender.post(to, "message-" + UUID.randomUUID(), body(message))
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            lose(String.valueOf(failure.getMessage()));
                        }
                        ended(message);
                    });
        } catch (RuntimeException e) {
            lose(String.valueOf(e.getMessage()));
            ended(message);
        }
    }

    private Endpoint endpoint() {
        Endpoint last = endpoint;
        long now = clock.getAsLong();
        if (last == null || now >= freshUntil) {
            last = endpoints.get();
            endpoint = last;
            freshUntil = now + FRESH_MILLIS;
        }
        return last;
    }

    /** In the form of all deliveries: an array of entries. */
    private static byte[] body(Sent message) {
        Map<String, String> entry = new LinkedHashMap<>();
        entry.put("workspace_id", message.room());
        entry.put("action", "client-message");
        entry.put("by", message.principal());
        entry.put("message", message.text());
        try {
            return JSON.writeValueAsString(List.of(entry)).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private void ended(Sent message) {
        Sent next;
        synchronized (waiting) {
            count--;
            ArrayDeque<Sent> after = waiting.get(message.room());
            next = after == null ? null : after.poll();
            if (next == null) {
                waiting.remove(message.room());
            }
        }
        if (next != null) {
            begin(next);
        }
    }

    private void lose(String why) {
        lost.warn("A message of a client was not delivered to the endpoint of webhooks and is lost: " + why);
    }
}
