package io.keck.ops;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Lets {@code POST /tasks/log-level} change the levels of Keck's own loggers alone. At DEBUG, the loggers of Jetty and
 * of drivers print headers, queries and statements, including tokens and texts of clients. Stateless.
 */
public final class LogLevelFilter extends HttpFilter {
    /** The path on the admin port. */
    public static final String PATH = "/tasks/log-level";

    private static final long serialVersionUID = 1L;
    private static final String KECK = "io.keck";

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String[] loggers = request.getParameterValues("logger");
        if (loggers != null) {
            for (String logger : loggers) {
                if (!logger.equals(KECK) && !logger.startsWith(KECK + ".")) {
                    response.setStatus(HttpServletResponse.SC_BAD_REQUEST);
                    response.setContentType("text/plain;charset=utf-8");
                    response.getWriter()
                            .println("Only the level of io.keck and of loggers below it can be changed while the server"
                                    + " runs: others would print data of clients. Set their levels in the"
                                    + " configuration.");
                    return;
                }
            }
        }
        chain.doFilter(request, response);
    }
}
