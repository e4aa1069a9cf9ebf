package io.keck.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Limits;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads limits in the form that tokens, the file of API keys and the operator's back end use:
 * {@code {"requestsPerSecond":20,"connections":5,"newDocumentsPerHour":100,"bytesPerSecond":1000000,"maxDocument":5000000}}.
 * Each member may be left out. An unknown member is an error, so that a misspelt limit is not ignored. Stateless.
 */
final class LimitsReader {
    private static final String REQUESTS = "requestsPerSecond";
    private static final String CONNECTIONS = "connections";
    private static final String DOCUMENTS = "newDocumentsPerHour";
    private static final String BYTES = "bytesPerSecond";
    private static final String SIZE = "maxDocument";

    private LimitsReader() {}

    /**
     * Reads an object.
     *
     * @param object null names no limit
     * @throws IllegalArgumentException if a limit is unknown or not a whole number above 0
     */
    static Limits limits(@Nullable JsonNode object) {
        if (object == null || object.isNull()) {
            return Limits.UNSAID;
        }
        if (!object.isObject()) {
            throw new IllegalArgumentException("limits is not an object.");
        }
        int requests = 0;
        int connections = 0;
        int documents = 0;
        long bytes = 0;
        long size = 0;
        for (Map.Entry<String, JsonNode> limit : object.properties()) {
            JsonNode value = limit.getValue();
            switch (limit.getKey()) {
                case REQUESTS -> requests = (int) number(value, Integer.MAX_VALUE);
                case CONNECTIONS -> connections = (int) number(value, Integer.MAX_VALUE);
                case DOCUMENTS -> documents = (int) number(value, Integer.MAX_VALUE);
                case BYTES -> bytes = number(value, Long.MAX_VALUE);
                case SIZE -> size = number(value, Long.MAX_VALUE);
                default -> throw new IllegalArgumentException("limits has an unknown member.");
            }
        }
        return new Limits(requests, connections, documents, bytes, size);
    }

    private static long number(JsonNode value, long max) {
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < 1
                || value.longValue() > max) {
            throw new IllegalArgumentException("A limit is not a whole number above 0.");
        }
        return value.longValue();
    }

    /** Writes limits in the form that {@link #limits} reads. */
    static void write(Limits limits, ObjectNode into) {
        into.put(REQUESTS, limits.requestsPerSecond());
        into.put(CONNECTIONS, limits.connections());
        into.put(DOCUMENTS, limits.newDocumentsPerHour());
        into.put(BYTES, limits.bytesPerSecond());
        into.put(SIZE, limits.maxDocument());
    }
}
