package io.keck.cluster;

import io.dropwizard.lifecycle.Managed;
import io.keck.crdt.lib0.DecodeException;
import io.keck.metrics.BusMetrics;
import io.keck.room.Bus;
import io.keck.room.RepeatedWarning;
import io.keck.thread.Loop;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bus over Redis pub/sub: one channel for each room that is open on this node, and one that all nodes receive. With
 * a cluster the channels are spread over several {@link Route}s, each with channels of one slot, so that each route
 * belongs to one server. Thread-safe.
 *
 * <p><b>Health.</b> Every node sends a beat over each route and receives its own. The bus is healthy while the newest
 * beat that came back was sent recently. If none comes back for longer, the connections are reopened: this detects a
 * server that is stopped, and a network path that is dead without an error.
 *
 * <p><b>Other nodes</b> are known by their beats. A node that is silent for {@code nodeGoneAfter} is gone, with its
 * sockets. A node that received nothing for a while may itself have counted as gone for the others, so it tells its
 * rooms when the bus is back.
 */
final class RedisBus implements Bus, Managed {
    private static final Logger LOG = LoggerFactory.getLogger(RedisBus.class);
    private static final String NODES = "nodes";
    /**
     * The greatest difference, in milliseconds, between a signed message's time and the database's clock; others are
     * dropped.
     */
    private static final long MAX_AGE_MS = 60_000;

    private final RepeatedWarning damaged;

    private final BusSettings settings;
    private final Servers servers;
    private final long cluster;
    private final long boot;
    private final String label;
    private final Clock clock;
    private final LongSupplier nanos;
    private final Supplier<BusKeys> keys;
    private final BusMetrics metrics;
    private final List<RoomGroup> groups = new ArrayList<>();
    private final Map<Long, Peer> peers = new ConcurrentHashMap<>();
    private final Loop beats;
    /**
     * When each lost node was last heard. Its counters are kept until its messages are too old to be replayed. Owned by the
     * timer.
     */
    private final Map<Long, Long> gone = new ConcurrentHashMap<>();

    private volatile @Nullable NodeListener nodeListener;

    /** Another node. */
    private record Peer(String label, long heardAt) {}

