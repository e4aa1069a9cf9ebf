package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tabs of all protocols that are killed during their first sync, with the database and without: what a tab was told is saved is there
 * after PostgreSQL and the server were killed.
 */
class SavedOutageIT {
    private static final List<String> LIBRARIES = List.of(
            "y-websocket",
            "hocuspocus-provider-2",
            "hocuspocus-provider-3",
            "hocuspocus-provider-4",
            "@y-sweet/client",
            "y-partykit",
            "y-partyserver");
    /** More messages than any client gets until everything of its is saved. */
    private static final int MAX_STEPS = 30;
    /** As many messages as each client gets at least while the database is away. */
    private static final int STEPS_WITHOUT_DATABASE = 2;

    @TempDir
    private static Path dir;

    private static NodeClients clients;
    private static PostgresServer postgres;
    private final List<KeckProcess> nodes = new ArrayList<>();

    @BeforeAll
    static void startAll() {
        clients = NodeClients.start();
        postgres = PostgresServer.start(dir);
    }

    @AfterAll
    static void stopAll() {
        clients.close();
        postgres.close();
    }

    @AfterEach
    void stop() {
        clients.closeClients();
        nodes.forEach(KeckProcess::close);
    }

    private KeckProcess startNode() {
        KeckProcess node = KeckProcess.on(postgres, "postgres", dir).brief().start();
        nodes.add(node);
        return node;
    }

    private void killNodes() {
        nodes.forEach(KeckProcess::kill);
        nodes.clear();
    }

    /** A tab has offline edits and is killed after each message of its first sync, with the database and without. */
    @Test
    void tabKilledAtEachStepOfItsFirstSync_wasToldSavedOnlyOfWhatIsThere() {
        KeckProcess node = startNode();
        clients.open("keeper", node.port(), "tabs");
        clients.edit("keeper", new Object[][] {NodeClients.insert(0, "kept")});
        clients.awaitSynced("keeper");
        Eventually.await("the room is made", () -> node.get("/api/block/tabs").statusCode() == 200);
        List<String> saved = new ArrayList<>();
        for (String library : LIBRARIES) {
            boolean lives = false;
            for (int step = 1; !lives && step <= MAX_STEPS; step++) {
                String tab = library + "-" + step;
                String word = "<" + tab + ">";
                clients.openMortal(tab, node.port(), "tabs", library, word, step);
                lives = !clients.awaitOver(tab);
                if (lives || clients.wasSaved(tab)) {
                    saved.add(word);
                }
            }
            assertThat(lives).as("%s needs more messages", library).isTrue();
        }
        assertThat(saved).hasSizeGreaterThanOrEqualTo(LIBRARIES.size());

        postgres.kill();
        clients.edit("keeper", new Object[][] {NodeClients.insert(0, "unsaved")});
        for (String library : LIBRARIES) {
            if (library.equals("@y-sweet/client")) {
                continue; // it begins with a request over HTTP, which needs the database
            }
            for (int step = 1; step <= STEPS_WITHOUT_DATABASE; step++) {
                String tab = "away-" + library + "-" + step;
                clients.openMortal(tab, node.port(), "tabs", library, "<" + tab + ">", step);
                assertThat(clients.awaitOver(tab)).as("killed: %s", tab).isTrue();
                assertThat(clients.wasSaved(tab)).as("told saved: %s", tab).isFalse();
            }
        }
        killNodes();
        clients.closeClients();
        postgres.start();
        clients.open("fresh", startNode().port(), "tabs"); // a server that knows only what is in the database
        clients.awaitSynced("fresh");
        assertThat(clients.text("fresh")).contains(saved);
    }
}
