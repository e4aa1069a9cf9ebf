package io.keck.http;

import io.dropwizard.core.setup.Environment;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;

/** How the main port reads addresses, and what it answers where no servlet does. Stateless. */
public final class MainPort {
    private MainPort() {}

    /**
     * Makes a legal URI of every address that clients send, and a sentence of everything that Jetty refuses.
     *
     * @param connectionHeaderMissing what is answered to an upgrade whose {@code Connection} header does not name it
     * @return what ends connections whose headers do not come; to be given ticks
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
                    server.insertHandler(new RequestUris());
                    server.insertHandler(new HeaderDeadline.Beginnings());
                }
            }
        });
        return deadline;
    }
}
