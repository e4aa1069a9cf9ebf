package io.keck;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.core.Configuration;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.ValidationMethod;
import io.keck.api.ApiFactory;
import io.keck.api.CorsFactory;
import io.keck.auth.AccessFactory;
import io.keck.cluster.ClusterFactory;
import io.keck.command.CommandSettings;
import io.keck.http.HostNames;
import io.keck.node.BlobsFactory;
import io.keck.node.RoomsFactory;
import io.keck.socket.SocketFactory;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.HistoryFactory;
import io.keck.webhook.WebhookFactory;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The configuration; {@code config.yml} explains every key. */
public class KeckConfiguration extends Configuration implements CommandSettings {
    private static final String HOST_NAME = "{hostname}";

    @Valid
    @NotNull
    @JsonProperty
    private DatabaseFactory database = new DatabaseFactory();

    @Valid
    @NotNull
    @JsonProperty
    private HistoryFactory history = new HistoryFactory();

    @Valid
    @NotNull
    @JsonProperty
    private ClusterFactory redis = new ClusterFactory();

    @Valid
    @NotNull
    @JsonProperty
    private RoomsFactory rooms = new RoomsFactory();

    @Valid
    @NotNull
    @JsonProperty
    private SocketFactory socket = new SocketFactory();

    @Valid
    @NotNull
    @JsonProperty
    private ApiFactory api = new ApiFactory();

    @Valid
    @NotNull
    @JsonProperty
    private BlobsFactory blobs = new BlobsFactory();

    @Valid
    @NotNull
    @JsonProperty
    private CorsFactory cors = new CorsFactory();

    @Valid
    @NotNull
    @JsonProperty
    private WebhookFactory webhook = new WebhookFactory();

    @Valid
    @NotNull
    @JsonProperty
    private AccessFactory access = new AccessFactory();

    @JsonProperty
    private @Nullable String hosts;

    @JsonProperty
    private @Nullable String nodeId;

    @JsonProperty
    private boolean openAccess;

    @JsonProperty
    private boolean readyRequiresDatabase;

    @NotNull
    @JsonProperty
    private Duration drainTimeout = Duration.seconds(20);

    HistoryFactory history() {
        return history;
    }

    @Override
    public DatabaseFactory database() {
        database.keepHistory(history);
        return database;
    }

    @Override
    public ClusterFactory redis() {
        return redis;
    }

    RoomsFactory rooms() {
        return rooms;
    }

    SocketFactory socket() {
        return socket;
    }

    ApiFactory api() {
        return api;
    }

    BlobsFactory blobs() {
        return blobs;
    }

    CorsFactory cors() {
        return cors;
    }

    WebhookFactory webhook() {
        return webhook;
    }

    AccessFactory access() {
        return access;
    }

    /** Whether every name is one; where not, the start fails with this sentence. */
    @JsonIgnore
    @ValidationMethod(message = "hosts must be host names without a port, separated by commas, *.name, or *")
    public boolean isEveryHostValid() {
        try {
            hosts();
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The names by which this server may be asked, beside localhost and addresses. */
    public HostNames hosts() {
        return HostNames.parse(hosts == null ? "" : hosts);
    }

    @Override
    public boolean openAccess() {
        return openAccess || access.isOn();
    }

    boolean readyRequiresDatabase() {
        return readyRequiresDatabase;
    }

    Duration drainTimeout() {
        return drainTimeout;
    }

    /** Whether the operator gave this node its label. */
    boolean hasNodeId() {
        return nodeId != null && !nodeId.isBlank();
    }

    /**
     * The label of this node, made up where none is configured. In it {@code {hostname}} stands for the name of the machine or
     * of the container, so that containers of the same settings have different labels.
     *
     * @throws IllegalStateException if it contains {@code {hostname}}, and the machine does not know its name
     */
    String nodeIdOrRandom() {
        String label = nodeId;
        return label == null || label.isBlank()
                ? "node-" + UUID.randomUUID().toString().substring(0, 8)
                : withHostName(label.strip());
    }

    private static String withHostName(String label) {
        if (!label.contains(HOST_NAME)) {
            return label;
        }
        try {
            return label.replace(HOST_NAME, InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException e) {
            throw new IllegalStateException(
                    "NODE_ID contains " + HOST_NAME + ", and the name of this machine cannot be resolved ("
                            + e.getMessage() + "). Enter it into /etc/hosts, or give NODE_ID without it.",
                    e);
        }
    }
}
