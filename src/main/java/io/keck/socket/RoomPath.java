package io.keck.socket;

import io.keck.protocol.PercentEncoding;
import io.keck.protocol.RoomName;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The room name in a request path: everything after {@code /collaboration/}, percent-decoded once. Slashes in the name may
 * be encoded or not.
 *
 * @param room the name, or null if the path has none
 * @param status the HTTP status to refuse with, or 0
 * @param problem the problem as a sentence; empty if there is none
 */
record RoomPath(@Nullable String room, int status, String problem) {
    static final String PREFIX = "/collaboration/";

    /** Parses the raw path of a request, without its query. */
    static RoomPath parse(@Nullable String rawPath) {
        if (rawPath == null || !rawPath.startsWith(PREFIX)) {
            return new RoomPath(null, 404, "The path of a room is /collaboration/{room}.");
        }
        String name = PercentEncoding.decode(rawPath.substring(PREFIX.length()));
        if (name == null) {
            return new RoomPath(null, 400, "The room name is not percent-encoded UTF-8.");
        }
        Optional<String> problem = RoomName.problem(name);
        return problem.isPresent() ? new RoomPath(null, 400, problem.get()) : new RoomPath(name, 0, "");
    }
}
