package io.keck.api;

import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address by which clients reach this server, for answers that contain addresses: the configured one, or else the one
 * that a request was sent to, as far as proxies tell. Immutable.
 */
final class PublicAddress {
    private static final Map<String, Integer> PORTS = Map.of("http", 80, "https", 443);
    private static final Pattern PREFIX = Pattern.compile("(/[A-Za-z0-9._~-]+)+/?");
    private static final String UNRESERVED = "-._~";

    private final String configured;

    /** @param configured {@code http(s)://host[:port][/path]}; empty for none */
    PublicAddress(String configured) {
        this.configured = withoutSlash(configured);
    }

    /** The address of the root, without a slash at the end. */
    String of(HttpServletRequest request) {
        if (!configured.isEmpty()) {
            return configured;
        }
        String scheme = request.getScheme();
        String host = request.getServerName();
        if (host.indexOf(':') >= 0 && !host.startsWith("[")) {
            host = "[" + host + "]";
        }
        int port = request.getServerPort();
        boolean isUsual = Integer.valueOf(port).equals(PORTS.get(scheme));
        return scheme + "://" + host + (isUsual ? "" : ":" + port) + prefix(request.getHeader("X-Forwarded-Prefix"));
    }

    /** Returns the prefix that a proxy has removed from the path. Its answer goes only to the client that sent the header. */
    private static String prefix(@Nullable String header) {
        return header != null && PREFIX.matcher(header).matches() ? withoutSlash(header) : "";
    }

    private static String withoutSlash(String address) {
        return address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    }

    /** Returns an HTTP address as an address for WebSockets. */
    static String socket(String http) {
        return "ws" + http.substring("http".length());
    }

    /** Returns a name as one segment of a path. */
    static String segment(String name) {
        StringBuilder out = new StringBuilder(name.length() + 16);
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = (b >= 'a' && b <= 'z')
                    || (b >= 'A' && b <= 'Z')
                    || (b >= '0' && b <= '9')
                    || UNRESERVED.indexOf(b) >= 0;
            if (plain) {
                out.append((char) b);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(b >> 4 & 15, 16)))
                        .append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
            }
        }
        return out.toString();
    }
}
