package io.keck.testing;

import io.keck.crdt.lib0.Decoder;
import io.keck.protocol.Message;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection of one principal that types under a client id of its own and hears what of that is committed
 * ({@code saved=1}). Thread-safe.
 */
public final class GrantedTypist implements AutoCloseable {
    private final String principal;
    private final String room;
    private final long client;
    private final Typist typist;
    private final RawClient socket;
    /** The clock after each update, by its position. */
    private final List<Long> clocks = new ArrayList<>();

    private final boolean mayWrite;
    private long saved;
    private int asked;

    /**
     * Connects with a credential.
     *
     * @param mayWrite whether it may write from the beginning; else it types once it is asked for what it holds
     */
    public GrantedTypist(KeckProcess keck, String room, String principal, String token, long client, boolean mayWrite) {
        this.mayWrite = mayWrite;
        this.principal = principal;
        this.room = room;
        this.client = client;
        this.typist = new Typist(client);
        this.socket = RawClient.connect(URI.create(keck.room(room) + "?saved=1&token=" + token), this::received);
        socket.begin();
    }

    private synchronized void received(byte[] frame) {
        if (frame[0] == Message.SAVED) {
            Decoder in = new Decoder(frame);
            in.readVarUint();
            saved = clocks.get((int) in.readVarUint() - 1);
        } else if (frame[0] == Message.SYNC && frame[1] == 0) {
            asked++;
        }
    }

    /** Whether it may write, as far as it knows: every client is asked at the beginning, and again when it gains the right. */
    public synchronized boolean mayWrite() {
        return mayWrite || asked > 1;
    }

    /** Types a character, where it may and the connection has not ended. */
    public synchronized void type() {
        if (mayWrite() && !socket.isEnded()) {
            byte[] update = typist.type("x");
            clocks.add(clocks.size() + 1L);
            socket.send(Message.update(update));
        }
    }

    /** The principal. */
    public String principal() {
        return principal;
    }

    /** The document. */
    public String room() {
        return room;
    }

    /** The Yjs client id. */
    public long client() {
        return client;
    }

    /** Characters that are committed, as far as the server has said. */
    public synchronized long saved() {
        return saved;
    }

    /** Characters that were typed. */
    public synchronized long typed() {
        return clocks.size();
    }

    /** The code with which the connection has ended; null while it is open. */
    public @Nullable Integer endedWith() {
        return socket.isEnded() ? Integer.valueOf(socket.awaitEnd().code()) : null;
    }

    @Override
    public void close() {
        socket.close();
    }
}
