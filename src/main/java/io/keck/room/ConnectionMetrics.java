package io.keck.room;

/** What connections tell of themselves to whoever counts. Implementations are thread-safe and quick: each frame calls. */
public interface ConnectionMetrics {
    /** Counts nothing. */
    ConnectionMetrics NONE = new ConnectionMetrics() {};

    /** A connection was opened. */
    default void opened() {}

    /** A message of so many bytes came from a peer. */
    default void received(int bytes) {}

    /** A message of so many bytes was queued for a peer. */
    default void sent(int bytes) {}

    /** A connection has ended with that WebSocket close code, whoever gave it; 1006 where nobody did. */
    default void closed(int code) {}

    /** A connection was refused with that HTTP status. */
    default void refused(int status) {}
}
