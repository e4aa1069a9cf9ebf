package io.keck.storage;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@code DATABASE_URL}, understood: {@code postgres://user:pw@host:5432/db}, {@code postgresql://…}, any
 * {@code jdbc:} URL, or nothing for the embedded database.
 *
 * @param jdbcUrl what the driver gets, without credentials where they came in the user part
 * @param user null when the URL names none
 * @param password null when the URL names none; never printed
 */
record DatabaseUrl(
        String jdbcUrl, @Nullable String user, @Nullable String password) {
    private static final String EMBEDDED = "jdbc:sqlite:data/keck.db";
    private static final String SQLITE = "jdbc:sqlite:";

    /** Every commit reaches the disk, readers and the writer do not wait for each other, locks are waited for. */
    private static final Map<String, String> SQLITE_DEFAULTS = defaults();

    private static Map<String, String> defaults() {
        Map<String, String> m = new LinkedHashMap<>();
        m.put("journal_mode", "WAL");
        m.put("synchronous", "FULL");
        m.put("busy_timeout", "5000");
        m.put("foreign_keys", "true");
        return m;
    }

    /**
     * Understands a URL.
     *
     * @throws IllegalArgumentException with a sentence that does not repeat the URL, since that may hold a password
     */
    static DatabaseUrl parse(@Nullable String url) {
        if (url == null || url.isBlank()) {
            return new DatabaseUrl(withSqliteDefaults(EMBEDDED), null, null);
        }
        String trimmed = url.strip();
        if (trimmed.startsWith(SQLITE)) {
            return new DatabaseUrl(withSqliteDefaults(trimmed), null, null);
        }
        if (trimmed.startsWith("jdbc:")) {
            return new DatabaseUrl(trimmed, null, null);
        }
        if (!trimmed.startsWith("postgres://") && !trimmed.startsWith("postgresql://")) {
            throw new IllegalArgumentException(
                    "The database URL must begin with postgres://, postgresql:// or jdbc:, or be empty.");
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
        if (uri.getHost() == null || path == null || path.length() < 2) {
            throw new IllegalArgumentException("The database URL must name a host and a database.");
        }
        StringBuilder jdbc = new StringBuilder("jdbc:postgresql://").append(uri.getHost());
        if (uri.getPort() != -1) {
            jdbc.append(':').append(uri.getPort());
        }
        jdbc.append(path);
        if (uri.getRawQuery() != null) {
            jdbc.append('?').append(uri.getRawQuery());
        }
        String info = uri.getRawUserInfo();
        if (info == null) {
            return new DatabaseUrl(jdbc.toString(), null, null);
        }
        int colon = info.indexOf(':');
        String user = decode(colon < 0 ? info : info.substring(0, colon));
        return new DatabaseUrl(jdbc.toString(), user, colon < 0 ? null : decode(info.substring(colon + 1)));
    }

    /** Percent-decoding as in URLs, where a plus is a plus. */
    private static String decode(String s) {
        return URLDecoder.decode(s.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String withSqliteDefaults(String url) {
        StringBuilder out = new StringBuilder(url);
        for (Map.Entry<String, String> e : SQLITE_DEFAULTS.entrySet()) {
            if (!url.contains(e.getKey() + "=")) {
                out.append(out.indexOf("?") < 0 ? '?' : '&')
                        .append(e.getKey())
                        .append('=')
                        .append(e.getValue());
            }
        }
        return out.toString();
    }

    boolean isSqlite() {
        return jdbcUrl.startsWith(SQLITE);
    }

    /** The file of an SQLite database, or null: another database, or one in memory. */
    @Nullable
    String sqliteFile() {
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

    /** The password is left out, wherever it stands. */
    @Override
    public String toString() {
        return jdbcUrl.replaceAll("(?i)(password=)[^&;]*", "$1***");
    }
}
