package io.keck.ops;

import io.dropwizard.core.setup.Environment;
import io.dropwizard.servlets.assets.AssetServlet;
import java.nio.charset.StandardCharsets;

/**
 * Serves what browsers load from the jar: {@code /client/} has KeckProvider, {@code /web/} the parts of
 * the first page, {@code /docs/} the documentation. The build puts the files there if Node is installed;
 * without them the addresses are answered with 404. Stateless.
 */
public final class WebAssets {
    private WebAssets() {}

    /** Adds the addresses to the main port. */
    public static void addTo(Environment environment) {
        add(environment, "client", "/assets/client", "/client");
        add(environment, "web", "/assets/site/web", "/web");
        add(environment, "docs", "/assets/site/docs", "/docs");
    }

    private static void add(Environment environment, String name, String resources, String path) {
        environment
                .servlets()
                .addServlet(name, new AssetServlet(resources, path, "index.html", StandardCharsets.UTF_8))
                .addMapping(path + "/*");
    }
}
