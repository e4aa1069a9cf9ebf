package io.keck.ops;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.core.setup.Environment;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/**
 * {@code GET /}: the page that shows Keck at work, and its icon. A jar that was built without Node has a plain page instead, which says how
 * to connect. Thread-safe.
 */
public final class FrontPageServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    /** The address at which browsers request the icon. */
    private static final String ICON = "/favicon.ico";

    private static final String LINK_TO_DOCS =
            "<p><a href=\"api/docs/\">/api/docs/</a> describes the HTTP interface for back ends.</p>\n";

    /** The page loads only what this server has, and connects only to it. Editors set the colour of a caret in its style attribute. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
                    + "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final String PLAIN_POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'";

    /**
     * What the page says of the server.
     *
     * @param node the label of this node
     * @param isOpen whether everyone may edit, so that the page can offer a document to try
     * @param isDescribed whether there is a page that describes the HTTP interface
     */
    public record Server(String node, boolean isOpen, boolean isDescribed) {}

    private final Server server;

    /** Puts the page at the root of the main port. */
    public static void addTo(Environment environment, Server server) {
        environment.servlets().addServlet("front", new FrontPageServlet(server)).addMapping("", ICON);
    }

    FrontPageServlet(Server server) {
        this.server = server;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getServletPath().equals(ICON)) {
            response.setContentType("image/x-icon");
            response.setHeader("Cache-Control", "public, max-age=86400");
            response.getOutputStream().write(asset("favicon.ico"));
            return;
        }
        boolean isPlain = getClass().getResource("/assets/site/index.html") == null;
        response.setContentType("text/html;charset=utf-8");
        response.setHeader("Content-Security-Policy", isPlain ? PLAIN_POLICY : POLICY);
        response.setHeader("Cache-Control", "no-cache");
        response.getOutputStream().write((isPlain ? plainPage() : page()).getBytes(StandardCharsets.UTF_8));
    }

    private String page() throws IOException {
        String json = new ObjectMapper()
                .writeValueAsString(Map.of(
                        "version", version(),
                        "node", server.node,
                        "isOpen", server.isOpen,
                        "isDescribed", server.isDescribed));
        return new String(asset("site/index.html"), StandardCharsets.UTF_8).replace("{{server}}", escaped(json));
    }

    private String plainPage() throws IOException {
        return new String(asset("index.html"), StandardCharsets.UTF_8)
                .replace("{{docs}}", server.isDescribed ? LINK_TO_DOCS : "")
                .replace("{{version}}", version().isEmpty() ? "" : " " + version());
    }

    private static String version() {
        return Objects.requireNonNullElse(FrontPageServlet.class.getPackage().getImplementationVersion(), "");
    }

    /** Escapes text for an attribute in double quotes. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
    }

    private byte[] asset(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/assets/" + name), name)) {
            return in.readAllBytes();
        }
    }
}
