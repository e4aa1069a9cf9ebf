package io.keck.protocol;

/** The protocols in which clients speak to this server, as metrics name them. All of them are about the same documents. */
public enum Dialect {
    /** y-websocket and its kin, at {@code /collaboration/}. */
    Y_WEBSOCKET("y-websocket"),
    /** {@code @hocuspocus/provider}, at {@code /hocuspocus}. */
    HOCUSPOCUS("hocuspocus"),
    /** {@code @y-sweet/client}, at {@code /d/}. */
    Y_SWEET("y-sweet"),
    /** y-partyserver and y-partykit, at {@code /parties/} and {@code /party/}. */
    PARTY("party");

    private final String text;

    Dialect(String text) {
        this.text = text;
    }

    /** The name in metrics. */
    public String text() {
        return text;
    }
}
