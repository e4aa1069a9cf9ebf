package io.keck.socket;

import io.keck.protocol.RoomName;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The room in a request path: exactly one segment after {@code /collaboration/}, percent-decoded once.
 *
 * @param room the name, or null where there is none
 * @param status the HTTP status to refuse with, or 0
 * @param problem why, as a sentence; empty where nothing is wrong
 */
record RoomPath(@Nullable String room, int status, String problem) {
    static final String PREFIX = "/collaboration/";

    /** Understands the raw path of a request, without its query. */
    static RoomPath parse(@Nullable String rawPath) {
        if (rawPath == null || !rawPath.startsWith(PREFIX)) {
            return new RoomPath(null, 404, "Rooms are found at /collaboration/{room}.");
        }
        String segment = rawPath.substring(PREFIX.length());
        if (segment.indexOf('/') >= 0) {
            return new RoomPath(null, 404, "Exactly one path segment, the room, follows /collaboration/.");
        }
        String name = decode(segment);
        if (name == null) {
            return new RoomPath(null, 400, "The room name is not percent-encoded UTF-8.");
        }
        Optional<String> problem = RoomName.problem(name);
        return problem.isPresent() ? new RoomPath(null, 400, problem.get()) : new RoomPath(name, 0, "");
    }

    private static @Nullable String decode(String segment) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c != '%') {
                out.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
                continue;
            }
            int hi = i + 2 <= segment.length() - 1 ? Character.digit(segment.charAt(i + 1), 16) : -1;
            int lo = hi >= 0 ? Character.digit(segment.charAt(i + 2), 16) : -1;
            if (lo < 0) {
                return null;
            }
            out.write(hi << 4 | lo);
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(out.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
