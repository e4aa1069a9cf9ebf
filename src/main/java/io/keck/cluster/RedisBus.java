package io.keck.cluster;

import io.dropwizard.lifecycle.Managed;
import io.keck.crdt.lib0.DecodeException;
import io.keck.room.Bus;
import io.keck.room.BusMetrics;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bus over Redis pub/sub: a channel for each room that is open here, and one that all nodes hear. With a cluster the
 * channels are spread over some {@link Lane}s, each with channels of one slot, so that each belongs to one server.
 * Thread-safe.
 *
 * <p><b>Health.</b> Every node sends a beat over each lane and hears its own. The bus is healthy while the newest that
 * came back was sent a moment ago. When nothing comes back for longer, connections are made anew: a server that is
 * stopped, or a way that is dead without a word, is found like that.
 *
 * <p><b>Other nodes</b> are known by their beats. One that is silent for {@code goneAfter} is gone, with its sockets;
 * since a node that heard nothing, too, may be taken for gone by the others, it tells its rooms when it is back.
 */
final class RedisBus implements Bus, Managed {
    /**
     * How the bus is used. Immutable. Times in milliseconds, sizes in bytes.
     *
     * @param lanes with a cluster; else there is one
     * @param beat between two beats
     * @param healthyWithin how long a beat may take to come back
     * @param cutAfter after so long without one connections are made anew
     * @param goneAfter after so long without a beat a node is gone
     * @param maxQueued what may wait to be published, of all rooms
     * @param maxMessage a larger update is not published; others read it from the log
     */
    record Settings(
            int lanes, long beat, long healthyWithin, long cutAfter, long goneAfter, long maxQueued, int maxMessage) {}

    private static final Logger LOG = LoggerFactory.getLogger(RedisBus.class);
    private static final String NODES = "nodes";

    private final Settings settings;
    private final Servers servers;
    private final long cluster;
    private final long boot;
    private final String label;
    private final Clock clock;
    private final LongSupplier nanos;
    private final BusMetrics metrics;
    private final List<Way> ways = new ArrayList<>();
    private final Map<Long, Peer> peers = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(r -> {
        Thread thread = new Thread(r, "redis-beat");
        thread.setDaemon(true);
        return thread;
    });

    private volatile @Nullable NodeListener nodeListener;

    /** Another node. */
    private record Peer(String label, long heardAt) {}

    /**
     * A bus that is not connected yet.
     *
     * @param cluster random, the same on all nodes of one database
     * @param boot random, drawn at each start
     * @param label what the operator calls this node
     * @param nanos as {@link System#nanoTime}
     */
    RedisBus(
            Settings settings,
            Servers servers,
            long cluster,
            long boot,
            String label,
            Clock clock,
            LongSupplier nanos,
            BusMetrics metrics) {
        this.settings = settings;
        this.servers = servers;
        this.cluster = cluster;
        this.boot = boot;
        this.label = label;
        this.clock = clock;
        this.nanos = nanos;
        this.metrics = metrics;
        for (int i = 0; i < lanes(); i++) {
            ways.add(new Way(i));
        }
    }

    private int lanes() {
        return servers.isSharded() ? settings.lanes() : 1;
    }

    /** A lane with the rooms that go over it. */
    private final class Way implements Lane.Receiver {
        private final String prefix;
        private final Lane lane;
        private final Map<Long, Listener> rooms = new ConcurrentHashMap<>();
        /** When the newest of our beats that came back was sent. */
        private volatile long echoed;

        private volatile boolean isConnected;
        private volatile boolean saidAway;
        /** Whether the rooms have to be told that it was away. */
        private boolean wasAway = true;

        private long connectedAt;

        Way(int number) {
            prefix = "keck:" + Long.toUnsignedString(cluster, 36) + ":{" + number + "}:";
            lane = new Lane(String.valueOf(number), servers, prefix + NODES, settings.maxQueued() / lanes(), this);
            echoed = nanos.getAsLong() - TimeUnit.MILLISECONDS.toNanos(settings.goneAfter());
        }

        String channel(long roomId) {
            return prefix + Long.toUnsignedString(roomId, 36);
        }

        void publish(String channel, long roomId, Envelope.Content content) {
            if (!lane.isUp()) {
                metrics.dropped(); // without encoding it first: this is a room's turn
                return;
            }
            byte[] message = new Envelope(boot, roomId, clock.millis(), content).encode(cluster);
            metrics.published(message.length);
            lane.publish(channel, message);
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
                Envelope envelope = Envelope.decode(message, cluster);
                if (envelope.boot() == boot) {
                    if (envelope.content() instanceof Envelope.Content.Beat own) {
                        echoed = own.nanos();
                        metrics.beat(nanos.getAsLong() - own.nanos());
                    }
                    return;
                }
                metrics.received(message.length, clock.millis() - envelope.sentAt());
                envelope.content().tell(new Heard(this, envelope));
            } catch (Envelope.AlienException e) {
                metrics.refused(BusMetrics.Refusal.ALIEN);
            } catch (DecodeException | IllegalArgumentException e) {
                metrics.refused(BusMetrics.Refusal.DAMAGED);
                LOG.warn("Dropped a damaged message from the bus: {}", e.getMessage());
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
            saidAway = false;
            metrics.connected();
            LOG.info("The bus is connected: {}, {} rooms", servers, rooms.size());
        }

