package io.keck.storage.rows;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.JsonValue;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Authors in the database: a row of {@code authors}, and the origin in the row of the log. Stateless. */
public final class StoredAuthors {
    private StoredAuthors() {}

    /** The attributes as text: a JSON object, keys sorted; empty for none. */
    public static String text(Map<String, String> attributes) {
        return attributes.isEmpty() ? "" : JsonValue.write(new TreeMap<>(attributes));
    }

    /**
     * Reads the author of a row that has principal, attributes and origin from {@code column} on. Null if unknown: in
     * rows of earlier releases, and for an origin that only a later release knows.
     */
    public static @Nullable Author read(ResultSet rs, int column) throws SQLException {
        String principal = rs.getString(column);
        return principal == null ? null : of(principal, rs.getString(column + 1), rs.getString(column + 2));
    }

    /** Creates the author of a principal; null if attributes or origin are not in the format of this release. */
    public static @Nullable Author of(String principal, @Nullable String attributes, @Nullable String origin) {
        Origin way = origin == null ? null : Origin.named(origin).orElse(null);
        return way == null ? null : new Author(principal, way, attributes(attributes));
    }

    private static Map<String, String> attributes(@Nullable String text) {
        Map<String, String> attributes = new TreeMap<>();
        if (text != null && !text.isEmpty()) {
            try {
                if (JsonValue.parse(text) instanceof Map<?, ?> members) {
                    members.forEach((key, value) -> attributes.put(String.valueOf(key), String.valueOf(value)));
                }
            } catch (DecodeException e) {
                return Map.of(); // the row was edited by hand; its principal is still valid
            }
        }
        return attributes;
    }
}
