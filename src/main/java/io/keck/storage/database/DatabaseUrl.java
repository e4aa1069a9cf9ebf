package io.keck.storage.database;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A parsed {@code DATABASE_URL}: {@code postgres://user:pw@host:5432/db}, {@code postgresql://…}, a
 * {@code jdbc:} URL of PostgreSQL or SQLite, or nothing for the embedded database.
 *
 * @param jdbcUrl the URL for the driver, without credentials from the user part
 * @param user null if the URL has none
 * @param password null if the URL has none; never printed
 */
public record DatabaseUrl(
        String jdbcUrl, @Nullable String user, @Nullable String password) {
    private static final String EMBEDDED = "jdbc:sqlite:data/keck.db";
    private static final String HOST = "([^\\[\\]:,@]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?";
    private static final String SQLITE = "jdbc:sqlite:";
    public static final String PREPARE_THRESHOLD = "prepareThreshold";
    private static final String POSTGRES = "jdbc:postgresql://";

    private static final Pattern MODE = Pattern.compile("[?&]sslmode=([^&]*)");
    private static final List<String> MODES =
            List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** A host with or without port, or several with commas between. */
    private static final Pattern HOSTS = Pattern.compile("HOST(,HOST)*".replace("HOST", HOST));

    /**
     * Settings under which every commit reaches the disk, readers and the writer do not block each other, and locks are
     * awaited.
     */
    private static final Map<String, String> SQLITE_DEFAULTS = defaults();

    /**
     * Statements without names ({@link NamedStatements} gives them where that is safe); a connection that is silently
     * dead is abandoned after a while.
     */
    private static final Map<String, String> POSTGRES_DEFAULTS = postgresDefaults();

    private static Map<String, String> defaults() {
        Map<String, String> m = new LinkedHashMap<>();
        m.put("journal_mode", "WAL");
        m.put("synchronous", "FULL");
        m.put("transaction_mode", "IMMEDIATE");
        m.put("busy_timeout", "5000");
        m.put("foreign_keys", "true");
        // otherwise the driver prepares and runs one more statement after each insert, whose answer nobody reads
        m.put("jdbc.get_generated_keys", "false");
        return m;
    }

    private static Map<String, String> postgresDefaults() {
        Map<String, String> m = new LinkedHashMap<>();
        m.put(PREPARE_THRESHOLD, "0");
        m.put("connectTimeout", "5");
        m.put("socketTimeout", "20");
        m.put("tcpKeepAlive", "true");
        m.put("ApplicationName", "keck");
        return m;
    }

    /**
     * Parses a URL.
     *
     * @throws IllegalArgumentException with a sentence that does not repeat the URL, because it may contain a password
     */
    public static DatabaseUrl parse(@Nullable String url) {
        if (url == null || url.isBlank()) {
            return new DatabaseUrl(withSqliteDefaults(EMBEDDED), null, null);
        }
        String trimmed = url.strip();
        if (trimmed.startsWith(SQLITE)) {
            return new DatabaseUrl(withSqliteDefaults(trimmed), null, null);
        }
        if (trimmed.startsWith(POSTGRES)) {
            // the driver would treat a user part as the host, and print it when it cannot resolve it
            String hosts = trimmed.substring(POSTGRES.length()).split("[/?]", 2)[0];
            if (hosts.contains("@")) {
                return postgres(trimmed.substring("jdbc:".length()));
            }
            requireWhole(contains(trimmed.split("\\?", 2)[0], '@'));
            if (!hosts.isEmpty()) {
                requireHosts(hosts);
            }
            requireMode(trimmed);
            return new DatabaseUrl(withPostgresDefaults(trimmed), null, null);
        }
        if (!trimmed.startsWith("postgres://") && !trimmed.startsWith("postgresql://")) {
            throw new IllegalArgumentException("The database URL must begin with postgres://, postgresql://,"
                    + " jdbc:postgresql:// or jdbc:sqlite:, or be empty.");
        }
        return postgres(trimmed);
    }

    private static DatabaseUrl postgres(String url) {
        URI uri;
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException( // no cause: its message holds the URL
                    "The database URL is not a valid URL; special characters in the password must be %-encoded.");
        }
        String path = uri.getRawPath();
        // parsed by hand, because java.net.URI rejects hosts with underscores, which containers have
        String authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
        int at = authority.lastIndexOf('@');
        String hosts = authority.substring(at + 1);
        requireWhole(contains(path, '@') || contains(uri.getRawQuery(), '@') || uri.getRawFragment() != null);
        requireHosts(hosts);
        if (path == null || path.length() < 2 || path.indexOf('/', 1) >= 0) {
            throw new IllegalArgumentException("The database URL must name a host and a database.");
        }
        requireMode(url);
        StringBuilder jdbc =
                new StringBuilder("jdbc:postgresql://").append(hosts).append(path);
        if (uri.getRawQuery() != null) {
            jdbc.append('?').append(uri.getRawQuery());
        }
        String jdbcUrl = withPostgresDefaults(jdbc.toString());
        if (at < 0) {
            return new DatabaseUrl(jdbcUrl, null, null);
        }
        String info = authority.substring(0, at);
        int colon = info.indexOf(':');
        String user = decode(colon < 0 ? info : info.substring(0, colon));
        return new DatabaseUrl(jdbcUrl, user, colon < 0 ? null : decode(info.substring(colon + 1)));
    }

    private static boolean contains(@Nullable String part, char c) {
        return part != null && part.indexOf(c) >= 0;
    }

    /**
     * Refuses a URL with a truncated password, because the rest would be parsed as a database name and printed in the
     * next error.
     */
    private static void requireWhole(boolean isCut) {
        if (isCut) {
            throw new IllegalArgumentException(
                    "The database URL has an @ or # where none may be; special characters in the"
                            + " password must be %-encoded.");
        }
    }

    private static void requireHosts(String hosts) {
        if (hosts.contains("%")) {
            throw new IllegalArgumentException(
                    "The database URL must name a host: Keck connects over TCP only, not to a"
                            + " socket in a directory. Let PostgreSQL listen at 127.0.0.1 (listen_addresses) and"
                            + " name that.");
        }
        if (!HOSTS.matcher(hosts).matches()) {
            throw new IllegalArgumentException("The database URL must name a host and a database.");
        }
    }

    /** Refuses modes that exist only in libraries of other languages. */
    private static void requireMode(String url) {
        Matcher mode = MODE.matcher(url);
        if (mode.find() && !MODES.contains(mode.group(1))) {
            throw new IllegalArgumentException("The database URL has an sslmode that does not exist. It must be one of "
                    + String.join(", ", MODES) + "; require encrypts without verifying the server's certificate.");
        }
    }

    /** Decodes percent-encoding as in URLs, where a plus sign stays a plus sign. */
    private static String decode(String s) {
        return URLDecoder.decode(s.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /**
     * Returns the URL of a replica with parameters for those that it does not set: short timeouts, because the primary can be asked
     * instead and, of several hosts, any standby.
     *
     * @throws IllegalArgumentException if it is not a URL of PostgreSQL; the message does not repeat the URL
     */
    public static String ofReplica(String url) {
        if (parse(url).isSqlite()) {
            throw new IllegalArgumentException(
                    "The URL of a replica must begin with postgres://, postgresql:// or" + " jdbc:postgresql://.");
        }
        Map<String, String> defaults = new LinkedHashMap<>();
        defaults.put("connectTimeout", "2");
        defaults.put("socketTimeout", "10");
        if (url.split("\\?", 2)[0].contains(",")) {
            defaults.put("targetServerType", "preferSecondary");
            defaults.put("loadBalanceHosts", "true");
        }
        return with(defaults, url.strip());
    }

    private static String withSqliteDefaults(String url) {
        return with(SQLITE_DEFAULTS, url);
    }

    private static String withPostgresDefaults(String url) {
        boolean severalHosts =
                url.substring(POSTGRES.length()).split("[/?]", 2)[0].contains(",");
        String primary = severalHosts ? with(Map.of("targetServerType", "primary"), url) : url;
        return with(POSTGRES_DEFAULTS, primary);
    }

    private static String with(Map<String, String> defaults, String url) {
        StringBuilder out = new StringBuilder(url);
        for (Map.Entry<String, String> e : defaults.entrySet()) {
            if (!url.contains(e.getKey() + "=")) {
                out.append(out.indexOf("?") < 0 ? '?' : '&')
                        .append(e.getKey())
                        .append('=')
                        .append(e.getValue());
            }
        }
        return out.toString();
    }

    public boolean isSqlite() {
        return jdbcUrl.startsWith(SQLITE);
    }

    /** The file of an SQLite database; null for PostgreSQL and for a database in memory. */
    public @Nullable String sqliteFile() {
        if (!isSqlite()) {
            return null;
        }
        String rest = jdbcUrl.substring(SQLITE.length());
        int query = rest.indexOf('?');
        String file = query < 0 ? rest : rest.substring(0, query);
        if (file.startsWith("file:")) {
            file = file.substring("file:".length());
        }
        return file.isEmpty() || file.startsWith(":memory:") ? null : file;
    }

    /** The same server and parameters with another database, which is a plain identifier. */
    DatabaseUrl inDatabase(String name) {
        String[] parts = jdbcUrl.substring(POSTGRES.length()).split("\\?", 2);
        String hosts = parts[0].split("/", 2)[0];
        return new DatabaseUrl(
                POSTGRES + hosts + "/" + name + (parts.length > 1 ? "?" + parts[1] : ""), user, password);
    }

    /**
     * The URL as PostgreSQL's own programs take it, without credentials: of the driver's parameters those of TLS, which
     * have the same names there.
     */
    public String libpqUrl() {
        String[] parts = jdbcUrl.substring(POSTGRES.length()).split("\\?", 2);
        String parameters = parts.length < 2
                ? ""
                : Stream.of(parts[1].split("&"))
                        .filter(parameter -> parameter.matches("ssl(mode|rootcert|cert)=.*"))
                        .collect(Collectors.joining("&"));
        return "postgresql://" + parts[0] + (parameters.isEmpty() ? "" : "?" + parameters);
    }

    /** The location of the database for messages: its hosts and name, or its file. */
    public String place() {
        String file = sqliteFile();
        if (file != null) {
            return Path.of(file).toAbsolutePath().toString();
        }
        return isSqlite() ? "memory" : jdbcUrl.substring(POSTGRES.length()).split("\\?", 2)[0];
    }

    /** The URL without the password, wherever it appears. */
    @Override
    public String toString() {
        return jdbcUrl.replaceAll("(?i)(password=)[^&;]*", "$1***").replaceAll("//[^/?]*@", "//***@");
    }
}
