package io.keck.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A Redis primary, its replica and a sentinel that watches both, each a real process. With certificates, clients and the
 * three among themselves use TLS, and the plain ports serve only the test. The servers have one password and the sentinel
 * has another.
 */
public final class RedisSentinels implements AutoCloseable {
    /** The password of the Redis servers. */
    public static final String PASSWORD = "of-the-servers";
    /** The password of the sentinel. */
    public static final String SENTINEL_PASSWORD = "of-the-sentinel";
    /** The name under which the sentinel knows the primary. */
    public static final String PRIMARY = "keck-primary";

    private final List<RedisServer> servers = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final RedisServer sentinel;
    private final int sentinelPort;
    private final boolean tls;
    private final int nobody = RedisServer.freePort();

    private RedisSentinels(Path dir, Certificates certificates) {
        this.tls = certificates != null;
        List<String> common = new ArrayList<>();
        if (certificates != null) {
            common.addAll(
                    List.of("--tls-cert-file", certificates.certificate("redis").toString()));
            common.addAll(List.of("--tls-key-file", certificates.key("redis").toString()));
            common.addAll(List.of("--tls-ca-cert-file", certificates.ca().toString()));
            common.addAll(List.of("--tls-auth-clients", "no", "--tls-replication", "yes"));
        }
        for (int i = 0; i < 2; i++) {
            List<String> settings = new ArrayList<>(common);
            int port = tls ? RedisServer.freePort() : 0;
            if (tls) {
                settings.addAll(List.of("--tls-port", String.valueOf(port)));
            }
            settings.addAll(List.of("--requirepass", PASSWORD, "--masterauth", PASSWORD));
            settings.addAll(List.of("--repl-diskless-sync-delay", "0", "--dir", folder(dir, "redis" + i)));
            if (i == 1) {
                settings.addAll(List.of("--replicaof", "127.0.0.1 " + ports.get(0)));
            }
            RedisServer server = RedisServer.startInstalled(dir, settings.toArray(String[]::new));
            servers.add(server);
            ports.add(tls ? port : server.port());
        }
        Eventually.await("a replica", () -> asked(servers.get(0), "state=online"));
        Path file = dir.resolve("sentinel.conf");
        write(
                file,
                "sentinel monitor " + PRIMARY + " 127.0.0.1 " + ports.get(0) + " 1",
                "sentinel auth-pass " + PRIMARY + " " + PASSWORD,
                "sentinel down-after-milliseconds " + PRIMARY + " 700",
                "sentinel failover-timeout " + PRIMARY + " 5000");
        List<String> settings = new ArrayList<>(List.of(file.toString()));
        settings.addAll(common);
        sentinelPort = tls ? RedisServer.freePort() : 0;
        if (tls) {
            settings.addAll(List.of("--tls-port", String.valueOf(sentinelPort)));
        }
        settings.addAll(List.of("--requirepass", SENTINEL_PASSWORD, "--dir", folder(dir, "sentinel"), "--sentinel"));
        sentinel = RedisServer.startInstalled(dir, settings.toArray(String[]::new));
        Eventually.await("a sentinel that knows the replica", this::isReplicaKnown);
    }

    /**
     * Starts all three.
     *
     * @param certificates with the alias {@code redis}, for TLS; null without it
     */
    public static RedisSentinels start(Path dir, Certificates certificates) {
        return new RedisSentinels(dir, certificates);
    }

    private static String folder(Path dir, String name) {
        try {
            return Files.createDirectory(dir.resolve(name)).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String... lines) {
        try {
            Files.write(file, List.of(lines));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean asked(RedisServer server, String answer) {
        try (Jedis jedis = connect(server, PASSWORD)) {
            return jedis.info("replication").contains(answer);
        } catch (JedisException e) {
            return false; // the sentinel cuts connections where it changes a role
        }
    }

    private static Jedis connect(RedisServer server, String password) {
        return new Jedis(
                new HostAndPort("127.0.0.1", server.port()),
                DefaultJedisClientConfig.builder().password(password).build());
    }

    private boolean sentinel(Predicate<Jedis> question) {
        try (Jedis jedis = connect(sentinel, SENTINEL_PASSWORD)) {
            return question.test(jedis);
        } catch (JedisException e) {
            return false;
        }
    }

    /** The address, as {@code REDIS_URL} takes it; the first sentinel in it does not exist. */
    public String url() {
        int port = tls ? sentinelPort : sentinel.port();
        return (tls ? "rediss" : "redis") + "-sentinel://:" + PASSWORD + "@127.0.0.1:" + nobody + ",127.0.0.1:" + port
                + "/" + PRIMARY;
    }

    /** A server by number: 0 starts as the primary, 1 as the replica; a failover changes their roles. */
    public RedisServer server(int number) {
        return servers.get(number);
    }

    /** Whether the sentinel says that this server is the primary. */
    public boolean isPrimary(int number) {
        return sentinel(jedis -> {
            List<String> address = jedis.sentinelGetMasterAddrByName(PRIMARY);
            return address != null && address.get(1).equals(String.valueOf(ports.get(number)));
        });
    }

    /** Starts a killed server again and waits until it is a replica. */
    public void rejoin(int number) {
        servers.get(number).restart();
        Eventually.await("a replica", () -> asked(servers.get(number), "master_link_status:up"));
        Eventually.await("a sentinel that knows it", this::isReplicaKnown);
    }

    private boolean isReplicaKnown() {
        return sentinel(jedis -> {
            var replicas = jedis.sentinelReplicas(PRIMARY);
            return replicas.size() == 1
                    && "ok".equals(replicas.get(0).get("master-link-status"))
                    && "slave".equals(replicas.get(0).get("flags"));
        });
    }

    /** The number of channels of that server to which a client is subscribed. */
    public long channels(int number) {
        try (Jedis jedis = connect(servers.get(number), PASSWORD)) {
            return jedis.pubsubChannels("keck:*").size();
        }
    }

    @Override
    public void close() {
        Stream.concat(Stream.of(sentinel), servers.stream()).forEach(RedisServer::close);
    }
}
