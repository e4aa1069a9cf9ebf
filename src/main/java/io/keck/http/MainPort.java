package io.keck.http;

import io.dropwizard.core.setup.Environment;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;

/** Sets up how the main port parses addresses and answers requests that reach no servlet. Stateless. */
public final class MainPort {
    private MainPort() {}

    /**
     * Installs the repair of illegal URIs, the error pages and the deadline for headers.
     *
     * @param connectionHeaderMissing the sentence for an upgrade that the {@code Connection} header does not name
     * @return the deadline for headers, whose {@code tick} the caller must call about once a second
     */
    public static HeaderDeadline install(Environment environment, String connectionHeaderMissing) {
        HeaderDeadline deadline = new HeaderDeadline(() -> System.nanoTime() / 1_000_000);
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
                    server.insertHandler(new HeaderDeadline.Beginnings());
                }
            }
        });
        return deadline;
    }
}
