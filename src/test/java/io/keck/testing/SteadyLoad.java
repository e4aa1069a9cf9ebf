package io.keck.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A light, steady load: on every node a client types into each of some rooms that all nodes have open. */
public final class SteadyLoad implements AutoCloseable {
    private static final long EVERY_MS = 50;

    private final List<SyncClient> clients = new ArrayList<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    private SteadyLoad() {}

    /** Connects two clients for each room and node and has one of the two type until {@link #close}. */
    public static SteadyLoad on(List<KeckProcess> nodes, String... rooms) {
        SteadyLoad load = new SteadyLoad();
        long id = 7_000_000;
        for (String room : rooms) {
            for (KeckProcess node : nodes) {
                SyncClient writer = SyncClient.join(node.room(room));
                load.clients.add(writer);
                load.clients.add(SyncClient.join(node.room(room)));
                Typist typist = new Typist(id++);
                long cursor = id++;
                var unused = load.timer.scheduleWithFixedDelay(
                        () -> {
                            writer.send(io.keck.protocol.Message.update(typist.type("abc")));
                            writer.point(cursor, typist.clock());
                        },
                        EVERY_MS,
                        EVERY_MS,
                        TimeUnit.MILLISECONDS);
            }
        }
        return load;
    }

    @Override
    public void close() {
        timer.shutdownNow();
        clients.forEach(SyncClient::close);
    }
}
