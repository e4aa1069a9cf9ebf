package io.keck.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.metrics.BusMetrics;
import io.keck.room.Bus;
import io.keck.testing.Certificates;
import io.keck.testing.RedisSentinels;
import io.keck.testing.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Connection;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisException;

/** The ways to a real Redis: TLS with an authority of one's own, sentinels, and whom we do not talk to. */
class RedisAccessTest {
    private static final long CLUSTER = 4_711;
    private static final long ROOM = 5;

    @TempDir
    private Path dir;

    private final List<AutoCloseable> parts = new ArrayList<>();
    private long boots;

    @AfterEach
    void stop() throws Exception {
        for (int i = parts.size(); i-- > 0; ) {
            parts.get(i).close();
        }
    }

    private RedisBus bus(Servers servers) {
        RedisBus bus = new RedisBus(
                new BusSettings(1, 20, 400, 1_000, 1_500, 1 << 20, 1_000),
                servers,
                CLUSTER,
                ++boots,
                "node" + boots,
                Clock.systemUTC(),
                System::nanoTime,
                () -> BusKeys.NONE,
                BusMetrics.NONE);
        parts.add(bus::stop);
        bus.start();
        return bus;
    }

    private static Servers servers(String url, SslOptions trust) {
        return new Servers(
                RedisUrl.parse(url), new Servers.Access(1_000, trust, null, RedisSentinels.SENTINEL_PASSWORD));
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited in vain").isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static BlockingQueue<Long> rows(Bus bus) {
        BlockingQueue<Long> rows = new LinkedBlockingQueue<>();
        bus.subscribe(ROOM, (node, event) -> {
            if (event instanceof Bus.Event.Committed row) {
                rows.add(row.seq());
            } else if (event instanceof Bus.Event.Resync) {
                rows.add(0L);
            }
        });
        await(() -> rows.contains(0L)); // Redis has subscribed us; a Back may come before
        return rows;
    }

    private static void say(Bus bus, long seq) {
        bus.publish(ROOM, new Bus.Event.Committed(seq, new UUID(1, seq), seq, seq - 1, new byte[] {1}));
    }

    private static void talk(RedisBus a, RedisBus b) {
        await(() -> a.isHealthy() && b.isHealthy());
        BlockingQueue<Long> rows = rows(b);
        say(a, 7);
        await(() -> rows.contains(7L));
    }

    private static Throwable refusal(Servers servers) {
        try (Connection connection = servers.connect(new byte[0])) {
            throw new AssertionError("connected to " + connection);
        } catch (JedisException e) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return cause;
        }
    }

    @Test
    void tls_isForServersThatOurAuthorityCertifiesByTheirName() throws IOException {
        Certificates ours = Certificates.authority(dir, "ours").certify("redis", "ip:127.0.0.1");
        int port = tls(ours);
        SslOptions trust = Trust.in(ours.ca());
        String url = "rediss://:p%40ss@127.0.0.1:" + port;

        talk(bus(servers(url, trust)), bus(servers(url, trust)));

        assertThat(refusal(servers("rediss://:wrong@127.0.0.1:" + port, trust))).hasMessageContaining("WRONGPASS");
        assertThat(refusal(servers(url, Trust.byJava()))).hasMessageContaining("certification path");
        assertThat(refusal(servers("rediss://:p%40ss@localhost:" + port, trust)))
                .as("the certificate is for an address")
                .hasMessageContaining("localhost");
        Path two = Files.writeString(
                dir.resolve("two.crt"), Files.readString(ours.certificate("redis")) + Files.readString(ours.ca()));
        servers(url, Trust.in(two)).connect(new byte[0]).close();

        Path empty = Files.createFile(dir.resolve("empty.crt"));
        Path nonsense = Files.writeString(dir.resolve("nonsense.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n");
        for (Path file : List.of(empty, nonsense, dir.resolve("missing.crt"))) {
            assertThatThrownBy(() -> Trust.in(file))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(file.toString());
        }
    }

    private int tls(Certificates certificates) {
        int port = RedisServer.freePort();
        parts.add(RedisServer.startInstalled(
                dir,
                "--tls-port",
                String.valueOf(port),
                "--tls-cert-file",
                certificates.certificate("redis").toString(),
                "--tls-key-file",
                certificates.key("redis").toString(),
                "--tls-ca-cert-file",
                certificates.ca().toString(),
                "--tls-auth-clients",
                "no",
                "--requirepass",
                "p@ss"));
        return port;
    }

    @Test
    void sentinels_nameThePrimary_andTheNextOneWhenItIsGone() {
        RedisSentinels redis = RedisSentinels.start(dir, null);
        parts.add(redis);
        RedisBus a = bus(servers(redis.url(), Trust.byJava()));
        RedisBus b = bus(servers(redis.url(), Trust.byJava()));
        talk(a, b);
        assertThat(redis.channels(0)).isPositive();
        assertThat(redis.channels(1)).isZero();

        redis.server(0).kill();
        await(() -> !a.isHealthy() && !b.isHealthy());
        talk(a, b);
        assertThat(redis.isPrimary(1)).isTrue();
        assertThat(redis.channels(1)).isPositive();

        assertThat(refusal(new Servers(RedisUrl.parse(redis.url()), new Servers.Access(1_000))))
                .as("the sentinel's own password is needed")
                .hasMessageContaining("NOAUTH");
    }

    /**
     * A sentinel that was cut off names a replica. The twin, which does not ask whether it is the primary, takes it: its
     * bus says that it is healthy, and nobody hears it.
     */
    @Test
    void replicaThatASentinelNames_isNotTaken() throws IOException {
        RedisServer primary = RedisServer.startInstalled(dir);
        parts.add(primary);
        RedisServer replica = RedisServer.startInstalled(dir, "--replicaof", "127.0.0.1 " + primary.port());
        parts.add(replica);
        await(() -> replica.command("INFO replication").contains("master_link_status:up"));
        FakeSentinel sentinel = new FakeSentinel(replica.port());
        parts.add(sentinel);
        RedisUrl url = RedisUrl.parse("redis-sentinel://127.0.0.1:" + sentinel.port() + "/any");

        RedisBus b = bus(new Servers(RedisUrl.parse(primary.url()), new Servers.Access(1_000)));
        await(b::isHealthy);
        BlockingQueue<Long> rows = rows(b);
        RedisBus twin = bus(new Servers(url, new Servers.Access(1_000)) {
            @Override
            void requirePrimary(Connection connection) {}
        });
        await(twin::isHealthy);
        say(twin, 8);

        Servers right = new Servers(url, new Servers.Access(1_000));
        assertThat(refusal(right)).hasMessageContaining("is not the primary");
        RedisBus a = bus(right);
        int asked = sentinel.asked();
        await(() -> sentinel.asked() > asked + 2);
        assertThat(a.isHealthy()).isFalse();
        sentinel.name(primary.port());
        await(a::isHealthy);
        say(a, 9);
        await(() -> rows.contains(9L));
        assertThat(rows).as("what the twin said").doesNotContain(8L);
    }
}
