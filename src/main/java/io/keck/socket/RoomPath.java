package io.keck.socket;

import io.keck.protocol.PercentEncoding;
import io.keck.protocol.RoomName;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The room in a request path: all that follows {@code /collaboration/}, percent-decoded once. Slashes of the name stand in
 * it as they are or encoded.
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
        String name = PercentEncoding.decode(rawPath.substring(PREFIX.length()));
        if (name == null) {
            return new RoomPath(null, 400, "The room name is not percent-encoded UTF-8.");
        }
        Optional<String> problem = RoomName.problem(name);
        return problem.isPresent() ? new RoomPath(null, 400, problem.get()) : new RoomPath(name, 0, "");
    }
}
