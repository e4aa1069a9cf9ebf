package io.keck.feed;

import io.keck.access.Author;
import io.keck.crdt.History;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.JsonNumber;
import io.keck.crdt.lib0.JsonValue;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One change of a document, for receivers that do not know Yjs. Immutable; {@code src/site/markdown/changes.md} has
 * examples.
 *
 * @param fieldName the key in a map, or the name of an attribute or format; null in a list
 * @param parent the root name, then keys and indexes down to the changed element
 * @param content the content that was written or deleted, for display
 * @param action {@code update}, {@code delete} or {@code resync}
 * @param credit the author of the change; null for a {@code resync}
 */
public record BlockHistory(
        String document,
        @Nullable String fieldName,
        List<String> parent,
        String content,
        String action,
        @Nullable Credit credit) {
    private static final int MAX_DEPTH = 1_000;

    private static BlockHistory of(String document, History.Entry entry, Credit credit) {
        return new BlockHistory(
                document, entry.key(), entry.path(), display(entry), entry.deleted() ? "delete" : "update", credit);
    }

    /** Creates the changes for an entry of a document's history: one for each part with a different author. */
    static List<BlockHistory> of(String document, History.Entry entry, Authorship<Author> authors) {
        List<BlockHistory> parts = new ArrayList<>(1);
        long client = entry.id().client();
        long clock = entry.id().clock();
        long begun = 0;
        Credit credit = null;
        for (long at = 0; at < entry.length(); ) {
            Authorship.Known<Author> writer = authors.writer(client, clock + at);
            Authorship.Known<Author> deleter = entry.deleted() ? authors.deleter(client, clock + at) : writer;
            Credit next = credit(entry.deleted(), writer.mark(), deleter.mark());
            if (credit != null && !credit.isOfTheSame(next)) {
                parts.add(of(document, entry.part(begun, at), credit));
                begun = at;
                credit = null;
            }
            credit = credit == null ? next : credit;
            at = Math.min(entry.length(), Math.min(writer.until(), deleter.until()) - clock);
        }
        parts.add(of(document, entry.part(begun, entry.length()), credit == null ? Credit.UNKNOWN : credit));
        return parts;
    }

    private static Credit credit(
            boolean isDeleted, Authorship.@Nullable Mark<Author> writer, Authorship.@Nullable Mark<Author> deleter) {
        if (deleter == null) {
            return isDeleted && writer != null ? new Credit(null, 0, writer.author()) : Credit.UNKNOWN;
        }
        return new Credit(deleter.author(), deleter.at(), isDeleted && writer != null ? writer.author() : null);
    }

    /** Creates the notice that changes are missing, after which a receiver must read the whole document again. */
    public static BlockHistory resync(String document) {
        return new BlockHistory(document, null, List.of(), "", "resync", null);
    }

    private static String display(History.Entry entry) {
        Object content = entry.content();
        return switch (entry.kind()) {
            case TEXT, DOCUMENT -> String.valueOf(content);
            case VALUES -> content instanceof List<?> list && list.size() == 1 ? display(list.get(0)) : json(content);
            case BINARY, EMBED, FORMAT -> display(content);
            case TYPE, DELETED -> "";
        };
    }

    private static String display(@Nullable Object value) {
        return value instanceof String || value == Any.UNDEFINED ? String.valueOf(value) : json(value);
    }

    private static String json(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        json(out, value, 0);
        return out.toString();
    }

    /** Recurses, which is safe because values nest at most as deep as the decoder of updates allows. */
    private static void json(StringBuilder out, @Nullable Object value, int depth) {
        if (value instanceof Map<?, ?> map && depth <= MAX_DEPTH) {
            out.append('{');
            boolean first = true;
            for (Map.Entry<?, ?> member : map.entrySet()) {
                if (member.getValue() != Any.UNDEFINED) {
                    out.append(first ? "" : ",")
                            .append(JsonValue.write(member.getKey()))
                            .append(':');
                    json(out, member.getValue(), depth + 1);
                    first = false;
                }
            }
            out.append('}');
        } else if (value instanceof List<?> list && depth <= MAX_DEPTH) {
            out.append('[');
            for (Iterator<?> elements = list.iterator(); elements.hasNext(); ) {
                json(out, elements.next(), depth + 1);
                out.append(elements.hasNext() ? "," : "");
            }
            out.append(']');
        } else if (value instanceof byte[] bytes) {
            bytes(out, bytes);
        } else if (value instanceof String string) {
            out.append(JsonValue.write(string));
        } else if (value instanceof Boolean || value instanceof BigInteger) {
            out.append(value);
        } else if (value instanceof Number number) {
            out.append(JsonNumber.print(number.doubleValue()));
        } else {
            out.append("null");
        }
    }

    /** Writes bytes as a JSON array of numbers of 0 to 255. */
    private static void bytes(StringBuilder out, byte[] bytes) {
        out.append('[');
        for (int i = 0; i < bytes.length; i++) {
            if (i > 0) {
                out.append(',');
            }
            out.append(bytes[i] & 0xff);
        }
        out.append(']');
    }

    /** Writes the change as JSON, with the name of the document. */
    public void writeTo(StringBuilder out) {
        out.append("{\"workspace_id\":").append(JsonValue.write(document)).append(",\"field_name\":");
        out.append(fieldName == null ? "null" : JsonValue.write(fieldName));
        out.append(",\"parent\":");
        writeParent(out);
        out.append(",\"content\":").append(JsonValue.write(content));
        out.append(",\"action\":\"").append(action).append('"');
        writeCredit(out);
        out.append('}');
    }

    private void writeCredit(StringBuilder out) {
        if (credit != null) {
            credit.writeTo(out);
        }
    }

    /**
     * Writes the change as the JSON of an event, without the name of the document, which the reader of the stream
     * knows.
     */
    public void writeEventTo(StringBuilder out) {
        out.append("{\"action\":\"").append(action).append("\",\"content\":").append(JsonValue.write(content));
        out.append(",\"field_name\":").append(fieldName == null ? "null" : JsonValue.write(fieldName));
        out.append(",\"parent\":");
        writeParent(out);
        writeCredit(out);
        out.append('}');
    }

    private void writeParent(StringBuilder out) {
        out.append('[');
        for (int i = 0; i < parent.size(); i++) {
            out.append(i == 0 ? "" : ",").append(JsonValue.write(parent.get(i)));
        }
        out.append(']');
    }

    /** Writes changes as a JSON array. */
    public static String json(List<BlockHistory> histories) {
        StringBuilder out = new StringBuilder("[");
        for (BlockHistory history : histories) {
            if (out.length() > 1) {
                out.append(',');
            }
            history.writeTo(out);
        }
        return out.append(']').toString();
    }
}
