package io.keck.cluster;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.resps.ClusterShardInfo;
import redis.clients.jedis.resps.ClusterShardNodeInfo;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * Finds the Redis server that has a channel, and connects to it. After the loss of a connection the search has to be
 * repeated: sentinels may name another master then, and a cluster another node. Thread-safe.
 */
class Servers {
    /**
     * Settings of a connection that are not part of the URL. Immutable.
     *
     * @param timeoutMillis the time limit for connecting, and for any answer, in milliseconds
     * @param trust the certificates that are trusted over TLS
     * @param sentinelUser the user at the sentinels, which have accounts of their own; null for none
     * @param sentinelPassword the password at the sentinels; null for none
     */
    record Access(
            int timeoutMillis,
            SslOptions trust,
            @Nullable String sentinelUser,
            @Nullable String sentinelPassword) {
        Access(int timeoutMillis) {
            this(timeoutMillis, Trust.byJava(), null, null);
        }
    }

    /** A connection that one thread writes to and another one reads. */
    static final class Wire extends Connection {
        Wire(HostAndPort host, JedisClientConfig config) {
            super(host, config);
        }

        /** Sends a command without waiting for an answer. */
        void tell(ProtocolCommand command, byte[]... arguments) {
            sendCommand(command, arguments);
            flush();
        }
    }

    private static final String PRIMARY = "master";

    private final RedisUrl url;
    private final JedisClientConfig config;
    private final JedisClientConfig sentinelConfig;

    Servers(RedisUrl url, Access access) {
        this.url = url;
        this.config = config(url, access)
                .user(url.user())
                .password(url.password())
                .database(url.database())
                .build();
        this.sentinelConfig = config(url, access)
                .user(access.sentinelUser())
                .password(access.sentinelPassword())
                .build();
    }

    private static DefaultJedisClientConfig.Builder config(RedisUrl url, Access access) {
        int timeoutMillis = access.timeoutMillis();
        DefaultJedisClientConfig.Builder builder = DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(timeoutMillis)
                .socketTimeoutMillis(timeoutMillis)
                .blockingSocketTimeoutMillis(timeoutMillis)
                .resp2()
                .clientName("keck");
        if (url.tls()) {
            builder.sslOptions(access.trust());
        }
        return builder;
    }

    /** Whether each channel belongs to one shard. */
    boolean isSharded() {
        return url.kind() == RedisUrl.Kind.CLUSTER;
    }

    ProtocolCommand publishCommand() {
        return isSharded() ? Protocol.Command.SPUBLISH : Protocol.Command.PUBLISH;
    }

    ProtocolCommand subscribeCommand() {
        return isSharded() ? Protocol.Command.SSUBSCRIBE : Protocol.Command.SUBSCRIBE;
    }

    ProtocolCommand unsubscribeCommand() {
        return isSharded() ? Protocol.Command.SUNSUBSCRIBE : Protocol.Command.UNSUBSCRIBE;
    }

    /**
     * Opens a connection to the server that has this channel.
     *
     * @throws JedisException if there is no such server, or it does not answer
     */
    Wire connect(byte[] channel) {
        return switch (url.kind()) {
            case STANDALONE -> connect(url.hosts().get(0));
            case SENTINEL -> connectToPrimary(primary());
            case CLUSTER -> connect(holder(JedisClusterCRC16.getSlot(channel)));
        };
    }

    private Wire connect(HostAndPort host) {
        Wire connection = new Wire(host, config);
        try {
            connection.connect();
        } catch (JedisException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private Wire connectToPrimary(HostAndPort host) {
        Wire connection = connect(host);
        try {
            requirePrimary(connection);
            return connection;
        } catch (JedisException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Checks that a server is the primary. A sentinel that was cut off names the previous primary, which is a replica
     * by now: messages published there reach no other node, although this node's own beat comes back. A test overrides
     * this.
     *
     * @throws JedisException if the server is a replica
     */
    void requirePrimary(Connection connection) {
        connection.sendCommand(Protocol.Command.ROLE);
        Object answer;
        try {
            answer = connection.getOne();
        } catch (JedisAccessControlException e) {
            return; // the account may not run ROLE, which counts as an administrator's command
        }
        if (answer instanceof List<?> role
                && role.get(0) instanceof byte[] name
                && !PRIMARY.equals(new String(name, StandardCharsets.US_ASCII))) {
            throw new JedisConnectionException("the sentinels name " + connection.getHostAndPort()
                    + ", which is not the primary (any more, or yet)");
        }
    }

    private HostAndPort primary() {
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
                                .filter(node -> PRIMARY.equals(node.getRole()))
                                .map(node -> address(node, seed))
                                .findFirst()
                                .orElseThrow(() -> new JedisConnectionException("slot " + slot + " has no master now"));
                    }
                }
                failures.add(seed + " knows no node with slot " + slot);
            } catch (JedisException e) {
                failures.add(seed + ": " + e.getMessage());
            }
        }
        throw new JedisConnectionException("no node of the cluster answers: " + failures);
    }

    /**
     * The address of a node; a node that does not know its own address reports none, and is then at the address that
     * was asked.
     */
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
