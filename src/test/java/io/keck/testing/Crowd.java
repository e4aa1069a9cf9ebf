package io.keck.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StateVector;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Clients of one room on several nodes: on each node one that only watches and some that write all the time. No client
 * reconnects, so everything that a client has at the end came over its first connection.
 */
public final class Crowd implements AutoCloseable {
    /** The most units that a writer may be ahead of what the watcher of its node has seen. */
    private static final int AHEAD = 40;

    private final String room;
    private final List<KeckProcess> nodes;
    private final List<SyncClient> watchers = new ArrayList<>();
    private final List<Writer> writers = new ArrayList<>();
    private volatile boolean enough;

    /** A client that types text, or sets one key over and over. */
    private final class Writer {
        final int node;
        final SyncClient client;
        final Typist typist;
        final CompletableFuture<Void> done;
        private final boolean types;
        private final Random random;

        Writer(int node, long id, Random random) {
            this.node = node;
            this.client = SyncClient.join(nodes.get(node).room(room));
            this.typist = new Typist(id);
            this.types = random.nextInt(3) > 0;
            this.random = new Random(random.nextLong());
            this.done = CompletableFuture.runAsync(this::write, task -> new Thread(task, "writer").start());
        }

        private void write() {
            SyncClient watcher = watchers.get(node);
            boolean alive = true;
            while (alive && !enough) {
                String text = "abcdefgh".substring(random.nextInt(7));
                alive = client.write(types ? typist.type(text) : typist.set(text))
                        && watcher.awaitOrEnd(() ->
                                enough || typist.clock() - watcher.stateVector().clock(typist.client()) < AHEAD);
            }
        }
    }

    private Crowd(String room, List<KeckProcess> nodes) {
        this.room = room;
        this.nodes = nodes;
    }

    /** Connects all clients and starts the writers. */
    public static Crowd gather(String room, int writersPerNode, Random random, List<KeckProcess> nodes) {
        Crowd crowd = new Crowd(room, nodes);
        try {
            nodes.forEach(node -> crowd.watchers.add(SyncClient.join(node.room(room))));
            for (int node = 0; node < nodes.size(); node++) {
                for (int i = 0; i < writersPerNode; i++) {
                    crowd.writers.add(crowd.new Writer(node, 1 + random.nextInt(Integer.MAX_VALUE), random));
                }
            }
            return crowd;
        } catch (RuntimeException | AssertionError e) {
            crowd.close();
            throw e;
        }
    }

    /** The name of the room. */
    public String room() {
        return room;
    }

    /** The client on that node that only reads. */
    public SyncClient watcher(int node) {
        return watchers.get(node);
    }

    /** The document of each watcher as it is now, as a V1 update. */
    public List<byte[]> seen() {
        return watchers.stream().map(SyncClient::encode).toList();
    }

    /** Waits until each of these nodes has shown that many more units of each writer on the same node. */
    public void awaitProgress(int more, int... onNodes) {
        for (int node : onNodes) {
            StateVector before = watchers.get(node).stateVector();
            for (Writer w : writers) {
                if (w.node == node) {
                    awaitClock(node, w, before.clock(w.typist.client()) + more);
                }
            }
        }
    }

    /** Waits until each of these nodes has shown that many more units of each writer on any node. */
    public void awaitProgressAcross(int more, int... onNodes) {
        for (int node : onNodes) {
            StateVector before = watchers.get(node).stateVector();
            for (Writer w : writers) {
                awaitClock(node, w, before.clock(w.typist.client()) + more);
            }
        }
    }

    private void awaitClock(int node, Writer w, long clock) {
        SyncClient watcher = watchers.get(node);
        watcher.await(
                "clock " + clock + " of a writer of node " + w.node + " on node " + node + " in " + room,
                () -> watcher.stateVector().clock(w.typist.client()) >= clock);
    }

    /** Stops the writers; all clients stay connected. */
    public void stopTyping() {
        enough = true;
        for (Writer w : writers) {
            try {
                w.done.get(2 * KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                throw new AssertionError("a writer failed", e.getCause());
            } catch (TimeoutException | InterruptedException e) {
                throw new AssertionError("a writer does not end", e);
            }
        }
    }

    /** Waits until all connected clients have the same document; to be called after {@link #stopTyping}. */
    public void awaitEqual() {
        List<SyncClient> all = connected();
        for (SyncClient one : all) {
            byte[] document = one.encode();
            for (SyncClient other : all) {
                other.await(
                        "everything in " + room, () -> other.missing(document).isEmpty());
            }
        }
    }

    /** The documents of the connected clients, as V1 updates. */
    public List<byte[]> documents() {
        return connected().stream().map(SyncClient::encode).toList();
    }

    private List<SyncClient> connected() {
        return all().stream().filter(client -> !client.raw().isEnded()).toList();
    }

    /** All watchers and writers. */
    public List<SyncClient> all() {
        List<SyncClient> all = new ArrayList<>(watchers);
        writers.forEach(w -> all.add(w.client));
        return all;
    }

    /** The watcher and the writers on one node. */
    public List<SyncClient> on(int node) {
        List<SyncClient> all = new ArrayList<>(List.of(watchers.get(node)));
        writers.stream().filter(w -> w.node == node).forEach(w -> all.add(w.client));
        return all;
    }

    /** Asserts that no client on these nodes was disconnected. */
    public void assertConnected(int... onNodes) {
        for (int node : onNodes) {
            assertThat(on(node))
                    .as("clients of " + room + " on node " + node)
                    .allSatisfy(client -> assertThat(client.raw().isEnded()).isFalse());
        }
    }

    /** Waits until a new client on that node has all of these documents. */
    public void awaitFresh(KeckProcess node, List<byte[]> documents) {
        awaitFresh(node, room, documents);
    }

    /** Waits until a new client of that room on that node has all of these documents. */
    public static void awaitFresh(KeckProcess node, String room, List<byte[]> documents) {
        try (SyncClient fresh = SyncClient.join(node.room(room))) {
            for (byte[] document : documents) {
                fresh.await(
                        "all of " + room + " on a new connection",
                        () -> fresh.missing(document).isEmpty());
            }
        }
    }

    /** What a new client on that node lacks of these documents, one sentence for each; empty where it lacks nothing. */
    public static List<String> losses(KeckProcess node, String room, List<byte[]> documents) {
        List<String> losses = new ArrayList<>();
        try (SyncClient fresh = SyncClient.join(node.room(room))) {
            for (byte[] document : documents) {
                var missing = fresh.missing(document);
                if (!missing.isEmpty()) {
                    losses.add("room " + room + " lost something of the clients " + missing.clients());
                }
            }
        }
        return losses;
    }

    @Override
    public void close() {
        enough = true;
        watchers.forEach(SyncClient::close);
        writers.forEach(w -> w.client.close());
    }
}
