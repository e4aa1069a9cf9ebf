package io.keck.testing;

import io.keck.auth.NewKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Unmodified clients in a Node process, and two servers of the packaged jar: one with open access, one with API keys. */
public abstract class ClientsOfTwoServers {
    @TempDir
    private static Path dir;

    @TempDir
    private static Path guardedDir;

    protected static NodeClients clients;
    /** Has open access, and sends changes and messages of applications to {@link #receiver}. */
    protected static KeckProcess keck;

    protected static HookReceiver receiver;
    /** Knows {@link #writer}, {@link #reader} and an operator's key. */
    protected static KeckProcess guarded;

    protected static NewKey writer;
    protected static NewKey reader;

    @BeforeAll
    static void start() throws IOException {
        clients = NodeClients.start();
        receiver = new HookReceiver();
        keck = KeckProcess.in(dir)
                .brief()
                .env("HOOK_ENDPOINT", receiver.url())
                .env("HOOK_SECRET", HookReceiver.SECRET)
                .env("KECK_HOOK_MESSAGES", "true")
                .start();
        writer = NewKey.make("writer", "*", "write");
        reader = NewKey.make("reader", "*", "read");
        NewKey admin = NewKey.make("operator", "*", "admin");
        Path keys = Files.write(guardedDir.resolve("keys.jsonl"), List.of(writer.line(), reader.line(), admin.line()));
        guarded = KeckProcess.in(guardedDir)
                .brief()
                .env("KECK_API_KEYS_FILE", keys.toString())
                .start();
    }

    @AfterEach
    void end() {
        clients.closeClients();
    }

    @AfterAll
    static void stop() {
        clients.close();
        keck.close();
        receiver.close();
        guarded.close();
    }

    /** Starts a server on a port that outlives it, so that clients find its successor. */
    protected static KeckProcess at(Path own, int port) {
        return KeckProcess.in(own)
                .brief()
                .env("KECK_PORT", String.valueOf(port))
                .start();
    }
}
