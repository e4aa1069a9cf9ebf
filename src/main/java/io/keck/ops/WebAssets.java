package io.keck.ops;

import io.dropwizard.core.setup.Environment;
import io.dropwizard.servlets.assets.AssetServlet;
import java.nio.charset.StandardCharsets;

/**
 * Serves what browsers load from the jar: {@code /client/} has KeckProvider. The build puts the files there if Node is installed;
 * without them the addresses are answered with 404. Stateless.
 */
public final class WebAssets {
    private WebAssets() {}

    /** Adds the addresses to the main port. */
    public static void addTo(Environment environment) {
        environment
                .servlets()
                .addServlet("client", new AssetServlet("/assets/client", "/client", null, StandardCharsets.UTF_8))
                .addMapping("/client/*");
    }
}