    /**
     * Creates a bus that is not connected yet.
     *
     * @param cluster a random number, the same on all nodes of one database
     * @param boot a random number, drawn at each start
     * @param label the operator's name for this node
     * @param nanos as {@link System#nanoTime}
     * @param keys the current keys; read for each message
     */
    RedisBus(
            BusSettings settings,
            Servers servers,
            long cluster,
            long boot,
            String label,
            Clock clock,
            LongSupplier nanos,
            Supplier<BusKeys> keys,
            BusMetrics metrics) {
        this.settings = settings;
        this.keys = keys;
        this.servers = servers;
        this.cluster = cluster;
        this.boot = boot;
        this.label = label;
        this.clock = clock;
        this.nanos = nanos;
        this.metrics = metrics;
        this.beats = Loop.every("redis-beat", settings.beat(), this::tick);
        this.damaged = new RepeatedWarning(LOG, () -> TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong()));
        for (int i = 0; i < routes(); i++) {
            groups.add(new RoomGroup(i));
        }
    }

    private int routes() {
        return servers.isSharded() ? settings.clusterLanes() : 1;
    }

    /** The rooms that share a route. */
    private final class RoomGroup implements Route.Receiver {
        private final String prefix;
        private final Route route;
        private final Seal seal;
        private final Replays replays = new Replays();
        private final AtomicLong counter = new AtomicLong();
        private final Map<Long, Listener> rooms = new ConcurrentHashMap<>();
        /** The time at which the newest beat of this node that came back was sent, in nanoseconds. */
        private volatile long echoed;

        private volatile boolean isConnected;
        private volatile boolean isAwayLogged;
        /** Whether the rooms still have to be told that the bus was away. */
        private boolean wasAway = true;

        private long connectedAt;

        RoomGroup(int number) {
            prefix = "keck:" + Long.toUnsignedString(cluster, 36) + ":{" + number + "}:";
            seal = new Seal(number);
            route = new Route(String.valueOf(number), servers, prefix + NODES, settings.maxQueued() / routes(), this);
            echoed = nanos.getAsLong() - TimeUnit.MILLISECONDS.toNanos(settings.nodeGoneAfter());
        }

        String channel(long roomId) {
            return prefix + Long.toUnsignedString(roomId, 36);
        }

        void publish(String channel, long roomId, Envelope.Content content) {
            if (!route.isUp()) {
                metrics.dropped(); // without encoding the message, which would take time of the room's turn
                return;
            }
            byte[] message = new Envelope(boot, roomId, clock.millis(), content).encode(cluster);
            BusKeys now = keys.get();
            if (!now.keys().isEmpty()) {
                byte[] signed = seal.seal(message, counter.getAndIncrement(), now.keys());
                metrics.published(signed.length);
                route.publish(channel, signed);
            }
            if (now.unsigned()) { // for nodes of the previous release; the others take the signed message
                metrics.published(message.length);
                route.publish(channel, message);
            }
        }

        boolean isHealthy() {
            return isConnected && silence() <= settings.healthyWithin() + settings.beat();
        }

        /** Milliseconds since the newest beat that came back was sent. */
        private long silence() {
            return TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong() - echoed);
        }

        @Override
        public void received(byte[] message) {
            try {
                BusKeys now = keys.get();
                Seal.Opened opened = Seal.isSealed(message) ? seal.open(message, now.keys()) : null;
                if (opened == null && (Seal.isSealed(message) || !now.unsigned())) {
                    metrics.refused(BusMetrics.Refusal.FORGED);
                    return;
                }
                Envelope envelope = Envelope.decode(opened == null ? message : opened.envelope(), cluster);
                long age = clock.millis() - envelope.sentAt();
                if (opened != null
                        && (Math.abs(age) > MAX_AGE_MS || !replays.isNew(envelope.boot(), opened.counter()))) {
                    metrics.refused(BusMetrics.Refusal.FORGED);
                    return;
                }
                if (opened == null
                        && !now.keys().isEmpty()
                        && (envelope.boot() == boot || replays.knows(envelope.boot()))) {
                    return; // the sender also sent this message signed
                }
                if (envelope.boot() == boot) {
                    if (envelope.content() instanceof Envelope.Content.Beat own && own.nanos() - echoed > 0) {
                        echoed = own.nanos();
                        metrics.beat(nanos.getAsLong() - own.nanos());
                    }
                    return;
                }
                metrics.received(message.length, age);
                envelope.content()
                        .tell(new Reception(
                                this, envelope, opened != null || now.keys().isEmpty(), now));
            } catch (Envelope.AlienException e) {
                metrics.refused(BusMetrics.Refusal.ALIEN);
            } catch (DecodeException | IllegalArgumentException e) {
                metrics.refused(BusMetrics.Refusal.DAMAGED);
                damaged.warn("Dropped a damaged message from the bus: " + e.getMessage());
            }
        }

        @Override
        public void subscribed(String channel) {
            if (!channel.startsWith(prefix) || channel.endsWith(NODES)) {
                return;
            }
            long roomId = Long.parseUnsignedLong(channel.substring(prefix.length()), 36);
            Listener listener = rooms.get(roomId);
            if (listener != null) {
                listener.on(0, new Event.Resync());
            }
        }

        @Override
        public void connected() {
            isConnected = true;
            isAwayLogged = false;
            metrics.connected();
            LOG.info("The bus is connected: {}, {} rooms", servers, rooms.size());
        }

        @Override
        public void disconnected(String why) {
            metrics.disconnected();
            if (!isAwayLogged) { // once, not for each attempt
                LOG.warn("The bus is unavailable; nodes exchange updates through the database: {}", why);
                isAwayLogged = true;
            }
            isConnected = false;
        }

        @Override
        public long nanos() {
            return nanos.getAsLong();
        }

        @Override
        public void acknowledged(long took) {
            metrics.acknowledged(took);
        }

        @Override
        public void dropped() {
            metrics.dropped();
        }

        /** Sends a beat, supervises the connection, and tells the rooms when the bus is back. */
        void tick() {
            if (route.isUp()) {
                publish(prefix + NODES, 0, new Envelope.Content.Beat(label, nanos.getAsLong()));
            }
            if (!isConnected) {
                wasAway = true;
                connectedAt = 0;
                return;
            }
            long now = nanos.getAsLong();
            if (connectedAt == 0) {
                connectedAt = now;
            }
            long silent = Math.min(silence(), TimeUnit.NANOSECONDS.toMillis(now - connectedAt));
            if (silent > settings.timeout()) {
                LOG.warn("No answer from the bus for {} ms; reconnecting", silent);
                route.cut();
            } else if (silence() > settings.timeout()) {
                wasAway = true;
            } else if (wasAway && isHealthy()) {
                wasAway = false;
                rooms.values().forEach(listener -> listener.on(0, new Event.Back()));
                NodeListener node = nodeListener;
                if (node != null) {
                    node.back();
                }
            }
        }
    }

    /** Handles an envelope of another node. */
    private final class Reception implements Envelope.Content.Handler {
        private final RoomGroup group;
        private final Envelope envelope;
        private final boolean signed;
        private final BusKeys now;

        Reception(RoomGroup group, Envelope envelope, boolean signed, BusKeys now) {
            this.group = group;
            this.envelope = envelope;
            this.signed = signed;
            this.now = now;
        }

        @Override
        public void ofRoom(Envelope.Content.OfRoom of) {
            Listener listener = group.rooms.get(envelope.roomId());
            if (listener == null) {
                return;
            }
            Event event = of.event();
            if (!signed && event instanceof Event.Committed) {
                event = new Event.Resync(); // an unsigned message may be forged, so the row is read from the log
            } else if ((event instanceof Event.Unsaved && !isAccepted()) || (!signed && isMessage(event))) {
                metrics.refused(BusMetrics.Refusal.FORGED);
                return;
            }
            listener.on(envelope.boot(), event);
        }

        /** Whether an event is a message between applications; every release that knows such messages signs them. */
        private static boolean isMessage(Event event) {
            return event instanceof Event.ClientMessage || event instanceof Event.Broadcast;
        }

        /**
         * Whether an unsaved update is accepted: the sender must be known by its beats. An unsigned one is accepted only
         * while the database is away; otherwise its node soon publishes it as a committed row.
         */
        private boolean isAccepted() {
            return peers.containsKey(envelope.boot()) && (signed || now.databaseAway());
        }

        @Override
        public void beat(Envelope.Content.Beat beat) {
            if (peers.put(envelope.boot(), new Peer(beat.label(), nanos.getAsLong())) == null) {
                LOG.info("Node {} joined", beat.label());
            }
        }

        @Override
        public void deleted(Envelope.Content.Deleted deleted) {
            NodeListener node = nodeListener;
            if (node != null) {
                node.deleted(deleted.name());
            }
        }

        @Override
        public void kicked(Envelope.Content.Kicked kicked) {
            NodeListener node = nodeListener;
            if (node != null) {
                node.kicked(kicked.kick());
            }
        }
    }

    /** Publishes one event of a room, unless it is too large for the bus. */
    private final class Publication implements Event.Alike {
        private final long roomId;

        Publication(long roomId) {
            this.roomId = roomId;
        }

        private void publish(Event event) {
            RoomGroup group = groupOf(roomId);
            group.publish(group.channel(roomId), roomId, new Envelope.Content.OfRoom(event));
        }

        private boolean isTooLarge(byte[] payload) {
            boolean isTooLarge = payload.length > settings.maxMessage();
            if (isTooLarge) {
                metrics.tooLarge();
            }
            return isTooLarge;
        }

        @Override
        public void committed(Event.Committed row) {
            publish(
                    isTooLarge(row.payload())
                            ? new Event.Resync()
                            : row); // the other nodes then read the row from the log
        }

        @Override
        public void unsaved(Event.Unsaved update) {
            if (!isTooLarge(update.payload())) { // otherwise other nodes receive it once it is committed
                publish(update);
            }
        }

        /** Publishes an event of any kind; throws for the kinds that only a bus itself raises. */
        @Override
        public void any(Event event) {
            publish(event);
        }
    }

    private void tick() {
        groups.forEach(RoomGroup::tick);
        metrics.looked(peers.size(), queuedBytes());
        long silentSince = nanos.getAsLong() - TimeUnit.MILLISECONDS.toNanos(settings.nodeGoneAfter());
        peers.forEach((number, peer) -> {
            if (peer.heardAt() - silentSince < 0 && peers.remove(number, peer)) {
                LOG.info("Node {} timed out", peer.label());
                metrics.nodeGone();
                groups.forEach(group -> group.rooms.values().forEach(l -> l.on(number, new Event.NodeGone())));
            }
        });
        long nowNanos = nanos.getAsLong();
        gone.values().removeIf(at -> nowNanos - at > TimeUnit.MILLISECONDS.toNanos(2 * MAX_AGE_MS));
        peers.keySet().forEach(number -> gone.put(number, nowNanos));
        gone.put(boot, nowNanos);
        groups.forEach(group -> group.replays.keepOnly(gone.keySet()));
    }

    private RoomGroup groupOf(long roomId) {
        return groups.get((int) Long.remainderUnsigned(roomId, groups.size()));
    }

    @Override
    public void publish(long roomId, Event event) {
        event.tell(new Publication(roomId));
    }

    @Override
    public void subscribe(long roomId, Listener listener) {
        RoomGroup group = groupOf(roomId);
        group.rooms.put(roomId, listener);
        group.route.subscribe(group.channel(roomId));
    }

    @Override
    public void unsubscribe(long roomId, Listener listener) {
        RoomGroup group = groupOf(roomId);
        if (group.rooms.remove(roomId, listener)) {
            group.route.unsubscribe(group.channel(roomId));
        }
    }

    @Override
    public void deleted(String name) {
        RoomGroup group = groups.get(0);
        group.publish(group.prefix + NODES, 0, new Envelope.Content.Deleted(name));
    }

    @Override
    public void kick(Kick kick) {
        RoomGroup group = groups.get(0);
        group.publish(group.prefix + NODES, 0, new Envelope.Content.Kicked(kick));
    }

    @Override
    public void listen(NodeListener listener) {
        nodeListener = listener;
    }

    @Override
    public boolean isHealthy() {
        return groups.stream().allMatch(RoomGroup::isHealthy);
    }

    /** The labels of the other nodes, with the number of nodes for each label. */
    Map<String, Integer> others() {
        Map<String, Integer> labels = new TreeMap<>();
        peers.values().forEach(peer -> labels.merge(peer.label(), 1, Integer::sum));
        return labels;
    }

    /** Bytes that wait to be published. */
    long queuedBytes() {
        return groups.stream().mapToLong(group -> group.route.queuedBytes()).sum();
    }

    @Override
    public void start() {
        groups.forEach(group -> group.route.start());
        beats.start();
        beats.wake();
    }

    @Override
    public void stop() throws InterruptedException {
        beats.stop();
        for (RoomGroup group : groups) {
            group.route.stop();
        }
    }
}
