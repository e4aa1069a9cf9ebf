package io.keck.linearizability;

import io.keck.testing.HookReceiver;
import io.keck.testing.KeckProcess;
import io.keck.testing.Nginx;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import io.keck.testing.TcpProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The processes of a run: nodes whose ports stay when they start again, their database, maybe a Redis with a proxy before it
 * that can damage messages, maybe a balancer, and a receiver of webhooks.
 */
final class Site implements AutoCloseable {
    private final List<Supplier<KeckProcess>> starts = new ArrayList<>();
    private final List<KeckProcess> nodes = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final HookReceiver hooks = new HookReceiver();
    private @Nullable PostgresServer postgres;
    private @Nullable RedisServer redis;
    private @Nullable UnreliableBus bus;
    private @Nullable TcpProxy slow;
    private @Nullable Nginx nginx;

    private Site() {}

    /** One node on SQLite, with little heap for documents, so that they push each other out. */
    static Site onSqlite(Path dir) {
        Site site = new Site();
        site.add(() -> KeckProcess.in(dir), "50KiB");
        return site;
    }

    /** Nodes on PostgreSQL, with a Redis between them if asked for. */
    static Site onPostgres(Path dir, int nodes, boolean withRedis) {
        Site site = new Site();
        PostgresServer database = PostgresServer.start(dir);
        site.postgres = database;
        if (withRedis) {
            site.redis = RedisServer.start(dir);
            site.bus = new UnreliableBus(site.redis.port());
        }
        UnreliableBus bus = site.bus;
        for (int i = 0; i < nodes; i++) {
            Path home = folder(dir, "node" + i);
            String label = "n" + i;
            if (i == nodes - 1) {
                site.slow = TcpProxy.before(database.port());
            }
            TcpProxy way = site.slow;
            site.add(
                    () -> {
                        KeckProcess.Setup setup =
                                KeckProcess.on(database, "postgres", home).env("NODE_ID", label);
                        if (way != null) {
                            setup.env("DATABASE_URL", "postgres://postgres@127.0.0.1:" + way.port() + "/postgres");
                        }
                        return bus == null ? setup : setup.env("REDIS_URL", "redis://127.0.0.1:" + bus.port());
                    },
                    "150KiB");
        }
        return site;
    }

    /** Three nodes on PostgreSQL with Redis behind nginx, as the repository configures it. */
    static Site behindNginx(Path dir) {
        Site site = onPostgres(dir, 3, true);
        site.nginx = Nginx.start(dir, site.ports.stream().mapToInt(p -> p).toArray());
        return site;
    }

    private static Path folder(Path dir, String name) {
        try {
            return Files.createDirectories(dir.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(Supplier<KeckProcess.Setup> setup, String documentHeap) {
        int port = RedisServer.freePort();
        Supplier<KeckProcess> start = () -> setup.get()
                .env("KECK_PORT", String.valueOf(port))
                .env("HOOK_ENDPOINT", hooks.url())
                .env("HOOK_SECRET", HookReceiver.SECRET)
                .env("HOOK_ALLOW_PRIVATE", "true")
                .with("rooms.documentHeap", documentHeap)
                .with("rooms.unloadAfter", "2s")
                .with("rooms.deletedNameHold", "30m")
                .with("webhook.maxBackoff", "2s") // else a room whose deliveries failed waits for minutes
                .with("database.log.snapshotEvery", "20")
                .brief()
                .start();
        ports.add(port);
        starts.add(start);
        nodes.add(start.get());
    }

    int size() {
        return nodes.size();
    }

    /** That of a node; of the balancer for -1. */
    int port(int node) {
        return node < 0 && nginx != null ? nginx.port() : ports.get(Math.floorMod(node, size()));
    }

    boolean isBalanced() {
        return nginx != null;
    }

    KeckProcess node(int node) {
        synchronized (nodes) {
            return nodes.get(node);
        }
    }

    @Nullable
    PostgresServer postgres() {
        return postgres;
    }

    @Nullable
    RedisServer redis() {
        return redis;
    }

    @Nullable
    UnreliableBus bus() {
        return bus;
    }

    /** Ends the Redis between the nodes, until {@link #startBus}. */
    void stopBus() {
        if (redis != null) {
            redis.kill();
        }
    }

    void startBus() {
        if (redis != null) {
            redis.restart();
        }
    }

    HookReceiver hooks() {
        return hooks;
    }

    /** From now on each answer of the database to the last node takes that long more. */
    void slowDatabaseOfLastNode(long millis) {
        if (slow != null) {
            slow.delay(millis);
        }
    }

    /** SIGKILL. */
    void kill(int node) {
        node(node).kill();
    }

    /** Starts a node that has ended, on its port. */
    void start(int node) {
        KeckProcess started = starts.get(node).get();
        synchronized (nodes) {
            nodes.set(node, started);
        }
    }

    @Override
    public void close() {
        if (nginx != null) {
            nginx.close();
        }
        for (KeckProcess node : nodes) {
            node.resume();
            node.close();
        }
        if (bus != null) {
            bus.close();
        }
        if (redis != null) {
            redis.close();
        }
        if (slow != null) {
            slow.close();
        }
        if (postgres != null) {
            postgres.close();
        }
        hooks.close();
    }
}
