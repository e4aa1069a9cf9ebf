package io.keck.cluster;

import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import io.keck.thread.Threads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A path to Redis and back: one connection that publishes, one that is subscribed, a thread for each, and a bounded
 * queue before them, so that publishing never blocks. The channels of a route belong to one server, also in a cluster.
 * If a connection breaks, both are reopened and every channel is subscribed again; messages published meanwhile are
 * lost.
 *
 * <p>Commands for the subscribed connection are written by the publishing thread, since two threads must not write to
 * it. Thread-safe.
 */
final class Route {
    /** Receives the messages and events of a route; messages come from the receiving thread. */
    interface Receiver {
        /** A message. */
        void received(byte[] message);

        /** A channel that was requested while the connection was up is subscribed. */
        void subscribed(String channel);

        /** A connection was opened, and every channel that was requested before is subscribed. */
        void connected();

        /** Nanoseconds of a steady clock. */
        long nanos();

        /** The server has accepted a message that was published {@code nanos} nanoseconds ago. */
        void acknowledged(long nanos);

        /** A connection broke or could not be opened. */
        void disconnected(String why);

        /** A message was not published. */
        void dropped();
    }

    private static final Logger LOG = LoggerFactory.getLogger(Route.class);
    private static final byte[] MESSAGE = bytes("message");
    private static final byte[] SHARDED_MESSAGE = bytes("smessage");
    private static final byte[] SUBSCRIBED = bytes("subscribe");
    private static final byte[] SHARDED_SUBSCRIBED = bytes("ssubscribe");
    private static final int PIPELINED = 500;
    private static final int CHANNELS_AT_ONCE = 1_000;
    private static final long MAX_PAUSE_MS = 1_000;
    private static final long MIN_PAUSE_MS = 100;
    private static final long LOOK_MILLIS = 1_000;

    private final String name;
    private final Servers servers;
    private final String home;
    private final long maxQueued;
    private final Receiver receiver;
    private final Set<String> channels = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Order> queue = new LinkedBlockingQueue<>();
    private final AtomicLong queued = new AtomicLong();

    private volatile @Nullable Connections connections;
    private volatile boolean stopped;
    private final Loop sender;
    /** The pause after the current connection breaks, in milliseconds. */
    private long pauseMillis = MIN_PAUSE_MS;

    /** A command for the publishing thread. */
    private sealed interface Order {
        record Publish(String channel, byte[] message, long at) implements Order {}

        record Subscribe(String channel) implements Order {}

        record Unsubscribe(String channel) implements Order {}

        /** The connection is broken, or the route stops. */
        record Wake() implements Order {}
    }

    /**
     * Creates a route that is not started yet.
     *
     * @param home a channel that is always subscribed; it also tells which server the route belongs to
     * @param maxQueued bytes that may wait to be published; further messages are dropped
     */
    Route(String name, Servers servers, String home, long maxQueued, Receiver receiver) {
        this.name = name;
        this.servers = servers;
        this.home = home;
        this.maxQueued = maxQueued;
        this.receiver = receiver;
        this.sender = Loop.paced("redis-send-" + name, Loop.PATIENCE_MILLIS, this::turn);
    }

    void start() {
        sender.start();
    }

    void stop() throws InterruptedException {
        stopped = true;
        queue.add(new Order.Wake());
        sender.stop(1_000);
        cut();
    }

    /** Queues a message for publishing; drops it if there is no connection or the queue is full. */
    void publish(String channel, byte[] message) {
        if (connections == null) {
            receiver.dropped();
            return;
        }
        Order.Publish order = new Order.Publish(channel, message, receiver.nanos());
        if (queued.addAndGet(message.length) > maxQueued) {
            drop(order);
        } else {
            queue.add(order);
        }
    }

    void subscribe(String channel) {
        channels.add(channel);
        queue.add(new Order.Subscribe(channel));
    }

    void unsubscribe(String channel) {
        channels.remove(channel);
        queue.add(new Order.Unsubscribe(channel));
    }

    /** Whether there is a connection. */
    boolean isUp() {
        return connections != null;
    }

    /** Bytes that wait to be published. */
    long queuedBytes() {
        return queued.get();
    }

    /** Closes the connections: nothing more arrives over them. A blocked write ends, too. */
    void cut() {
        Connections now = connections;
        if (now != null) {
            now.cut();
        }
    }

