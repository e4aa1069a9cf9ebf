package io.keck.room;

import java.util.function.Consumer;

/**
 * What the applications of clients send to back ends by connections to this node. It passes through the room and is stored
 * nowhere. Thread-safe.
 */
public final class ClientMessages {
    /**
     * One message.
     *
     * @param room the name of the document
     * @param principal the id of the principal of the connection
     */
    public record Sent(String room, String principal, String text) {
        /** Without the text, which may be confidential. */
        @Override
        public String toString() {
            return "Sent[" + text.length() + "]";
        }
    }

    private volatile Consumer<Sent> listener = message -> {};

    /** Registers the single listener, which is called in turns of rooms and must not wait. */
    public void listen(Consumer<Sent> one) {
        listener = one;
    }

    void sent(Sent message) {
        listener.accept(message);
    }
}
