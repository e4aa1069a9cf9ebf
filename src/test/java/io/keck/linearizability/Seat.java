package io.keck.linearizability;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StateVector;
import io.keck.linearizability.Call.Kind;
import io.keck.linearizability.Call.Outcome;
import io.keck.testing.RawClient;
import io.keck.testing.SyncClient;
import java.net.URI;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A socket that joined a document with an empty copy. What it got first is a read of the whole document; what it writes has an
 * outcome that nobody tells, and belongs to the life that it joined.
 */
final class Seat implements AutoCloseable {
    private static final String DELETED = "code=4404";

    private final History history;
    private final String name;
    private final String document;
    private final int node;
    private final SyncClient client;
    private final String life;

    private Seat(History history, String name, String document, int node, SyncClient client, String life) {
        this.history = history;
        this.name = name;
        this.document = document;
        this.node = node;
        this.client = client;
        this.life = life;
    }

    /**
     * Joins and reads; null where the node does not let it in.
     *
     * @param strict whether the content counts as a read. While the database is away it does not: sockets then see what is
     *     not committed yet
     */
    static @Nullable Seat join(
            History history, String name, String document, int port, int node, BooleanSupplier strict) {
        long invoked = history.now();
        try {
            SyncClient client = SyncClient.join(URI.create("ws://127.0.0.1:" + port + "/collaboration/" + document));
            Map<String, String> cells = Contents.of(client.encode());
            if (strict.getAsBoolean()) {
                // a socket may sit in a document that does not exist yet: then it sees nothing
                note(
                        history,
                        invoked,
                        name,
                        document,
                        node,
                        101,
                        cells.isEmpty() ? Call.NOTHING : Call.text(cells),
                        "");
            }
            return new Seat(history, name, document, node, client, cells.getOrDefault(Call.MARK, ""));
        } catch (RawClient.Refused e) {
            if (e.status == 404) {
                refusal(history, invoked, name, document, node, "upgrade " + e.status);
            }
            return null;
        } catch (AssertionError e) {
            if (String.valueOf(e.getMessage()).contains(DELETED)) {
                refusal(history, invoked, name, document, node, String.valueOf(e.getMessage()));
            }
            return null;
        }
    }

    /** A socket that is told, by a status or a close code, that the document does not exist or that its life has ended. */
    private static void refusal(History history, long invoked, String name, String document, int node, String how) {
        note(history, invoked, name, document, node, Call.SOCKET_REFUSED, Call.NO_DOCUMENT, how);
    }

    private static void note(
            History history,
            long invoked,
            String name,
            String document,
            int node,
            int status,
            String answer,
            String how) {
        history.add(new Call(
                invoked,
                history.now(),
                name,
                node,
                document,
                Kind.READ_ALL,
                "",
                how.replace('\t', ' ').replace('\n', ' '),
                null,
                Outcome.DONE,
                status,
                answer));
    }

    String life() {
        return life;
    }

    SyncClient client() {
        return client;
    }

    boolean isEnded() {
        return client.raw().isEnded();
    }

    /** Writes a key. */
    void put(String key, String value) {
        long invoked = history.now();
        if (client.write(update(key, value))) {
            history.add(new Call(
                    invoked,
                    history.now(),
                    name,
                    node,
                    document,
                    Kind.WRITE,
                    "m/" + key,
                    value,
                    life,
                    Outcome.UNKNOWN,
                    0,
                    ""));
        }
    }

    private byte[] update(String key, String value) {
        Doc doc = new Doc();
        doc.applyUpdate(client.encode());
        StateVector before = doc.stateVector();
        doc.getMap("m").set(key, value);
        return doc.encodeStateAsUpdate(before);
    }

    @Override
    public void close() {
        client.close();
    }
}
