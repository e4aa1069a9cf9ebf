package io.keck.api;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Json;
import io.keck.crdt.lib0.JsonValue;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads bodies of requests under limits of size, depth and rate. Refuses with 415, 413, 408 and 400, in this order,
 * each as early as possible. Thread-safe.
 */
final class Bodies {
    /** The bytes allocated before a body arrives, whatever length it announces. */
    private static final int FIRST = 8 << 10;

    /** The bytes of an unused body that are read beyond the largest allowed body. */
    private static final int MORE = 1 << 20;

    /** The sentence for an unsupported compression. */
    static final String UNKNOWN_ENCODING = "The only supported Content-Encoding is gzip.";

    private final ApiLimits limits;
    private final LongSupplier nanos;

    /** @param nanos a steady clock */
    Bodies(ApiLimits limits, LongSupplier nanos) {
        this.limits = limits;
        this.nanos = nanos;
    }

    /** Reads a JSON body: null, Boolean, Double, String, List or Map. */
    @Nullable
    Object json(HttpHeaders headers, InputStream in) throws IOException {
        MediaType type = headers.getMediaType();
        if (type == null || !isJson(type)) {
            throw new Refusal(Status.UNSUPPORTED_MEDIA_TYPE, "The body has to be application/json.");
        }
        byte[] body = bytes(headers, in, limits.maxBody());
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            Json.check(body, 0, body.length, limits.maxJsonDepth());
            Object value = JsonValue.parse(text);
            checkNumbers(value);
            return value;
        } catch (CharacterCodingException e) {
            throw Refusal.bad("The body is not UTF-8.");
        } catch (DecodeException e) {
            throw Refusal.bad(body.length == 0 ? "The body is empty." : "The body is refused: " + e.getMessage() + ".");
        }
    }

    private static boolean isJson(MediaType type) {
        String subtype = type.getSubtype().toLowerCase(Locale.ROOT);
        return type.getType().equalsIgnoreCase("application") && (subtype.equals("json") || subtype.endsWith("+json"));
    }

    /** Reads the body of an update. */
    byte[] update(HttpHeaders headers, InputStream in) throws IOException {
        return bytes(headers, in, limits.maxUpdate());
    }

    /** The announced length of a body, or -1; Jersey's own method fails if it does not fit an int. */
    private static long announced(HttpHeaders headers) {
        String length = headers.getHeaderString(HttpHeaders.CONTENT_LENGTH);
        try {
            return length == null ? -1 : Math.max(-1, Long.parseLong(length.strip()));
        } catch (NumberFormatException e) {
            return -1; // Jetty refuses malformed lengths, and merges several values
        }
    }

    private byte[] bytes(HttpHeaders headers, InputStream in, int maxBytes) throws IOException {
        String encoding = headers.getHeaderString(HttpHeaders.CONTENT_ENCODING);
        if (!isUnderstood(encoding)) {
            throw new Refusal(Status.UNSUPPORTED_MEDIA_TYPE, UNKNOWN_ENCODING);
        }
        long length = announced(headers);
        if (length > maxBytes) {
            throw tooLarge(maxBytes);
        }
        int announced = (int) length;
        // one more than announced, so that the end is found without growing
        byte[] body = new byte[announced < 0 ? FIRST : Math.min(FIRST, announced + 1)];
        int size = 0;
        Pace pace = new Pace(nanos, limits.minRate());
        while (true) {
            int n = read(in, body, size);
            if (n < 0) {
                return Arrays.copyOf(body, size);
            }
            size += n;
            if (size > maxBytes) {
                throw tooLarge(maxBytes);
            }
            if (!pace.keptWith(n)) {
                throw tooSlow();
            }
            if (size == body.length) {
                body = Arrays.copyOf(body, (int) Math.min(2L * size, maxBytes + 1L));
            }
        }
    }

    /** Whether a {@code Content-Encoding} is supported; Jetty decodes gzip and removes the header. */
    static boolean isUnderstood(@Nullable String encoding) {
        return encoding == null || encoding.isBlank() || encoding.strip().equalsIgnoreCase("identity");
    }

    private static int read(InputStream in, byte[] body, int from) throws IOException {
        try {
            return in.read(body, from, body.length - from);
        } catch (IOException | RuntimeException e) {
            if (Pace.isTimeout(e)) {
                throw tooSlow();
            }
            if (Pace.isMalformed(e)) {
                throw Refusal.bad("The body is malformed.");
            }
            throw e;
        }
    }

    private static Refusal tooLarge(int maxBytes) {
        return new Refusal(
                Status.REQUEST_ENTITY_TOO_LARGE, "The body is larger than the limit of " + maxBytes + " bytes.");
    }

    private static Refusal tooSlow() {
        return new Refusal(Status.REQUEST_TIMEOUT, "The body was sent too slowly.");
    }

    /** Reads and drops an unused body, under the same limits as a used one. */
    void skip(InputStream in) throws IOException {
        byte[] chunk = new byte[FIRST];
        Pace pace = new Pace(nanos, limits.minRate());
        long size = 0;
        for (int n = read(in, chunk, 0); n >= 0; n = read(in, chunk, 0)) {
            size += n;
            if (size > limits.maxBody()) {
                throw tooLarge(limits.maxBody());
            }
            if (!pace.keptWith(n)) {
                throw tooSlow();
            }
        }
    }

    /** Reads and drops the rest of a body; returns false if it is too large or too slow, so that a part may be left. */
    boolean drain(InputStream in) {
        byte[] chunk = new byte[FIRST];
        Pace pace = new Pace(nanos, limits.minRate());
        try {
            for (long left = limits.maxBody() + (long) MORE; left > 0; ) {
                int n = in.read(chunk);
                if (n < 0) {
                    return true;
                }
                left -= n;
                if (!pace.keptWith(n)) {
                    return false;
                }
            }
            return false;
        } catch (IOException | RuntimeException e) {
            if (e instanceof Refusal) {
                return false; // the rest has not arrived, and this thread must not wait for it
            }
            if (e instanceof RuntimeException unexpected
                    && !(e instanceof IllegalStateException)
                    && !Pace.isMalformed(e)) {
                throw unexpected;
            }
            // otherwise the body was read and closed, or aborted
            return !Pace.isTimeout(e) && !Pace.isMalformed(e);
        }
    }

    /**
     * Refuses numbers so large that they became infinite, because they would be written as null. Recursion is safe, as
     * the depth is limited.
     */
    private static void checkNumbers(@Nullable Object value) {
        if (value instanceof Double number && number.isInfinite()) {
            throw Refusal.bad("The body holds a number that is too large for a 64 bit floating point number.");
        }
        if (value instanceof List<?> list) {
            list.forEach(Bodies::checkNumbers);
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(Bodies::checkNumbers);
        }
    }
}
