package io.keck.cluster;

import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.resps.ClusterShardInfo;
import redis.clients.jedis.resps.ClusterShardNodeInfo;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * Finds the Redis server that has a channel, and connects to it. Whoever loses a connection asks again: sentinels may
 * name another master then, and a cluster another node. Thread-safe.
 */
final class Servers {
    private final RedisUrl url;
    private final JedisClientConfig config;
    private final JedisClientConfig sentinelConfig;

    /** @param timeoutMillis to connect, and for any answer */
    Servers(RedisUrl url, int timeoutMillis) {
        this.url = url;
        this.config = config(url, timeoutMillis)
                .user(url.user())
                .password(url.password())
                .database(url.database())
                .build();
        // sentinels have accounts of their own; who protects them tells both the same
        this.sentinelConfig = config(url, timeoutMillis).build();
    }

    private static DefaultJedisClientConfig.Builder config(RedisUrl url, int timeoutMillis) {
        DefaultJedisClientConfig.Builder builder = DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(timeoutMillis)
                .socketTimeoutMillis(timeoutMillis)
                .blockingSocketTimeoutMillis(timeoutMillis)
                .resp2()
                .clientName("keck");
        if (url.tls()) {
            builder.sslOptions(SslOptions.defaults()); // the chain by Java's trust store, and the name
        }
        return builder;
    }

    /** Whether channels belong to a shard each. */
    boolean isSharded() {
        return url.kind() == RedisUrl.Kind.CLUSTER;
    }

    ProtocolCommand publishCommand() {
        return isSharded() ? Protocol.Command.SPUBLISH : Protocol.Command.PUBLISH;
    }

    /**
     * A new connection to the server that has this channel.
     *
     * @throws JedisException if there is none
     */
    Connection connect(byte[] channel) {
        return switch (url.kind()) {
            case STANDALONE -> connect(url.hosts().get(0));
            case SENTINEL -> connect(master());
            case CLUSTER -> connect(holder(JedisClusterCRC16.getSlot(channel)));
        };
    }

    private Connection connect(HostAndPort host) {
        Connection connection = new Connection(host, config);
        try {
            connection.connect();
        } catch (JedisException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private HostAndPort master() {
        List<String> failures = new ArrayList<>();
        for (HostAndPort sentinel : url.hosts()) {
            try (Jedis jedis = new Jedis(sentinel, sentinelConfig)) {
                List<String> address = jedis.sentinelGetMasterAddrByName(url.master());
                if (address != null && address.size() == 2) {
                    return new HostAndPort(address.get(0), Integer.parseInt(address.get(1)));
                }
                failures.add(sentinel + " knows no master " + url.master());
            } catch (JedisException e) {
                failures.add(sentinel + ": " + e.getMessage());
            }
        }
        throw new JedisConnectionException("no sentinel names a master: " + failures);
    }

    private HostAndPort holder(int slot) {
        List<String> failures = new ArrayList<>();
        for (HostAndPort seed : url.hosts()) {
            try (Jedis jedis = new Jedis(seed, config)) {
                for (ClusterShardInfo shard : jedis.clusterShards()) {
                    if (shard.getSlots().stream().anyMatch(range -> range.get(0) <= slot && slot <= range.get(1))) {
                        return shard.getNodes().stream()
                                .filter(node -> "master".equals(node.getRole()))
                                .map(node -> address(node, seed))
                                .findFirst()
                                .orElseThrow(() -> new JedisConnectionException("slot " + slot + " has no master now"));
                    }
                }
                failures.add(seed + " knows nobody who has slot " + slot);
            } catch (JedisException e) {
                failures.add(seed + ": " + e.getMessage());
            }
        }
        throw new JedisConnectionException("no node of the cluster answers: " + failures);
    }

    /** A node that does not know its own address says nothing: it is where it was asked. */
    private HostAndPort address(ClusterShardNodeInfo node, HostAndPort seed) {
        String host = node.getEndpoint();
        Long port = url.tls() ? node.getTlsPort() : node.getPort();
        return new HostAndPort(
                host == null || host.isEmpty() || host.equals("?") ? seed.getHost() : host,
                port == null ? seed.getPort() : Math.toIntExact(port));
    }

    @Override
    public String toString() {
        return url.toString();
    }
}
