package io.keck.auth;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Right;
import io.keck.access.Visit;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Guards the admin port: metrics and health need {@link Right#METRICS}, tasks and everything else {@link Right#OPERATE}.
 * Each task is recorded in the audit log, even if access is open. Thread-safe.
 */
final class AdminGate extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final Set<String> READING = Set.of("GET", "HEAD");
    private static final Set<String> READABLE = Set.of("/metrics", "/healthcheck", "/ping");
    private static final String ROOM = "room";

    private final transient Audit audit;

    AdminGate(Audit audit) {
        this.audit = audit;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String path = request.getRequestURI();
        boolean reads = READING.contains(request.getMethod());
        Right right = reads && isReadable(path) ? Right.METRICS : Right.OPERATE;
        Decision decision = Visit.of(request.getAttribute(Visit.ATTRIBUTE)).onServer(right);
        if (decision instanceof Decision.Refused refused) {
            refuse(response, refused);
            if (!reads) {
                audit.operated("", path, refused.fault().status());
            }
            return;
        }
        chain.doFilter(request, response);
        if (!reads && decision instanceof Decision.Admitted admitted) {
            audit.operated(admitted.grant().principal().id(), what(request, path), response.getStatus());
        }
    }

    /** Whether a path, as it was written, is readable or lies below a readable one; any other path needs more rights. */
    private static boolean isReadable(@Nullable String path) {
        return path != null
                && !path.contains("..")
                && READABLE.stream().anyMatch(known -> path.equals(known) || path.startsWith(known + "/"));
    }

    /** Names the path and the room; other parameters are left out, since they may hold a credential. */
    private static String what(HttpServletRequest request, String path) {
        String room = request.getParameter(ROOM);
        return room == null ? path : path + " " + room;
    }

    private static void refuse(HttpServletResponse response, Decision.Refused refused) throws IOException {
        Fault fault = refused.fault();
        response.setStatus(fault.status());
        if (fault.status() == HttpServletResponse.SC_UNAUTHORIZED) {
            response.setHeader("WWW-Authenticate", "Bearer");
        }
        if (refused.retryAfterSeconds() > 0) {
            response.setHeader("Retry-After", Integer.toString(refused.retryAfterSeconds()));
        }
        response.setContentType("text/plain;charset=utf-8");
        response.getOutputStream().write((fault.sentence() + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
