package io.keck.feed;

import io.keck.access.Author;
import io.keck.crdt.lib0.JsonValue;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The authors of a change. Immutable.
 *
 * @param author the author of the change; null if unknown
 * @param at the time of the change by the database's clock, in milliseconds since 1970; 0 if unknown
 * @param writer for a deletion, the author of the deleted content; null if unknown, and for other changes
 */
public record Credit(
        @Nullable Author author, long at, @Nullable Author writer) {
    /** Authors and time are unknown. */
    public static final Credit UNKNOWN = new Credit(null, 0, null);

    /** Whether the principal made the change or wrote the content that it deleted. */
    public boolean names(String principal) {
        return principal.equals(id(author)) || (writer != null && principal.equals(writer.principal()));
    }

    /** Whether both name the same author and writer; the times may differ. */
    boolean isOfTheSame(Credit other) {
        return (author == null ? other.author == null : author.equals(other.author))
                && (writer == null ? other.writer == null : writer.equals(other.writer));
    }

    private static String id(@Nullable Author author) {
        return author == null ? Author.UNKNOWN : author.principal();
    }

    /** Writes the members of a JSON object, each with a comma before it. */
    public void writeTo(StringBuilder out) {
        out.append(",\"by\":").append(JsonValue.write(id(author)));
        out.append(",\"origin\":\"")
                .append(author == null ? Author.UNKNOWN : author.origin().text())
                .append('"');
        if (at > 0) {
            out.append(",\"at\":").append(at);
        }
        Map<String, String> attributes = author == null ? Map.of() : author.attributes();
        if (!attributes.isEmpty()) {
            out.append(",\"attributes\":").append(JsonValue.write(new TreeMap<>(attributes)));
        }
        if (writer != null) {
            out.append(",\"written_by\":").append(JsonValue.write(writer.principal()));
        }
    }
}
