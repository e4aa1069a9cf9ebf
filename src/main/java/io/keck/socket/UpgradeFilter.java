package io.keck.socket;

import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.RoomName;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Stands before the WebSocket endpoint and says with an HTTP status and a sentence what an upgrade cannot say: a bad
 * room name, a handshake that a proxy has spoiled, a server that goes down. Thread-safe.
 */
public final class UpgradeFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    /** The subprotocol that clients of Keck look for. */
    static final String PROTOCOL = "AFFiNE";

    /** The refusal of a handshake without a Connection header, which Jetty refuses before it makes a request of it. */
    public static final String CONNECTION_HEADER_MISSING = Handshake.lost("proxy_set_header Connection upgrade;");

    private final transient SocketFactory.Gatekeeper gatekeeper;
    private final transient ConnectionMetrics metrics;
    private final transient SocketShares shares;

    UpgradeFilter(SocketFactory.Gatekeeper gatekeeper, ConnectionMetrics metrics, SocketShares shares) {
        this.shares = shares;
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
        } else {
            get(request, response, chain, room);
        }
    }

    private void get(HttpServletRequest request, HttpServletResponse response, FilterChain chain, String room)
            throws IOException, ServletException {
        Handshake handshake = Handshake.of(request);
        if (handshake.status() == 0) {
            upgrade(request, response, chain, room);
            return;
        }
        if (handshake.status() == Handshake.UPGRADE_REQUIRED) {
            response.setHeader("Upgrade", "websocket");
            response.setHeader("Sec-WebSocket-Version", Handshake.VERSION);
        }
        if (handshake.isAttempt()) {
            metrics.refused(handshake.status());
        }
        say(response, handshake.status(), handshake.problem());
    }

    private void upgrade(HttpServletRequest request, HttpServletResponse response, FilterChain chain, String room)
            throws IOException, ServletException {
        SocketShares.Refused refused = shares.judge(request.getRemoteAddr());
        if (refused != null) {
            response.setHeader("Retry-After", "5");
            refuse(response, refused.status(), refused.sentence());
        } else if (gatekeeper.isHeld(room)) {
            response.setHeader("Retry-After", "60");
            refuse(response, 404, "This document was deleted a moment ago.");
        } else if (!gatekeeper.accepts(room)) {
            response.setHeader("Retry-After", "1");
            refuse(response, 503, "This node cannot open the room now, please try again.");
        } else if (RoomName.problemOfNew(room).isPresent() && !gatekeeper.exists(room)) {
            refuse(response, 400, RoomName.problemOfNew(room).get());
        } else if (!gatekeeper.mayBegin(request.getRemoteAddr(), room)) {
            response.setHeader("Retry-After", "60");
            refuse(
                    response,
                    429,
                    "Too many new documents were begun from this address within an hour; try again later.");
        } else {
            chain.doFilter(request, response);
        }
    }

    private void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        metrics.refused(status);
        say(response, status, sentence);
    }

    private static void say(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain;charset=utf-8");
        response.getOutputStream().write((sentence + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
