package io.keck.access;

import java.util.Optional;

/** The purpose of a ticket: an address that browsers open without headers. */
public enum Purpose {
    /** Opening a WebSocket. */
    SOCKET("socket"),
    /** An event stream (EventSource). */
    EVENTS("events"),
    /** Reading a blob ({@code <img>}, downloads). */
    BLOB("blob"),
    /**
     * The client token of y-sweet: connecting to a document at {@code /d/}, reading it and changing it there over HTTP.
     */
    CLIENT("client");

    private final String text;

    Purpose(String text) {
        this.text = text;
    }

    /** The name in requests and tickets. */
    public String text() {
        return text;
    }

    /** Returns the purpose with a name. */
    public static Optional<Purpose> named(String text) {
        for (Purpose purpose : values()) {
            if (purpose.text.equals(text)) {
                return Optional.of(purpose);
            }
        }
        return Optional.empty();
    }
}
