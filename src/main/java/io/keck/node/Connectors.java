package io.keck.node;

import io.dropwizard.core.server.AbstractServerFactory;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.server.ServerFactory;
import io.dropwizard.core.server.SimpleServerFactory;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.keck.http.HostNames;
import io.keck.wing.Host;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http.UriCompliance.Violation;
import org.jspecify.annotations.Nullable;

/** Checks and adjusts the configured connectors before they are built. */
public final class Connectors {
    private static final UriCompliance ENCODED_NAMES = UriCompliance.DEFAULT.with(
            "encoded names",
            Violation.AMBIGUOUS_EMPTY_SEGMENT,
            Violation.AMBIGUOUS_PATH_ENCODING,
            Violation.AMBIGUOUS_PATH_SEPARATOR,
            Violation.AMBIGUOUS_PATH_SEGMENT,
            Violation.ILLEGAL_PATH_CHARACTERS,
            Violation.SUSPICIOUS_PATH_CHARACTERS);

    private Connectors() {}

    /**
     * Refuses configurations that must not start, and sets the options that Keck needs.
     *
     * @param openAccess whether the operator wants ports that anyone may use
     * @param uncompressed paths whose answers are sent as stored
     * @throws IllegalStateException with a sentence that says what to do
     */
    public static void prepare(ServerFactory server, boolean openAccess, String... uncompressed) {
        bindToOwnAddresses(server);
        checkOpenAccess(server, openAccess);
        checkPorts(server);
        acceptEncodedNames(server);
        mapFailuresInOnePlace(server);
        keepAddressesOutOfThreadNames(server);
        sendAsTheyAre(server, uncompressed);
    }

    /**
     * Replaces a configured name that resolves to addresses of several machines by the one address that belongs to this
     * machine, so that all containers of a network can share one configuration with one name.
     */
    private static void bindToOwnAddresses(ServerFactory server) {
        for (ConnectorFactory connector : all(server)) {
            if (connector instanceof HttpConnectorFactory http) {
                http.setBindHost(OwnAddress.of(http.getBindHost()));
            }
        }
    }

    /**
     * Accepts names that Jetty alone would refuse: encoded percent signs, dots and slashes, empty segments, and characters
     * that browsers do not encode. No file or folder is served by its path, so such a name cannot escape anywhere; names are
     * checked where they are read and refused with a sentence.
     */
    public static void acceptEncodedNames(ServerFactory server) {
        for (ConnectorFactory connector : connectors(server)) {
            if (connector instanceof HttpConnectorFactory http) {
                http.setUriCompliance(ENCODED_NAMES);
            }
        }
    }

    /** Dropwizard would name the thread of a request after its address, and logs and thread dumps would show tokens in queries. */
    private static void keepAddressesOutOfThreadNames(ServerFactory server) {
        if (server instanceof AbstractServerFactory factory) {
            factory.setEnableThreadNameFilter(false);
        }
    }

    /**
     * Lets the exception mapper of the HTTP interface answer every failed call; Dropwizard would answer some of them in
     * JSON.
     */
    private static void mapFailuresInOnePlace(ServerFactory server) {
        if (server instanceof AbstractServerFactory factory) {
            factory.setRegisterDefaultExceptionMappers(false);
        }
    }

    /** Excludes these paths from compression, which would change their length, ranges and entity tags. */
    private static void sendAsTheyAre(ServerFactory server, String... paths) {
        if (server instanceof AbstractServerFactory factory) {
            Set<String> excluded = new HashSet<>(List.of(paths));
            Set<String> configured = factory.getGzipFilterFactory().getExcludedPaths(); // null if none are configured
            if (configured != null) {
                excluded.addAll(configured);
            }
            factory.getGzipFilterFactory().setExcludedPaths(excluded);
        }
    }

    /**
     * Refuses to start if the application listens beyond the loopback interface without access control and the operator has
     * not asked for that: anyone who reaches the server could read and write every document.
     *
     * @throws IllegalStateException with a sentence that says what to do
     */
    public static void checkOpenAccess(ServerFactory server, boolean openAccess) {
        if (openAccess) {
            return;
        }
        for (ConnectorFactory connector : connectors(server)) {
            if (connector instanceof HttpConnectorFactory http && !isLoopback(http.getBindHost())) {
                throw new IllegalStateException("Keck would listen on " + http.getBindHost()
                        + " and let anyone who reaches it read and write every document. Configure access control, for"
                        + " example with KECK_JWT_SECRET (see access in config.yml); or, if open access is wanted, set"
                        + " openAccess: true (KECK_OPEN_ACCESS=true); or let KECK_BIND be 127.0.0.1 and put a proxy that"
                        + " authenticates before it.");
            }
        }
    }

    /**
     * Refuses to start if a port is taken, before anything else is opened.
     *
     * @throws IllegalStateException with a sentence that says what to do
     */
    private static void checkPorts(ServerFactory server) {
        for (ConnectorFactory connector : all(server)) {
            if (connector instanceof HttpConnectorFactory http && http.getPort() != 0) {
                checkPort(http.getBindHost(), http.getPort());
            }
        }
    }

    private static void checkPort(@Nullable String host, int port) {
        InetSocketAddress address =
                host == null || host.isBlank() ? new InetSocketAddress(port) : new InetSocketAddress(host, port);
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "Keck cannot listen on " + address.getHostString() + ", port " + port + " (" + e.getMessage()
                            + "). Stop the process that uses the port, or choose another one with KECK_PORT and"
                            + " KECK_ADMIN_PORT; the address must belong to this machine.",
                    e);
        }
    }

    private static List<ConnectorFactory> connectors(ServerFactory server) {
        if (server instanceof DefaultServerFactory several) {
            return several.getApplicationConnectors();
        }
        return server instanceof SimpleServerFactory simple ? List.of(simple.getConnector()) : List.of();
    }

    /** The connectors for clients, then those for operators. */
    static List<ConnectorFactory> all(ServerFactory server) {
        List<ConnectorFactory> all = new ArrayList<>(connectors(server));
        if (server instanceof DefaultServerFactory several) {
            all.addAll(several.getAdminConnectors());
        }
        return all;
    }

    /** Registers the reload of certificates when their files change. */
    public static void reloadCertificates(Host host, ServerFactory server) {
        TlsReload.build(host, server);
    }

    /** The host names that clients may use for this server: the configured ones and those of the connectors. */
    public static HostNames hosts(ServerFactory server, HostNames configured) {
        HostNames names = configured;
        for (ConnectorFactory connector : all(server)) {
            if (connector instanceof HttpConnectorFactory http) {
                names = names.and(http.getBindHost());
            }
        }
        return names;
    }

    /** The connectors of the application, without those of the admin port. */
    public static List<HttpConnectorFactory> http(ServerFactory server) {
        return connectors(server).stream()
                .filter(HttpConnectorFactory.class::isInstance)
                .map(HttpConnectorFactory.class::cast)
                .toList();
    }

    /** Whether an address is reachable from this machine only. */
    public static boolean isLoopback(String host) {
        if (host == null || host.isBlank()) {
            return false; // null or empty means all interfaces
        }
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
