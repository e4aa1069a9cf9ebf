package io.keck.http;

import io.dropwizard.core.setup.Environment;
import io.keck.heap.AddressShares;
import io.keck.heap.OpenFiles;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;

/** Sets up how the main port parses addresses and answers requests that reach no servlet. Stateless. */
public final class MainPort {
    private static final String HEALTH = "/health";
    /** What the paths of files begin with. */
    private static final List<String> PAGES = List.of("/client/", "/docs/", "/api/docs", "/api/jwst.json");

    /** The percentage of the places for waiting connections that one address, which may be a proxy, can take. */
    private static final int OF_ONE_ADDRESS = 75;

    private static final int PERCENT = 100;

    private MainPort() {}

    /**
     * Installs the repair of illegal URIs, the error pages, the shares of threads, and the bounds of connections that wait for a
     * request.
     *
     * @param connectionHeaderMissing the sentence for an upgrade that the {@code Connection} header does not name
     * @return the deadline for headers, whose {@code tick} the caller must call about once a second
     */
    public static HeaderDeadline install(Environment environment, String connectionHeaderMissing) {
        int connections = OpenFiles.waiting(OpenFiles.limit());
        HeaderDeadline deadline = new HeaderDeadline(
                () -> System.nanoTime() / 1_000_000,
                new AddressShares(connections, Math.max(1, connections * OF_ONE_ADDRESS / PERCENT)));
        ErrorPages pages = new ErrorPages(connectionHeaderMissing);
        environment.getApplicationContext().setErrorHandler(pages);
        environment.getApplicationContext().getServletHandler().setDecodeAmbiguousURIs(true);
        environment.jersey().setUrlPattern("/api/*");
        environment.lifecycle().addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStarting(LifeCycle event) {
                if (event instanceof Server server) {
                    LenientHttp.install(server, environment.metrics(), deadline);
                    server.setErrorHandler(pages);
                    server.insertHandler(new WholeGzip());
                    server.insertHandler(new YSweetPaths());
                    server.insertHandler(new RequestUris());
                    server.insertHandler(new ThreadShares(MainPort::kind));
                    server.insertHandler(new HeaderDeadline.Beginnings());
                }
            }
        });
        return deadline;
    }

    /** The kind of a request, by which its threads are limited. */
    private static ThreadShares.Kind kind(Request request) {
        String path = request.getHttpURI().getCanonicalPath();
        if (path == null) {
            return ThreadShares.Kind.CALL;
        }
        if (path.equals(HEALTH) || path.startsWith(HEALTH + "/")) {
            return ThreadShares.Kind.HEALTH;
        }
        if (PAGES.stream().anyMatch(path::startsWith) || path.equals("/")) {
            return ThreadShares.Kind.PAGE;
        }
        boolean isUpgrade = request.getMethod().equals("GET")
                && request.getHeaders().contains(HttpHeader.UPGRADE)
                && !path.startsWith("/api/");
        return isUpgrade ? ThreadShares.Kind.UPGRADE : ThreadShares.Kind.CALL;
    }
}
