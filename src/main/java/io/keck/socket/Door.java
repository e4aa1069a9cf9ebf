package io.keck.socket;

import io.keck.access.Purpose;
import io.keck.protocol.Dialect;
import io.keck.protocol.PercentEncoding;
import io.keck.protocol.RoomName;
import org.jspecify.annotations.Nullable;

/** The addresses at which a socket is for one document, which its path names. */
enum Door {
    /** Of y-websocket; all that follows is the name. */
    COLLABORATION(RoomPath.PREFIX, Dialect.Y_WEBSOCKET, Purpose.SOCKET),

    /** Of y-sweet: {@code /d/{document}/ws/{document}}. The first is what a client token says, encoded; its client appends the second. */
    Y_SWEET("/d/", Dialect.Y_SWEET, Purpose.CLIENT),

    /** Of y-partyserver and y-partykit: a party and a room. The party {@code main}, which clients use unasked, is no part of the name. */
    PARTIES("/parties/", Dialect.PARTY, Purpose.SOCKET),

    /** Of older y-partykit: the room of the party {@code main}. */
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

    /** What its paths begin with. */
    String prefix() {
        return prefix;
    }

    Dialect dialect() {
        return dialect;
    }

    /** What a ticket has to be for that is shown here. */
    Purpose purpose() {
        return purpose;
    }

    /** The document that a raw path names, without its query. */
    RoomPath parse(@Nullable String rawPath) {
        String path = rawPath == null ? "" : rawPath;
        return switch (this) {
            case COLLABORATION -> RoomPath.parse(path);
            case Y_SWEET -> ofYSweet(path);
            case PARTIES -> ofParties(path);
            case PARTY -> name(path, prefix.length(), "/party/{room}");
        };
    }

    /** The door of a raw path; that of y-websocket where it is none's. */
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
        // the client appends the name as it is, so one that looks encoded comes decoded or not
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
