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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Bodies of requests, under limits. Refuses with 415, 413 and 400, in this order. Stateless. */
final class JsonBody {
    private JsonBody() {}

    /** Reads a JSON body: null, Boolean, Double, String, List or Map. */
    static @Nullable Object read(HttpHeaders headers, InputStream in, ApiLimits limits) throws IOException {
        MediaType type = headers.getMediaType();
        if (type == null || !isJson(type)) {
            throw new Refusal(Status.UNSUPPORTED_MEDIA_TYPE, "The body has to be application/json.");
        }
        byte[] body = readBytes(headers, in, limits.maxBody());
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

    /** Reads a body of any type. */
    static byte[] readBytes(HttpHeaders headers, InputStream in, int maxBytes) throws IOException {
        int announced = headers.getLength(); // -1 also where it does not fit an int
        byte[] body = announced > maxBytes ? null : in.readNBytes(maxBytes + 1);
        if (body == null || body.length > maxBytes) {
            throw new Refusal(
                    Status.REQUEST_ENTITY_TOO_LARGE, "The body is larger than the limit of " + maxBytes + " bytes.");
        }
        return body;
    }

    /** A number of so many digits that it became infinite could not be told apart from null again. Depth is limited. */
    private static void checkNumbers(@Nullable Object value) {
        if (value instanceof Double number && number.isInfinite()) {
            throw Refusal.bad("The body holds a number that is too large for a 64 bit floating point number.");
        }
        if (value instanceof List<?> list) {
            list.forEach(JsonBody::checkNumbers);
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(JsonBody::checkNumbers);
        }
    }
}
