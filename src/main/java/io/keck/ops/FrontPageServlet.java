package io.keck.ops;

import io.dropwizard.core.setup.Environment;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** {@code GET /}: a small page that introduces Keck and describes how to connect, and its icon. Stateless. */
public final class FrontPageServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    /** The address at which browsers request the icon. */
    private static final String ICON = "/favicon.ico";

    private static final String LINK_TO_DOCS =
            "<p><a href=\"api/docs/\">/api/docs/</a> describes the HTTP interface for back ends.</p>\n";

    private final boolean described;

    /**
     * Puts the page at the root of the main port.
     *
     * @param described whether there is a page that describes the HTTP interface
     */
    public static void addTo(Environment environment, boolean described) {
        environment
                .servlets()
                .addServlet("front", new FrontPageServlet(described))
                .addMapping("", ICON);
    }

    private FrontPageServlet(boolean described) {
        this.described = described;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getServletPath().equals(ICON)) {
            response.setContentType("image/x-icon");
            response.setHeader("Cache-Control", "public, max-age=86400");
            response.getOutputStream().write(asset("favicon.ico"));
            return;
        }
        String version = getClass().getPackage().getImplementationVersion();
        String page = new String(asset("index.html"), StandardCharsets.UTF_8)
                .replace("{{docs}}", described ? LINK_TO_DOCS : "")
                .replace("{{version}}", version == null ? "" : " " + version);
        response.setContentType("text/html;charset=utf-8");
        response.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'");
        response.getOutputStream().write(page.getBytes(StandardCharsets.UTF_8));
    }

    private byte[] asset(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/assets/" + name), name)) {
            return in.readAllBytes();
        }
    }
}
