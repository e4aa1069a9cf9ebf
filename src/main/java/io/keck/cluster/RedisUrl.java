package io.keck.cluster;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * A parsed {@code REDIS_URL}:
 *
 * <pre>
 *   redis://[user:password@]host[:6379][/database]
 *   redis-sentinel://[user:password@]host[:26379],host…/master[/database]
 *   redis-cluster://[user:password@]host[:6379],host…
 * </pre>
 *
 * {@code rediss://}, {@code rediss-sentinel://} and {@code rediss-cluster://} are the same over TLS.
 *
 * @param user null if the URL names none
 * @param password null if the URL names none; never printed
 * @param master the name of the master for the sentinels, otherwise empty
 */
record RedisUrl(
        Kind kind,
        boolean tls,
        List<HostAndPort> hosts,
        @Nullable String user,
        @Nullable String password,
        String master,
        int database) {
    /** How the servers are organized. */
    enum Kind {
        STANDALONE,
        SENTINEL,
        CLUSTER
    }

    private static final Pattern URL = Pattern.compile("redis(s?)(-sentinel|-cluster)?://(.*)", Pattern.DOTALL);
    private static final Pattern HOST = Pattern.compile("([^\\[\\]:,@/]+|\\[[0-9A-Fa-f:.]+])(?::([0-9]{1,5}))?");
    /** The characters that a URL may have (RFC 3986); percent signs only before two hexadecimal digits. */
    private static final Pattern VALID = Pattern.compile("(?:[A-Za-z0-9\\-._~:/\\[\\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*");

    private static final int PORT = 6379;
    private static final int SENTINEL_PORT = 26379;

    /**
     * Parses a URL.
     *
     * @throws IllegalArgumentException with a sentence that does not repeat the URL, since that may contain a password
     */
    static RedisUrl parse(String url) {
        Matcher matcher = URL.matcher(url.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("The Redis URL must begin with redis://, rediss://, redis-sentinel://,"
                    + " rediss-sentinel://, redis-cluster:// or rediss-cluster://.");
        }
        Kind kind = matcher.group(2) == null
                ? Kind.STANDALONE
                : Kind.valueOf(matcher.group(2).substring(1).toUpperCase(Locale.ROOT));
        String rest = matcher.group(3);
        requireValid(rest);
        int at = rest.lastIndexOf('@');
        String info = at < 0 ? "" : rest.substring(0, at);
        int colon = info.indexOf(':');
        String[] parts = rest.substring(at + 1).split("/", -1);
        boolean sentinel = kind == Kind.SENTINEL;
        String master = sentinel && parts.length > 1 ? decode(parts[1]) : "";
        if (sentinel && master.isEmpty()) {
            throw new IllegalArgumentException("The Redis URL of sentinels must name the master: …/mymaster.");
        }
        int database = database(kind, sentinel ? 2 : 1, parts);
        List<HostAndPort> hosts = hosts(parts[0], sentinel ? SENTINEL_PORT : PORT);
        if (kind == Kind.STANDALONE && hosts.size() > 1) {
            throw new IllegalArgumentException("The Redis URL names several hosts; for those there are"
                    + " redis-sentinel:// and redis-cluster://.");
        }
        String user = decode(colon < 0 ? info : info.substring(0, colon));
        return new RedisUrl(
                kind,
                !matcher.group(1).isEmpty(),
                hosts,
                user.isEmpty() ? null : user,
                colon < 0 ? null : decode(info.substring(colon + 1)),
                master,
                database);
    }

    private static void requireValid(String rest) {
        if (rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
            throw new IllegalArgumentException("The Redis URL may not have parameters; they belong into config.yml.");
        }
        if (!VALID.matcher(rest).matches()) {
            throw new IllegalArgumentException(
                    "The Redis URL is not a valid URL; special characters in the password must be %-encoded.");
        }
    }

    private static int database(Kind kind, int index, String[] parts) {
        String text = parts.length > index ? parts[index] : "";
        boolean valid = text.isEmpty() || (kind != Kind.CLUSTER && text.matches("[0-9]{1,6}"));
        if (!valid || parts.length > index + 1) {
            throw new IllegalArgumentException(
                    "The path of the Redis URL must be the number of a database, which a cluster does not have.");
        }
        return text.isEmpty() ? 0 : Integer.parseInt(text);
    }

    private static List<HostAndPort> hosts(String list, int defaultPort) {
        List<HostAndPort> hosts = new ArrayList<>();
        for (String item : list.split(",", -1)) {
            Matcher host = HOST.matcher(item);
            int port = !host.matches() ? -1 : host.group(2) == null ? defaultPort : Integer.parseInt(host.group(2));
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("The Redis URL must name a host, and a port of 1 to 65535.");
            }
            hosts.add(new HostAndPort(host.group(1).replaceAll("[\\[\\]]", ""), port));
        }
        return List.copyOf(hosts);
    }

    /** Decodes percent-encoding as in URLs, where a plus sign stands for itself. */
    private static String decode(String s) {
        return URLDecoder.decode(s.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** A form that may be logged: without user and password. */
    @Override
    public String toString() {
        return "Redis" + (kind == Kind.STANDALONE ? "" : " " + kind.name().toLowerCase(Locale.ROOT)) + " at " + hosts;
    }
}
