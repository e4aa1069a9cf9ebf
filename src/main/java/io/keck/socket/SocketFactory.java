package io.keck.socket;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.keck.crdt.store.DecodeLimits;
import io.keck.heap.AddressFlow;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.OpenFiles;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.wing.Host;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer;
import org.eclipse.jetty.http.pathmap.ServletPathSpec;
import org.eclipse.jetty.http.pathmap.UriTemplatePathSpec;
import org.eclipse.jetty.websocket.core.server.WebSocketMappings;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.jspecify.annotations.Nullable;

/** The {@code socket} block of the configuration: limits on what a peer may send. Builds the WebSocket endpoint. */
public class SocketFactory {
    /**
     * The template of the endpoint. Jakarta has no template for paths of any length, so {@link #addGate} replaces this
     * mapping.
     */
    static final String TEMPLATE = template(Door.COLLABORATION);

    /** Messages of applications for back ends that one address may send in a second. */
    private static final double MESSAGES_PER_SECOND = 20;

    /** Seconds of the allowed rate of upgrades that may arrive at once, as when an office reconnects. */
    private static final double BURST_SECONDS = 5;

    @NotNull
    @JsonProperty
    private DataSize maxMessageSize = DataSize.mebibytes(64);

    @Min(8)
    @Max(5_000)
    @JsonProperty
    private int maxValueDepth = DecodeLimits.DEFAULT.maxValueDepth();

    @Min(8)
    @JsonProperty
    private int maxTypeDepth = DecodeLimits.DEFAULT.maxTypeDepth();

    /** Null derives the number from the limit on open files. */
    @Min(1)
    @JsonProperty
    private @Nullable Integer maxSockets;

    /** Null means half of {@link #maxSockets}. */
    @Min(1)
    @JsonProperty
    private @Nullable Integer maxSocketsPerAddress;

    @Min(1)
    @JsonProperty
    private int upgradesPerSecond = 1_000;

    /** The rate of one address; 0 for no limit. */
    @NotNull
    @JsonProperty
    private DataSize receivedPerSecond = DataSize.bytes(0);

    /** The rate of one address; 0 for no limit. */
    @NotNull
    @JsonProperty
    private DataSize sentPerSecond = DataSize.bytes(0);

    @NotNull
    @JsonProperty
    private Duration restartSpread = Duration.seconds(3);

    /** Decides which connections can be accepted at the moment. Thread-safe. */
    public interface Gatekeeper {
        /**
         * Whether the document of that name was deleted within the hold and no back end has created it since. Usually
         * answered from memory; asks the database for names that were held a moment ago.
         */
        boolean isHeld(String room);

        /** Whether that address may open the room: the room exists, or the address may create another one. */
        boolean mayBegin(String address, String room);

        /**
         * Whether a room of that name exists. Asks the database; called only for names that no new room may have and for writers
         * that may not create rooms.
         */
        boolean exists(String room);

        /** Whether this node can open that room. */
        boolean accepts(String room);
    }

    /**
     * Adds the endpoint and its filter to the application, with their ticks, gauges and the step before the drain.
     *
     * @param clock a steady clock in milliseconds
     * @param gatekeeper decides which connections can be accepted
     * @param ledger accounts for the heap of connections
     */
    public Sockets build(
            Host host,
            Rooms rooms,
            RoomSettings settings,
            LongSupplier clock,
            Gatekeeper gatekeeper,
            ConnectionMetrics metrics,
            HeapLedger ledger) {
        int maxBytes = Math.toIntExact(maxMessageSize.toBytes());
        Sockets sockets = new Sockets(
                rooms,
                settings,
                new Sockets.Limits(
                        maxBytes,
                        DecodeLimits.DEFAULT.with(maxBytes, maxValueDepth, maxTypeDepth),
                        new AwarenessState.Limits(
                                settings.maxAwarenessState(), settings.maxAwarenessStates(), maxValueDepth),
                        restartSpread.toMilliseconds()),
                clock,
                metrics,
                ledger,
                shares(clock),
                new Admission(gatekeeper));
        ServletContextHandler context = host.environment().getApplicationContext();
        HocuspocusFilter hocuspocus = new HocuspocusFilter(metrics, sockets.shares());
        JakartaWebSocketServletContainerInitializer.configure(context, (servletContext, container) -> {
            container.setDefaultMaxSessionIdleTimeout(0);
            for (Door door : Door.values()) {
                container.addEndpoint(endpoint(sockets, door));
                addGate(context, template(door), door.prefix() + "*");
                // before Jetty's filter, which performs the upgrade
                prepend(
                        context,
                        new UpgradeFilter(door, sockets.admission(), metrics, sockets.shares()),
                        door.prefix() + "*");
            }
            container.addEndpoint(hocuspocus(sockets));
            addGate(context, HocuspocusEndpoint.PATH, HocuspocusEndpoint.PATH);
            prepend(context, hocuspocus, HocuspocusEndpoint.PATH);
        });
        metrics.watch(sockets::size, sockets::slow, sockets::delayed, sockets::backlogBytes);
        metrics.watchFlow(sockets.shares().received()::held, sockets.shares().sent()::held);
        host.everyTick("sockets", sockets::tick);
        host.beforeDrain(sockets::restart);
        return sockets;
    }

