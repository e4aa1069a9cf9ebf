package io.keck.access;

import java.util.Optional;

/** The way by which a change arrived in the log. */
public enum Origin {
    /** A WebSocket. */
    SOCKET("socket"),
    /** A request over HTTP. */
    REST("rest"),
    /** A program that acts for its principal: its credential has the attribute {@value Author#AGENT}. */
    AGENT("agent"),
    /** A command that imported documents from an archive or from another server. */
    IMPORT("import"),
    /** Keck itself. */
    SYSTEM("system");

    private final String text;

    Origin(String text) {
        this.text = text;
    }

    /** The name in the database and in answers. */
    public String text() {
        return text;
    }

    /**
     * Whether changes of this origin introduce client ids. Imports do not: the people whose ids they contain may come back with
     * these ids.
     */
    public boolean introduces() {
        return this != IMPORT && this != SYSTEM;
    }

    /** Returns the origin with a name; empty for one that this release does not know. */
    public static Optional<Origin> named(String text) {
        for (Origin origin : values()) {
            if (origin.text.equals(text)) {
                return Optional.of(origin);
            }
        }
        return Optional.empty();
    }
}