        @Override
        public void disconnected(String why) {
            metrics.disconnected();
            if (!saidAway) { // once, not with each attempt
                LOG.warn("The bus is unavailable; nodes exchange updates through the database: {}", why);
                saidAway = true;
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

        /** Sends a beat, looks after the connection, and tells the rooms when it is back. */
        void tick() {
            if (lane.isUp()) {
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
            if (silent > settings.cutAfter()) {
                LOG.warn("No answer from the bus for {} ms; reconnecting", silent);
                lane.cut();
            } else if (silence() > settings.cutAfter()) {
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

    /** Deals with an envelope of another node. */
    private final class Heard implements Envelope.Content.Handler {
        private final Way way;
        private final Envelope envelope;

        Heard(Way way, Envelope envelope) {
            this.way = way;
            this.envelope = envelope;
        }

        @Override
        public void ofRoom(Envelope.Content.OfRoom of) {
            Listener listener = way.rooms.get(envelope.roomId());
            if (listener != null) {
                listener.on(envelope.boot(), of.event());
            }
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
    private final class Publication implements Event.Handler {
        private final long roomId;

        Publication(long roomId) {
            this.roomId = roomId;
        }

        private void publish(Event event) {
            Way way = way(roomId);
            way.publish(way.channel(roomId), roomId, new Envelope.Content.OfRoom(event));
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
            publish(isTooLarge(row.payload()) ? new Event.Resync() : row); // then the others read it from the log
        }

        @Override
        public void unsaved(Event.Unsaved update) {
            if (!isTooLarge(update.payload())) { // else it crosses when it is committed
                publish(update);
            }
        }

        @Override
        public void awareness(Event.Awareness said) {
            publish(said);
        }

        @Override
        public void awarenessAsked(Event.AwarenessAsked asked) {
            publish(asked);
        }

        @Override
        public void awarenessClaimed(Event.AwarenessClaimed claimed) {
            publish(claimed);
        }

        @Override
        public void resync(Event.Resync mayHaveMissed) {
            publish(mayHaveMissed);
        }

        @Override
        public void back(Event.Back bus) {
            publish(bus); // fails: only a bus itself tells this
        }

        @Override
        public void nodeGone(Event.NodeGone gone) {
            publish(gone); // fails likewise
        }
    }

    private void tick() {
        try {
            ways.forEach(Way::tick);
            metrics.looked(peers.size(), queuedBytes());
            long silentSince = nanos.getAsLong() - TimeUnit.MILLISECONDS.toNanos(settings.goneAfter());
            peers.forEach((number, peer) -> {
                if (peer.heardAt() - silentSince < 0 && peers.remove(number, peer)) {
                    LOG.info("Node {} timed out", peer.label());
                    metrics.nodeGone();
                    ways.forEach(way -> way.rooms.values().forEach(l -> l.on(number, new Event.NodeGone())));
                }
            });
        } catch (RuntimeException e) {
            LOG.error("Unexpected error while supervising the bus; retrying", e);
        }
    }

    private Way way(long roomId) {
        return ways.get((int) Long.remainderUnsigned(roomId, ways.size()));
    }

    @Override
    public void publish(long roomId, Event event) {
        event.tell(new Publication(roomId));
    }

    @Override
    public void subscribe(long roomId, Listener listener) {
        Way way = way(roomId);
        way.rooms.put(roomId, listener);
        way.lane.subscribe(way.channel(roomId));
    }

    @Override
    public void unsubscribe(long roomId, Listener listener) {
        Way way = way(roomId);
        if (way.rooms.remove(roomId, listener)) {
            way.lane.unsubscribe(way.channel(roomId));
        }
    }

    @Override
    public void deleted(String name) {
        Way way = ways.get(0);
        way.publish(way.prefix + NODES, 0, new Envelope.Content.Deleted(name));
    }

    @Override
    public void kick(Kick kick) {
        Way way = ways.get(0);
        way.publish(way.prefix + NODES, 0, new Envelope.Content.Kicked(kick));
    }

    @Override
    public void listen(NodeListener listener) {
        nodeListener = listener;
    }

    @Override
    public boolean isHealthy() {
        return ways.stream().allMatch(Way::isHealthy);
    }

    /** The other nodes that are heard of: their labels, with how many there are of each. */
    Map<String, Integer> others() {
        Map<String, Integer> labels = new TreeMap<>();
        peers.values().forEach(peer -> labels.merge(peer.label(), 1, Integer::sum));
        return labels;
    }

    /** Bytes that wait to be published. */
    long queuedBytes() {
        return ways.stream().mapToLong(way -> way.lane.queuedBytes()).sum();
    }

    @Override
    public void start() {
        ways.forEach(way -> way.lane.start());
        var unused = timer.scheduleWithFixedDelay(this::tick, 0, settings.beat(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void stop() throws InterruptedException {
        timer.shutdownNow();
        for (Way way : ways) {
            way.lane.stop();
        }
    }
}
