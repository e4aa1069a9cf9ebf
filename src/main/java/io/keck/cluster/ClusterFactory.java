package io.keck.cluster;

import com.codahale.metrics.health.HealthCheck.Result;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.dropwizard.validation.ValidationMethod;
import io.keck.metrics.BusMetrics;
import io.keck.room.Bus;
import io.keck.wing.Host;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.SslOptions;

/** The {@code redis} block of the configuration: the bus between the nodes. */
public class ClusterFactory {
    private @Nullable RedisUrl url;

    @NotNull
    @MinDuration(value = 10, unit = TimeUnit.MILLISECONDS)
    @JsonProperty
    private Duration timeout = Duration.seconds(2);

    @NotNull
    @MinDuration(value = 10, unit = TimeUnit.MILLISECONDS)
    @JsonProperty
    private Duration beat = Duration.milliseconds(200);

    @NotNull
    @JsonProperty
    private Duration healthyWithin = Duration.milliseconds(500);

    @NotNull
    @JsonProperty
    private Duration nodeGoneAfter = Duration.seconds(3);

    @NotNull
    @JsonProperty
    private DataSize maxQueued = DataSize.mebibytes(16);

    @NotNull
    @JsonProperty
    private DataSize maxMessage = DataSize.mebibytes(1);

    @Min(1)
    @Max(256)
    @JsonProperty
    private int clusterLanes = 8;

    /**
     * A PEM file of certificates. If it is set, a server is trusted over TLS only if its certificate was issued by one
     * of these.
     */
    @JsonProperty
    private @Nullable String ca;

    /** The account at the sentinels, which differs from the account at the servers. */
    @JsonProperty
    private @Nullable String sentinelUser;

    @JsonProperty
    private @Nullable String sentinelPassword;

    /**
     * Sets the URL; blank for a single node.
     *
     * @throws IllegalArgumentException with a sentence, if it is not a Redis URL
     */
    @JsonProperty
    public void setUrl(@Nullable String text) {
        url = text == null || text.isBlank() ? null : RedisUrl.parse(text);
    }

    /** Whether the configured times are long enough that a slow node does not count as gone. */
    @JsonIgnore
    @ValidationMethod(message = "nodeGoneAfter must be healthyWithin + 2 * beat at least")
    public boolean isPatient() {
        return nodeGoneAfter.toMilliseconds() >= healthyWithin.toMilliseconds() + 2 * beat.toMilliseconds();
    }

    /** Whether {@code ca} is blank or belongs to a URL with TLS. */
    @JsonIgnore
    @ValidationMethod(message = "ca is for a url that begins with rediss")
    public boolean isCaUsed() {
        return isBlank(ca) || url == null || url.tls();
    }

    /** Whether the file of {@code ca} has certificates. */
    @JsonIgnore
    @ValidationMethod(message = "ca must name a file with certificates in PEM")
    public boolean isCaReadable() {
        try {
            trust();
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isBlank(@Nullable String text) {
        return text == null || text.isBlank();
    }

    private static @Nullable String given(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }

    private SslOptions trust() {
        String file = given(ca);
        return file == null ? Trust.byJava() : Trust.in(Path.of(file));
    }

    private Servers servers(RedisUrl of) {
        return new Servers(
                of,
                new Servers.Access(
                        Math.toIntExact(timeout.toMilliseconds()),
                        trust(),
                        given(sentinelUser),
                        given(sentinelPassword)));
    }

    /** The examination of the configured Redis; empty if none is configured. */
    public Optional<RedisDoctor> doctor() {
        return url == null ? Optional.empty() : Optional.of(new RedisDoctor(url, servers(url), Clock.systemUTC()));
    }

    /**
     * Builds the bus, which starts with the server; {@link Bus#NONE} if no URL is set.
     *
     * @param cluster a random number, the same on all nodes of one database
     * @param label the operator's name for this node
     * @param clock a clock that agrees on all nodes, since messages carry the time of sending
     * @param keys the current keys; read for each message
     */
    public Bus build(Host host, long cluster, String label, Clock clock, Supplier<BusKeys> keys, BusMetrics metrics) {
        if (url == null) {
            metrics.watch(false, Bus.NONE::isHealthy);
            return Bus.NONE;
        }
        BusSettings settings = new BusSettings(
                clusterLanes,
                beat.toMilliseconds(),
                healthyWithin.toMilliseconds(),
                timeout.toMilliseconds(),
                nodeGoneAfter.toMilliseconds(),
                maxQueued.toBytes(),
                Math.toIntExact(maxMessage.toBytes()));
        RedisBus bus = new RedisBus(
                settings,
                servers(url),
                cluster,
                new SecureRandom().nextLong() | 1, // never 0, which stands for the bus itself
                label,
                clock,
                System::nanoTime,
                keys,
                metrics);
        metrics.watch(true, bus::isHealthy);
        host.manage(bus);
        host.healthCheck(
                "redis",
                () -> bus.isHealthy()
                        ? Result.healthy("other nodes: %s", bus.others())
                        : Result.unhealthy(
                                "The bus is away: nodes see each other's edits through the database, in about 0.2 s,"
                                        + " and do not see each other's cursors. Is Redis up, and does REDIS_URL name it?"));
        return bus;
    }
}
