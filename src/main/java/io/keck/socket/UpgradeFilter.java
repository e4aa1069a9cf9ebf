package io.keck.socket;

import io.keck.room.ConnectionMetrics;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Stands before the WebSocket endpoint and says with an HTTP status and a sentence what an upgrade cannot say: a bad
 * room name, a plain GET, a server that goes down. Thread-safe.
 */
public final class UpgradeFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    /** The subprotocol that clients of Keck look for. */
    static final String PROTOCOL = "AFFiNE";

    private final transient Strikes strikes;
    private final transient SocketFactory.Gatekeeper gatekeeper;
    private final transient ConnectionMetrics metrics;

    UpgradeFilter(Strikes strikes, SocketFactory.Gatekeeper gatekeeper, ConnectionMetrics metrics) {
        this.strikes = strikes;
        this.gatekeeper = gatekeeper;
        this.metrics = metrics;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        RoomPath path = RoomPath.parse(request.getRequestURI());
        String room = path.room();
        if (room == null) {
            say(response, path.status(), path.problem());
        } else if (request.getMethod().equals("POST")) {
            response.setContentType("application/json");
            response.getOutputStream().print("{\"protocol\":\"" + PROTOCOL + "\"}");
        } else if (!request.getMethod().equals("GET")) {
            response.setHeader("Allow", "GET, POST");
            say(response, 405, "Only GET, to connect, and POST are understood here.");
        } else if (!isUpgrade(request)) {
            response.setHeader("Upgrade", "websocket");
            say(response, 426, "This is a WebSocket address: connect to it with y-websocket.");
        } else {
            upgrade(request, response, chain, room);
        }
    }

    private void upgrade(HttpServletRequest request, HttpServletResponse response, FilterChain chain, String room)
            throws IOException, ServletException {
        int status = strikes.status(request.getRemoteAddr(), room);
        if (status != 0) {
            response.setHeader("Retry-After", "30");
            refuse(response, status, "Connections from here to this room were closed for good, and more than once.");
        } else if (gatekeeper.isHeld(room)) {
            response.setHeader("Retry-After", "60");
            refuse(response, 404, "This document was deleted a moment ago.");
        } else if (!gatekeeper.accepts(room)) {
            response.setHeader("Retry-After", "1");
            refuse(response, 503, "This node cannot open the room now, please try again.");
        } else {
            chain.doFilter(request, response);
        }
    }

    private void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        metrics.refused(status);
        say(response, status, sentence);
    }

    private static boolean isUpgrade(HttpServletRequest request) {
        String upgrade = request.getHeader("Upgrade");
        return upgrade != null && upgrade.toLowerCase(Locale.ROOT).contains("websocket");
    }

    private static void say(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain;charset=utf-8");
        response.getOutputStream().write((sentence + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
