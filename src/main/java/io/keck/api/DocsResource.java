package io.keck.api;

import io.keck.access.Public;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** Serves Swagger UI from its WebJar for {@code /api/jwst.json}: a fixed list of files. Thread-safe. */
@Path("/docs")
public final class DocsResource {
    /** Contains the version that the build uses. */
    private static final String VERSION = "swagger-ui.properties";

    private static final String INDEX = "index.html";
    private static final String START = "swagger-initializer.js";
    private static final Map<String, String> TYPES = Map.of(
            INDEX,
            "text/html;charset=utf-8",
            START,
            "text/javascript;charset=utf-8",
            "index.css",
            "text/css;charset=utf-8",
            "swagger-ui.css",
            "text/css;charset=utf-8",
            "swagger-ui-bundle.js",
            "text/javascript;charset=utf-8",
            "swagger-ui-standalone-preset.js",
            "text/javascript;charset=utf-8",
            "favicon-16x16.png",
            "image/png",
            "favicon-32x32.png",
            "image/png");

    /** Replaces the WebJar's page, which has no viewport, so phones would show it at desktop size. */
    private static final String OWN_INDEX = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Keck: HTTP interface</title>
            <link rel="stylesheet" href="swagger-ui.css">
            <link rel="stylesheet" href="index.css">
            <link rel="icon" type="image/png" href="favicon-32x32.png" sizes="32x32">
            <link rel="icon" type="image/png" href="favicon-16x16.png" sizes="16x16">
            </head>
            <body>
            <div id="swagger-ui"></div>
            <script src="swagger-ui-bundle.js"></script>
            <script src="swagger-ui-standalone-preset.js"></script>
            <script src="swagger-initializer.js"></script>
            </body>
            </html>
            """;

    /** Replaces the WebJar's script, which shows a different interface. */
    private static final String OWN_START = """
            window.onload = () => {
              window.ui = SwaggerUIBundle({
                url: '../jwst.json',
                dom_id: '#swagger-ui',
                deepLinking: true,
                validatorUrl: null,
                presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
                layout: 'StandaloneLayout'
              })
            }
            """;

    private static final Map<String, String> OWN = Map.of(INDEX, OWN_INDEX, START, OWN_START);

    private final String folder;

    DocsResource() {
        try (InputStream in = opened(DocsResource.class.getResourceAsStream(VERSION), VERSION)) {
            Properties properties = new Properties();
            properties.load(in);
            folder = "/META-INF/resources/webjars/swagger-ui/" + properties.getProperty("version") + "/";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream opened(@Nullable InputStream in, String name) {
        if (in == null) {
            throw new IllegalStateException(name + " is not in the jar");
        }
        return in;
    }

    private byte[] packaged(String file) throws IOException {
        try (InputStream in = opened(DocsResource.class.getResourceAsStream(folder + file), file)) {
            return in.readAllBytes();
        }
    }

    /** The page; redirects to the address with a trailing slash, without which its files would not be found. */
    @Public("It describes the interface, and no document.")
    @GET
    public Response index(@Context UriInfo uri) throws IOException {
        return uri.getRequestUri().getRawPath().endsWith("/")
                ? file(INDEX)
                : Response.status(Status.FOUND).location(URI.create("docs/")).build();
    }

    /** A file of the page. */
    @Public("It describes the interface, and no document.")
    @GET
    @Path("{file}")
    public Response file(@PathParam("file") String file) throws IOException {
        String type = TYPES.get(file);
        if (type == null) {
            return Failures.response(Reply.text(Status.NOT_FOUND, "Not Found.")).build();
        }
        String own = OWN.get(file);
        byte[] bytes = own == null ? packaged(file) : own.getBytes(StandardCharsets.UTF_8);
        return Response.ok(bytes)
                .type(type)
                .header("X-Content-Type-Options", "nosniff")
                .build();
    }
}