    // ------------------------------------------------------------------ the sending thread

    /** Connects and works until the connection breaks, then waits. */
    private long turn() throws InterruptedException {
        Connections fresh = null;
        try {
            fresh = new Connections();
            fresh.begin();
            connections = fresh;
            pauseMillis = MIN_PAUSE_MS;
            fresh.work();
        } catch (JedisException e) {
            OutOfMemory.check(e);
            disconnected(e.getMessage());
        } catch (RuntimeException | Error e) {
            disconnected(e.toString());
            throw e;
        } finally {
            connections = null;
            if (fresh != null) {
                fresh.close();
            }
        }
        pauseMillis = pause(pauseMillis);
        return stopped ? Loop.END : 0;
    }

    private void disconnected(@Nullable String why) {
        if (!stopped) {
            receiver.disconnected(String.valueOf(why));
        }
    }

    /**
     * Waits before the next attempt, and drops the messages that are queued meanwhile; returns the next
     * pause.
     */
    private long pause(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        try {
            for (long left = millis; left > 0 && !stopped; ) {
                drop(queue.poll(left, TimeUnit.MILLISECONDS));
                left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            }
        } catch (InterruptedException e) {
            stopped = true;
        }
        return Math.min(MAX_PAUSE_MS, 2 * millis);
    }

    private void drop(@Nullable Order order) {
        if (order instanceof Order.Publish) {
            taken(order);
            receiver.dropped();
        }
    }

    /** Subtracts an order from the queued bytes. */
    private void taken(Order order) {
        if (order instanceof Order.Publish publish) {
            queued.addAndGet(-publish.message().length);
        }
    }

    /** Two connections, used as long as both work. */
    private final class Connections {
        private final Connection out;
        private final Servers.Wire in;
        private final CompletableFuture<Boolean> isSubscribed = new CompletableFuture<>();
        private final Thread reader;
        private volatile @Nullable String broken;
        /** Channels that are subscribed or requested, as the publishing thread knows. */
        private final Set<String> requested = ConcurrentHashMap.newKeySet();
        /** The number of channels wanted at the beginning that are not subscribed yet. */
        private final AtomicLong initial = new AtomicLong();

        private final Set<String> wantedFirst = ConcurrentHashMap.newKeySet();
        /** The number of channels given up whose end of subscription the server has not confirmed yet. */
        private final AtomicLong leaving = new AtomicLong();

        Connections() {
            out = servers.connect(bytes(home));
            try {
                in = servers.connect(bytes(home));
            } catch (JedisException e) {
                out.close();
                throw e;
            }
            reader = Threads.daemon("redis-receive-" + name, this::read);
        }

        /** Subscribes all wanted channels; the reader receives the answers. */
        void begin() throws InterruptedException {
            wantedFirst.addAll(channels);
            wantedFirst.add(home);
            initial.set(wantedFirst.size());
            requested.addAll(wantedFirst);
            tell(servers.subscribeCommand(), List.of(bytes(home)));
            reader.start();
            if (!awaitHome()) {
                throw new JedisException(String.valueOf(broken));
            }
            List<byte[]> some = new ArrayList<>();
            for (String channel : wantedFirst) {
                if (!channel.equals(home)) {
                    some.add(bytes(channel));
                }
                if (some.size() == CHANNELS_AT_ONCE) {
                    tell(servers.subscribeCommand(), some);
                    some.clear();
                }
            }
            if (!some.isEmpty()) {
                tell(servers.subscribeCommand(), some);
            }
        }

        /** Waits until the first channel is subscribed; returns false if the connection broke before. */
        private boolean awaitHome() throws InterruptedException {
            try {
                return isSubscribed.get();
            } catch (ExecutionException e) {
                return false;
            }
        }

        /** Sends a command over the subscribed connection; the reader receives the answers. */
        private void tell(ProtocolCommand command, List<byte[]> some) {
            in.tell(command, some.toArray(byte[][]::new));
        }

        private void read() {
            try {
                while (broken == null) {
                    take(in.getUnflushedObject());
                }
            } catch (RuntimeException | Error e) {
                OutOfMemory.check(e);
                broken = broken == null ? String.valueOf(e.getMessage()) : broken;
            } finally {
                isSubscribed.complete(false);
                queue.add(new Order.Wake());
            }
        }

