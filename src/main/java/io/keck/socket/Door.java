package io.keck.socket;

import io.keck.access.Purpose;
import io.keck.protocol.Dialect;
import io.keck.protocol.PercentEncoding;
import io.keck.protocol.RoomName;
import org.jspecify.annotations.Nullable;

/** The addresses of sockets for a single document, which the path names. */
enum Door {
    /** y-websocket: everything after the prefix is the name. */
    COLLABORATION(RoomPath.PREFIX, Dialect.Y_WEBSOCKET, Purpose.SOCKET),

    /** y-sweet: {@code /d/{document}/ws/{document}}. The client token has the first name, encoded; the client appends the second. */
    Y_SWEET("/d/", Dialect.Y_SWEET, Purpose.CLIENT),

    /** y-partyserver and y-partykit: a party and a room. {@code main}, the clients' default party, is not part of the name. */
    PARTIES("/parties/", Dialect.PARTY, Purpose.SOCKET),

    /** Older y-partykit: the room of the party {@code main}. */
    PARTY("/party/", Dialect.PARTY, Purpose.SOCKET);

    private static final String MAIN = "main/";

    private final String prefix;
    private final Dialect dialect;
    private final Purpose purpose;

    Door(String prefix, Dialect dialect, Purpose purpose) {
        this.prefix = prefix;
        this.dialect = dialect;
        this.purpose = purpose;
    }

    /** The prefix of its paths. */
    String prefix() {
        return prefix;
    }

    Dialect dialect() {
        return dialect;
    }

    /** The purpose for which a ticket is accepted at this door. */
    Purpose purpose() {
        return purpose;
    }

    /** Finds the document in a raw path without its query. */
    RoomPath parse(@Nullable String rawPath) {
        String path = rawPath == null ? "" : rawPath;
        return switch (this) {
            case COLLABORATION -> RoomPath.parse(path);
            case Y_SWEET -> ofYSweet(path);
            case PARTIES -> ofParties(path);
            case PARTY -> name(path, prefix.length(), "/party/{room}");
        };
    }

    /** Returns the door of a raw path; that of y-websocket if no other fits. */
    static Door of(@Nullable String rawPath) {
        for (Door door : values()) {
            if (rawPath != null && rawPath.startsWith(door.prefix)) {
                return door;
            }
        }
        return COLLABORATION;
    }

    private static RoomPath ofParties(String path) {
        RoomPath whole = name(path, "/parties/".length(), "/parties/{party}/{room}");
        String name = whole.room();
        if (name == null) {
            return whole;
        }
        int slash = name.indexOf('/');
        if (slash < 0) {
            return new RoomPath(null, 404, "The path of a room is /parties/{party}/{room}.");
        }
        return name.startsWith(MAIN) ? new RoomPath(name.substring(MAIN.length()), 0, "") : whole;
    }

    private static RoomPath ofYSweet(String path) {
        String separator = "/ws/";
        int at = path.indexOf(separator, 2);
        if (!path.startsWith("/d/") || at < 0) {
            return new RoomPath(null, 404, "The path of a socket of y-sweet is /d/{document}/ws/{document}.");
        }
        RoomPath first = name(path.substring(0, at), 3, "/d/{document}/ws/{document}");
        String repeated = path.substring(at + separator.length());
        // the client appends the name without encoding it, so a name with percent signs may arrive decoded or not
        boolean isSame = repeated.equals(first.room())
                || (first.room() != null && first.room().equals(PercentEncoding.decode(repeated)));
        return first.room() == null || isSame
                ? first
                : new RoomPath(null, 400, "The path /d/{document}/ws/{document} names two documents.");
    }

    private static RoomPath name(String path, int from, String template) {
        if (path.length() < from) {
            return new RoomPath(null, 404, "The path of a room is " + template + ".");
        }
        String name = PercentEncoding.decode(path.substring(from));
        if (name == null) {
            return new RoomPath(null, 400, "The room name is not percent-encoded UTF-8.");
        }
        return RoomName.problem(name)
                .map(problem -> new RoomPath(null, 400, problem))
                .orElseGet(() -> new RoomPath(name, 0, ""));
    }
}