    private SocketShares shares(LongSupplier clock) {
        int all = maxSockets != null ? maxSockets : OpenFiles.sockets(OpenFiles.limit());
        int each = maxSocketsPerAddress != null ? maxSocketsPerAddress : Math.max(1, all / 2);
        return new SocketShares(
                new AddressShares(all, each),
                new AddressRates(upgradesPerSecond, upgradesPerSecond * BURST_SECONDS, clock),
                new AddressFlow(receivedPerSecond.toBytes(), clock),
                new AddressFlow(sentPerSecond.toBytes(), clock),
                new AddressRates(MESSAGES_PER_SECOND, MESSAGES_PER_SECOND * BURST_SECONDS, clock));
    }

    /** Puts a filter before Jetty's own filter, which performs upgrades. */
    private static void prepend(ServletContextHandler context, Filter filter, String path) {
        FilterHolder holder = new FilterHolder(filter);
        holder.setAsyncSupported(true);
        org.eclipse.jetty.ee10.servlet.FilterMapping mapping = new org.eclipse.jetty.ee10.servlet.FilterMapping();
        mapping.setFilterName(holder.getName());
        mapping.setPathSpec(path);
        mapping.setDispatcherTypes(EnumSet.of(DispatcherType.REQUEST));
        context.getServletHandler().prependFilter(holder);
        context.getServletHandler().prependFilterMapping(mapping);
    }

    /**
     * Maps the endpoint to all paths below the prefix, since a room name may have slashes, and puts a {@link ReadGate}
     * around each of its sessions.
     */
    static void addGate(ServletContextHandler context) throws DeploymentException {
        addGate(context, TEMPLATE, RoomPath.PREFIX + "*");
    }

    private static void addGate(ServletContextHandler context, String template, String path)
            throws DeploymentException {
        WebSocketMappings mappings = Objects.requireNonNull(WebSocketMappings.getMappings(context));
        UriTemplatePathSpec spec = new UriTemplatePathSpec(template);
        WebSocketNegotiator jakarta = mappings.getWebSocketNegotiator(spec);
        if (jakarta == null || !mappings.removeMapping(spec)) {
            throw new DeploymentException("Jetty has no endpoint at " + template);
        }
        mappings.addMapping(new ServletPathSpec(path), ReadGate.negotiator(jakarta));
    }

    private static ServerEndpointConfig hocuspocus(Sockets sockets) {
        return ServerEndpointConfig.Builder.create(HocuspocusEndpoint.class, HocuspocusEndpoint.PATH)
                .configurator(new PerConnection(() -> new HocuspocusEndpoint(sockets)))
                .build();
    }

    private static String template(Door door) {
        return door.prefix() + "{room}";
    }

    private static ServerEndpointConfig endpoint(Sockets sockets, Door door) {
        return ServerEndpointConfig.Builder.create(CollaborationEndpoint.class, template(door))
                .configurator(new PerConnection(() -> new CollaborationEndpoint(sockets)))
                .build();
    }

    /** The prefix of a subprotocol that carries a credential; it is selected only if the client offers no other. */
    private static final String CREDENTIAL = "bearer.";

    /** Passes the room and the address of a handshake to the endpoint. */
    private static final class PerConnection extends ServerEndpointConfig.Configurator {
        private final Supplier<Endpoint> endpoints;

        PerConnection(Supplier<Endpoint> endpoints) {
            this.endpoints = endpoints;
        }

        @Override
        public void modifyHandshake(ServerEndpointConfig sec, HandshakeRequest request, HandshakeResponse response) {
            // Jetty copies the properties for each handshake and makes them those of the session
            Map<String, Object> properties = sec.getUserProperties();
            String path = request.getRequestURI().getRawPath();
            Door door = Door.of(path);
            String room = door.parse(path).room();
            properties.put(CollaborationEndpoint.DOOR, door);
            properties.put(CollaborationEndpoint.ROOM, room == null ? "" : room); // the filter lets none in without
            Object remote = properties.get("jakarta.websocket.endpoint.remoteAddress");
            properties.put(
                    CollaborationEndpoint.ADDRESS,
                    remote instanceof InetSocketAddress inet ? inet.getHostString() : String.valueOf(remote));
        }

        /** Accepts any offered subprotocol, since some carry tokens; Jetty's own choice would log the unknown ones. */
        @Override
        public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
            if (requested.contains(UpgradeFilter.PROTOCOL)) {
                return UpgradeFilter.PROTOCOL;
            }
            Optional<String> plain = requested.stream()
                    .filter(offered -> !offered.startsWith(CREDENTIAL))
                    .findFirst();
            return plain.or(() -> requested.stream().findFirst()).orElse("");
        }

        @Override
        public <T> T getEndpointInstance(Class<T> endpointClass) {
            return endpointClass.cast(endpoints.get());
        }

        @Override
        public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
            return List.of(); // compressing each frame for each socket costs more than it saves
        }
    }
}
