package io.keck.socket;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Checks the headers of a GET as the opening handshake of a WebSocket (RFC 6455, section 4.2.1). Incompletely configured
 * proxies are the usual cause of a bad handshake, so a refusal names the lines that nginx lacks.
 *
 * @param status the HTTP status to refuse with, or 0
 * @param problem the problem as a sentence; empty if there is none
 * @param isAttempt whether a WebSocket client sent the request, and not a browser that followed a link
 */
record Handshake(int status, String problem, boolean isAttempt) {
    static final int UPGRADE_REQUIRED = 426;
    private static final int BAD_REQUEST = 400;
    /** The only version of the WebSocket protocol. */
    static final String VERSION = "13";

    private static final int NONCE_BYTES = 16;

    /** Checks the headers of a request. */
    static Handshake of(HttpServletRequest request) {
        String upgrade = request.getHeader("Upgrade");
        String key = request.getHeader("Sec-WebSocket-Key");
        String version = request.getHeader("Sec-WebSocket-Version");
        boolean attempt = upgrade != null || key != null || version != null;
        List<String> missing = missingLines(request, upgrade);
        if (!missing.isEmpty()) {
            String sentence = attempt
                    ? lost(missing.toArray(String[]::new))
                    : "This is a WebSocket address: connect to it with y-websocket. If a WebSocket client gets this answer, the"
                            + " location of Keck in nginx lacks " + quoted(missing) + ".";
            return upgradeRequired(sentence, attempt);
        }
        if (!"websocket".equalsIgnoreCase(upgrade)) {
            return upgradeRequired(
                    "The only protocol to upgrade to is websocket: the Upgrade header must name it and no other.",
                    true);
        }
        if (!VERSION.equals(version)) {
            return upgradeRequired("The header Sec-WebSocket-Version must be 13, the version of RFC 6455.", true);
        }
        return isNonce(key)
                ? new Handshake(0, "", true)
                : new Handshake(
                        BAD_REQUEST,
                        "The header Sec-WebSocket-Key must be 16 bytes in base64, as RFC 6455 says.",
                        true);
    }

    private static Handshake upgradeRequired(String problem, boolean attempt) {
        return new Handshake(UPGRADE_REQUIRED, problem, attempt);
    }

    private static List<String> missingLines(HttpServletRequest request, @Nullable String upgrade) {
        List<String> lines = new ArrayList<>();
        if (!request.getProtocol().equals("HTTP/1.1")) {
            lines.add("proxy_http_version 1.1;");
        }
        if (upgrade == null) {
            lines.add("proxy_set_header Upgrade $http_upgrade;");
        }
        if (!saysUpgrade(request)) {
            lines.add("proxy_set_header Connection upgrade;");
        }
        return lines;
    }

    private static boolean saysUpgrade(HttpServletRequest request) {
        return Collections.list(request.getHeaders("Connection")).stream()
                .flatMap(value -> List.of(value.split(",")).stream())
                .anyMatch(option -> option.strip().toLowerCase(Locale.ROOT).equals("upgrade"));
    }

    /** The problem of a handshake from which a proxy removed what these nginx lines would preserve. */
    static String lost(String... lines) {
        return "A proxy removed a part of this WebSocket handshake. In nginx, the location of Keck lacks "
                + quoted(List.of(lines)) + ".";
    }

    private static String quoted(List<String> lines) {
        return "the line" + (lines.size() == 1 ? " \"" : "s \"") + String.join("\", \"", lines) + "\"";
    }

    private static boolean isNonce(@Nullable String key) {
        try {
            return key != null && Base64.getDecoder().decode(key.strip()).length == NONCE_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