        /**
         * Handles one array from the server: a message, or the confirmation that a channel was subscribed or
         * unsubscribed.
         */
        private void take(Object answer) {
            if (!(answer instanceof List<?> parts)
                    || parts.size() != 3
                    || !(parts.get(0) instanceof byte[] kind)
                    || !(parts.get(1) instanceof byte[] channel)) {
                throw new JedisException("unexpected answer on a subscribed connection: " + answer);
            }
            if (Arrays.equals(kind, MESSAGE) || Arrays.equals(kind, SHARDED_MESSAGE)) {
                receiver.received((byte[]) parts.get(2));
            } else if (Arrays.equals(kind, SUBSCRIBED) || Arrays.equals(kind, SHARDED_SUBSCRIBED)) {
                isSubscribed.complete(true);
                subscribed(text(channel));
            } else if (leaving.decrementAndGet() < 0) { // not requested here
                throw new JedisException("the channels have moved to another server");
            }
        }

        void work() throws InterruptedException {
            List<Order> orders = new ArrayList<>();
            Pipeline pipeline = new Pipeline(out);
            while (broken == null && !(stopped && queue.isEmpty())) {
                Order first = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                sender.goesOn();
                if (first == null) {
                    continue;
                }
                orders.add(first);
                queue.drainTo(orders, PIPELINED - 1);
                orders.forEach(
                        Route.this::taken); // all of them: orders after a failure are not sent and no longer wait
                carryOut(orders, pipeline);
                orders.clear();
            }
            String why = broken;
            if (why != null) {
                throw new JedisException(why);
            }
        }

        private void carryOut(List<Order> orders, Pipeline pipeline) {
            List<Response<Object>> answers = new ArrayList<>(orders.size());
            List<byte[]> added = new ArrayList<>();
            List<byte[]> removed = new ArrayList<>();
            for (Order order : orders) {
                if (order instanceof Order.Publish publish) {
                    answers.add(pipeline.sendCommand(
                            servers.publishCommand(), bytes(publish.channel()), publish.message()));
                } else if (order instanceof Order.Subscribe subscribe && channels.contains(subscribe.channel())) {
                    if (requested.add(subscribe.channel())) {
                        added.add(bytes(subscribe.channel()));
                    } else {
                        receiver.subscribed(
                                subscribe.channel()); // given up and requested again before this thread handled it
                    }
                } else if (order instanceof Order.Unsubscribe unsubscribe
                        && !channels.contains(unsubscribe.channel())
                        && requested.remove(unsubscribe.channel())) {
                    removed.add(bytes(unsubscribe.channel()));
                }
            }
            if (!added.isEmpty()) {
                tell(servers.subscribeCommand(), added);
            }
            if (!removed.isEmpty()) {
                leaving.addAndGet(removed.size());
                tell(servers.unsubscribeCommand(), removed);
            }
            if (!answers.isEmpty()) {
                pipeline.sync();
                answers.forEach(Response::get); // an error, such as that of a node which has lost the slot, breaks both
                // connections
                acknowledged(orders);
            }
        }

        private void acknowledged(List<Order> orders) {
            long now = receiver.nanos();
            for (Order order : orders) {
                if (order instanceof Order.Publish publish) {
                    receiver.acknowledged(now - publish.at());
                }
            }
        }

        private void subscribed(String channel) {
            if (broken != null) {
                return; // a newer pair of connections is in use
            }
            if (wantedFirst.remove(channel)) {
                if (initial.decrementAndGet() == 0) {
                    receiver.connected();
                }
            } else {
                receiver.subscribed(channel);
            }
        }

        void cut() {
            broken = broken == null ? "the connection was given up" : broken;
            for (Connection connection : List.of(out, in)) {
                try {
                    connection.forceDisconnect();
                } catch (IOException | RuntimeException e) {
                    LOG.debug("A connection to Redis could not be closed", e);
                }
            }
            queue.add(new Order.Wake());
        }

        void close() {
            cut();
            try {
                reader.join(1_000);
            } catch (InterruptedException e) {
                stopped = true;
            }
        }
    }

    private static byte[] bytes(String channel) {
        return channel.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] channel) {
        return new String(channel, StandardCharsets.UTF_8);
    }
}
