package io.keck.http;

import io.dropwizard.core.server.ServerFactory;
import io.dropwizard.core.server.SimpleServerFactory;
import io.dropwizard.core.setup.Environment;
import io.keck.room.RepeatedWarning;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the {@link BrowserGuard} before everything on both ports. Stateless. */
public final class Guard {
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

    /** The name that Dropwizard gives the connectors of the admin port. */
    private static final String ADMIN = "admin";

    private Guard() {}

    /**
     * Installs the guard when the server starts. Must be called after all other handlers in front of the servlets were
     * added.
     *
     * @param server the configured server, which determines which requests are for operators
     * @param hosts the server's own names
     * @param origins the origins of pages that may use the main port, or "*" for all
     * @param refused counts a refusal: host, origin, preflight or header
     * @param clock milliseconds of a steady clock, for the log
     */
    public static void install(
            Environment environment,
            ServerFactory server,
            HostNames hosts,
            Set<String> origins,
            Consumer<String> refused,
            LongSupplier clock) {
        Map<BrowserGuard.Reason, RepeatedWarning> warnings = new EnumMap<>(BrowserGuard.Reason.class);
        Map<BrowserGuard.Reason, String> labels = new EnumMap<>(BrowserGuard.Reason.class);
        for (BrowserGuard.Reason reason : BrowserGuard.Reason.values()) {
            warnings.put(reason, new RepeatedWarning(LOG, clock));
            labels.put(reason, reason.name().toLowerCase(Locale.ROOT));
        }
        BrowserGuard.Rules rules = new BrowserGuard.Rules(
                hosts,
                origins.stream().map(o -> o.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet()),
                isAdmin(server));
        environment.lifecycle().addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStarting(LifeCycle event) {
                if (event instanceof Server jetty) {
                    jetty.insertHandler(new BrowserGuard(
                            rules,
                            reason -> refused.accept(Objects.requireNonNull(labels.get(reason))),
                            (reason, sentence) ->
                                    Objects.requireNonNull(warnings.get(reason)).warn(sentence)));
                }
            }
        });
    }

    private static Predicate<Request> isAdmin(ServerFactory server) {
        if (server instanceof SimpleServerFactory simple) { // one port: operators have a path
            String path = simple.getAdminContextPath();
            return request -> {
                String asked = request.getHttpURI().getCanonicalPath();
                return asked != null && (asked.equals(path) || asked.startsWith(path + "/"));
            };
        }
        return request ->
                ADMIN.equals(request.getConnectionMetaData().getConnector().getName());
    }
}
