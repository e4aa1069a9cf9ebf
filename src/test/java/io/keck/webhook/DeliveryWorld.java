package io.keck.webhook;

import io.keck.crdt.Doc;
import io.keck.feed.BlockHistory;
import io.keck.feed.ChangeLog.Change;
import io.keck.feed.Cursors.Cursor;
import io.keck.feed.Cursors.Endpoint;
import io.keck.feed.Histories;
import io.keck.metrics.FeedMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Some nodes that deliver, a database and a receiver, all moved by hand. */
final class DeliveryWorld {
    static final Settings SETTINGS = new Settings(4, 500, 1_000, 20_000, 10_000, 1 << 16, 1 << 20, 100_000_000);

    /** What a twin leaves out. */
    enum Fault {
        NONE,
        NO_FENCING,
        NO_CURSORS
    }

    /** A delivery that has reached the receiver. */
    record Received(String id, String body) {}

    final FakeCursors database = new FakeCursors();
    final List<Received> received = new ArrayList<>();
    final List<Node> nodes = new ArrayList<>();
    final Random random;
    final Fault fault;
    long now = 1_000_000;
    boolean isUp = true;
    /** Deliveries that the receiver never takes begin so. */
    String refused = "none";

    private final Map<Long, Doc> editors = new HashMap<>();

    DeliveryWorld(long seed, Fault fault) {
        this.random = new Random(seed);
        this.fault = fault;
        database.isFenced = fault != Fault.NO_FENCING;
    }

    /** A node, and what it has sent and was not answered yet. */
    final class Node implements Sender {
        final String name;
        final Deliverer deliverer;
        final Lease lease;
        final List<Pending> pending = new ArrayList<>();
        /** Its thread stands still, but what it has sent arrives. */
        boolean isStalled;

        record Pending(String id, byte[] body, CompletableFuture<Void> answer) {}

        Node(String name) {
            this.name = name;
            this.lease = new Lease(database, name, true, SETTINGS.lease()) {
                @Override
                boolean renew(long held) {
                    return fault == Fault.NO_FENCING || super.renew(held);
                }

                @Override
                boolean isHeld(long at) {
                    return fault == Fault.NO_FENCING ? epoch() >= 0 : super.isHeld(at);
                }

                @Override
                Endpoint look(long at) {
                    return fault == Fault.NO_FENCING && epoch() >= 0 ? database.endpoint() : super.look(at);
                }
            };
            this.deliverer =
                    new Deliverer(
                            database, database, this, FeedMetrics.NONE, SETTINGS, lease, () -> now, () -> now, random) {
                        @Override
                        boolean save(List<Cursor> moved) {
                            return fault == Fault.NO_CURSORS || super.save(moved);
                        }
                    };
        }

        @Override
        public CompletionStage<?> post(Endpoint endpoint, String id, byte[] body) {
            CompletableFuture<Void> answer = new CompletableFuture<>();
            pending.add(new Pending(id, body, answer));
            return answer;
        }

        void step() {
            if (!isStalled) {
                deliverer.step();
            }
        }

        /** One of its requests arrives; the answer may get lost. */
        void arrive(boolean answered) {
            if (pending.isEmpty()) {
                return;
            }
            Pending request = pending.remove(random.nextInt(pending.size()));
            boolean takes = isUp && !request.id().startsWith(refused);
            if (takes) {
                received.add(new Received(request.id(), new String(request.body(), StandardCharsets.UTF_8)));
            }
            if (takes && answered) {
                request.answer().complete(null);
            } else {
                request.answer().completeExceptionally(new IOException("no answer"));
            }
        }
    }

    Node start(String name) {
        Node node = new Node(name);
        nodes.add(node);
        return node;
    }

    void kill(Node node) {
        nodes.remove(node);
    }

    /** An edit of a room, through a node. */
    void edit(long room, Node through) {
        Doc doc = editors.computeIfAbsent(room, id -> new Doc());
        byte[][] row = new byte[1][];
        try (var listening = doc.onUpdate((update, transaction) -> row[0] = update)) {
            doc.getText("t").insert(random.nextInt(doc.getText("t").length() + 1), "w" + random.nextInt(1000) + " ");
        }
        database.append(room, row[0]);
        if (through != null) {
            through.deliverer.written(room);
        }
    }

    /** Everybody works, and everything arrives. */
    void settle() {
        for (int i = 0; i < 400; i++) {
            now += 250;
            nodes.forEach(node -> node.isStalled = false);
            nodes.forEach(Node::step);
            nodes.forEach(node -> {
                while (!node.pending.isEmpty()) {
                    node.arrive(true);
                }
            });
        }
    }

    /** What is wrong with what the receiver got; empty when nothing is. */
    List<String> problems(Map<Long, Long> since) {
        List<String> problems = new ArrayList<>();
        Map<String, String> bodies = new LinkedHashMap<>();
        for (Received delivery : received) {
            String before = bodies.putIfAbsent(delivery.id(), delivery.body());
            if (before != null && !before.equals(delivery.body())) {
                problems.add(delivery.id() + " came with two bodies");
            }
        }
        Map<Long, StringBuilder> got = new HashMap<>();
        Map<Long, Long> last = new HashMap<>();
        bodies.forEach((id, body) -> {
            long room = Long.parseLong(id.split("-")[0]);
            long seq = Long.parseLong(id.split("-")[1]);
            if (last.getOrDefault(room, 0L) >= seq) {
                problems.add(id + " came after " + last.get(room));
            }
            last.put(room, seq);
            got.computeIfAbsent(room, r -> new StringBuilder())
                    .append(body, 1, body.length() - 1)
                    .append(',');
        });
        database.logs.forEach((id, log) -> {
            Histories histories = new Histories(log.name, null, Long.MAX_VALUE / 4);
            StringBuilder expected = new StringBuilder();
            for (Change row : log.rows) {
                for (BlockHistory history : histories.of(row)) {
                    if (row.seq() > since.getOrDefault(id, 0L)) {
                        history.writeTo(expected);
                        expected.append(',');
                    }
                }
            }
            if (!expected.toString().contentEquals(got.getOrDefault(id, new StringBuilder()))) {
                problems.add("room " + id + " got something else than was committed");
            }
        });
        return problems;
    }
}
