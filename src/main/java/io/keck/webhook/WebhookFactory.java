package io.keck.webhook;

import com.codahale.metrics.health.HealthCheck.Result;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.dropwizard.validation.ValidationMethod;
import io.keck.feed.ChangeLog;
import io.keck.feed.Cursors;
import io.keck.feed.Hooks.RefusedException;
import io.keck.metrics.FeedMetrics;
import io.keck.room.ClientMessages;
import io.keck.wing.Host;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.InetAddress;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The {@code webhook} block of the configuration. Defaults are those of {@code config.yml}. */
public class WebhookFactory {
    /** How long a name server may take for the host of an endpoint that is set over HTTP. */
    private static final long RESOLVE_MILLIS = 5_000;

    @JsonProperty
    private @Nullable String endpoint;

    @JsonProperty
    private @Nullable String secret;

    /** Endpoints with secrets of their own. */
    @NotNull
    @JsonProperty
    private List<Signatures.@NotNull Own> endpoints = List.of();

    @JsonProperty
    private boolean allowPrivate;

    @NotNull
    @JsonProperty
    private String ports = "80,443,1024-65535";

    @Min(1)
    @Max(1_000)
    @JsonProperty
    private int concurrency = 16;

    @NotNull
    @JsonProperty
    private Duration timeout = Duration.seconds(10);

    @NotNull
    @JsonProperty
    private Duration spacing = Duration.seconds(2);

    @NotNull
    @JsonProperty
    private Duration maxSpacing = Duration.seconds(5);

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.SECONDS)
    @JsonProperty
    private Duration maxBackoff = Duration.minutes(5);

    @NotNull
    @MinDuration(value = 500, unit = TimeUnit.MILLISECONDS)
    @JsonProperty
    private Duration lease = Duration.seconds(10);

    @NotNull
    @JsonProperty
    private DataSize documentHeap = DataSize.mebibytes(64);

    /** Whether messages of client applications are posted, too. */
    @JsonProperty
    private boolean messages;

    @NotNull
    @JsonProperty
    private Duration unhealthyAfter = Duration.minutes(5);

    /** Whether {@link #ports} can be parsed. */
    @JsonIgnore
    @ValidationMethod(message = "ports must be numbers and ranges from 1 to 65535, as 80,443,1024-65535")
    public boolean arePortsValid() {
        try {
            Ports.parse(ports);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether deliveries to the endpoint are possible at all; otherwise the start fails instead of each delivery. */
    @JsonIgnore
    @ValidationMethod(
            message = "endpoint (HOOK_ENDPOINT) must be an http or https URL with a host, without a password or a"
                    + " fragment")
    public boolean isEndpointUsable() {
        String url = endpoint == null ? "" : endpoint.strip();
        try {
            if (!url.isEmpty()) {
                Webhooks.checkForm(url);
            }
            return true;
        } catch (RefusedException e) {
            return false;
        }
    }

    /** Whether the secret can be used, because a signature that no receiver can verify is worse than none. */
    @JsonIgnore
    @ValidationMethod(
            message = "secret (HOOK_SECRET) must not be blank, and be base64 after whsec_, if it begins with that")
    public boolean isSecretUsable() {
        try {
            Signature.of(secret);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether the endpoints with secrets of their own can be used. */
    @JsonIgnore
    @ValidationMethod(
            message = "endpoints must each have a url, as endpoint has it, and a secret, as secret is, and none twice")
    public boolean areEndpointsUsable() {
        try {
            var unused = new Signatures("", endpoints);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Builds the webhooks, which start with the life cycle.
     *
     * @param onCommitted registers a listener that receives the id of each room to which this node has written
     * @param shared whether other nodes may deliver, too
     * @param clock the clock that all nodes share
     * @param maxDocumentSteps the steps of integration that the document of a room may take
     * @param clientMessages messages of client applications on this node
     */
    public Webhooks build(
            Host host,
            Cursors cursors,
            ChangeLog log,
            Consumer<LongConsumer> onCommitted,
            boolean shared,
            Clock clock,
            String node,
            FeedMetrics metrics,
            long maxDocumentSteps,
            ClientMessages clientMessages) {
        HttpSender sender =
                new HttpSender(new Signatures(secret, endpoints), clock, timeout.toMilliseconds(), concurrency);
        host.manage(sender);
        Settings settings = new Settings(
                concurrency,
                spacing.toMilliseconds(),
                maxSpacing.toMilliseconds(),
                maxBackoff.toMilliseconds(),
                lease.toMilliseconds(),
                Settings.DEFAULT.maxBytes(),
                documentHeap.toBytes(),
                maxDocumentSteps);
        Lease held = new Lease(cursors, node + "/" + UUID.randomUUID(), shared, settings.lease());
        Webhooks webhooks = new Webhooks(
                cursors,
                new Deliverer(
                        cursors,
                        log,
                        sender,
                        metrics,
                        settings,
                        held,
                        () -> System.nanoTime() / 1_000_000,
                        clock::millis,
                        RandomGenerator.getDefault()),
                held,
                endpoint == null ? "" : endpoint.strip(),
                allowPrivate,
                Ports.parse(ports),
                new Resolver(InetAddress::getAllByName, RESOLVE_MILLIS));
        onCommitted.accept(webhooks::written);
        if (messages) {
            clientMessages.listen(new MessagePosts(
                    cursors::endpoint, sender, webhooks::execute, () -> System.nanoTime() / 1_000_000)::sent);
        }
        host.manage(webhooks);
        metrics.watchDeliveries(webhooks::backlog, webhooks::oldestSeconds);
        host.healthCheck("webhook", () -> {
            double failing = webhooks.failingSeconds();
            return failing < unhealthyAfter.toSeconds()
                    ? Result.healthy()
                    : Result.unhealthy("the receiver has accepted nothing for %.0f s", failing);
        });
        return webhooks;
    }
}
