package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.MixedClients;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Unmodified clients of all protocols while PostgreSQL is killed: what a client calls saved is there after everything was killed, and
 * nobody calls anything saved that is not. {@code -Dkeck.seed=N} repeats a run, {@code -Dkeck.campaign=true} makes many.
 */
class SavedOutageIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    /** How long the database stays away at least; in a campaign longer than any client waits for an answer. */
    private static final Duration AWAY = Duration.ofSeconds(CAMPAIGN ? 60 : 0);
    /** The least number of edits of each client while the database is away. */
    private static final int EDITS = 5;

    private static final int ROUNDS = CAMPAIGN ? 40 : 1;
    /** The largest number of rounds in which the twin must lose something. */
    private static final int TWIN_ROUNDS = 10;
    /** More messages than any client gets until everything of its is saved. */
    private static final int MAX_STEPS = 30;
    /** As many messages as each client gets at least while the database is away. */
    private static final int STEPS_WITHOUT_DATABASE = 2;

    @TempDir
    private static Path dir;

    private static NodeClients clients;
    private static PostgresServer postgres;
    /** The running nodes. A test leaves its last one to the next test, since starting one takes long. */
    private static final List<KeckProcess> NODES = new ArrayList<>();

    @BeforeAll
    static void startAll() {
        clients = NodeClients.start();
        postgres = PostgresServer.start(dir);
    }

    @AfterAll
    static void stopAll() {
        clients.close();
        NODES.forEach(KeckProcess::close);
        NODES.clear();
        postgres.close();
    }

    @AfterEach
    void stop() {
        clients.closeClients();
    }

    /** The running nodes, of which there are at least so many. */
    private static List<KeckProcess> nodes(int least) {
        while (NODES.size() < least) {
            NODES.add(KeckProcess.on(postgres, "postgres", dir).brief().start());
        }
        return NODES;
    }

    private static KeckProcess node() {
        return nodes(1).get(0);
    }

    /** Kills all nodes; those that are started afterwards know only what is in the database. */
    private static void killNodes() {
        NODES.forEach(KeckProcess::kill);
        NODES.clear();
    }

    @Test
    void withoutTheDatabase_nobodyIsToldSavedOrReconnects_andAllIsSavedAfterwards() {
        MixedClients mixed = new MixedClients(clients, "away", nodes(2));
        mixed.typeAll();
        clients.awaitSaved(mixed.all());

        postgres.kill();
        long until = System.nanoTime() + AWAY.toNanos();
        for (int edit = 0; edit < EDITS || System.nanoTime() < until; edit++) {
            mixed.typeAll();
            mixed.awaitEqualOnEachNode();
            assertThat(mixed.saved()).as("told saved without a database").isEmpty();
        }
        assertThat(mixed.reconnected()).isEmpty();

        postgres.start();
        clients.awaitSaved(mixed.all());
        clients.awaitEqual(mixed.all());
        assertThat(mixed.reconnected()).isEmpty();
        killNodes();
        clients.closeClients();
        assertThat(MixedClients.missing(clients, node(), "away", mixed.words())).isEmpty();
    }

    /**
     * Types and looks who calls what saved, kills the database at a moment that the seed decides, in some rounds starts it again, and
     * kills everything; returns what is lost of what was called saved.
     */
    private static List<String> lossesOf(String room, Random random) {
        MixedClients mixed = new MixedClients(clients, room, nodes(CAMPAIGN ? 1 + random.nextInt(2) : 1));
        List<String> saved = new ArrayList<>();
        int steps = 40 + random.nextInt(120);
        int killAt = random.nextInt(3) == 0 ? random.nextInt(steps) : -1;
        boolean isRunning = true;
        for (int step = 0; step < steps; step++) {
            if (step == killAt) {
                postgres.kill();
                isRunning = random.nextBoolean();
                if (isRunning) {
                    postgres.start();
                }
            }
            mixed.type(random.nextInt(mixed.size()));
            note(mixed, random.nextInt(mixed.size()), saved);
        }
        for (int i = 0; i < mixed.size(); i++) {
            note(mixed, i, saved);
        }
        if (isRunning) {
            postgres.kill();
        }
        killNodes();
        clients.closeClients();
        postgres.start();
        List<String> distinct = saved.stream().distinct().toList();
        System.out.println("SavedOutageIT " + room + ": " + distinct.size() + " of "
                + mixed.words().size() + " words were called saved");
        List<String> missing = MixedClients.missing(clients, node(), room, distinct);
        clients.closeClients();
        return missing;
    }

    /** Adds all words of a client if it calls them saved. Nothing is typed meanwhile. */
    private static void note(MixedClients mixed, int client, List<String> saved) {
        if (mixed.isSaved(client)) {
            saved.addAll(mixed.words(client));
        }
    }

    @Test
    void databaseKilledAtRandom_andEverythingKilled_losesNothingThatAClientCalledSaved() {
        for (int round = 0; round < ROUNDS; round++) {
            long seed = Seeds.next("SavedOutageIT");
            assertThat(lossesOf("killed-" + round, new Random(seed)))
                    .as("lost though it was called saved; seed %d", seed)
                    .isEmpty();
        }
    }

    /** The twin: a database that calls commits done before they are written, so that "saved" comes too early. */
    @Test
    void savedThatComesTooEarly_isNoticed() {
        killNodes(); // their connections would keep the setting from before
        postgres.execute("ALTER DATABASE postgres SET synchronous_commit = off");
        postgres.execute("ALTER SYSTEM SET wal_writer_delay = '10s'");
        postgres.execute("SELECT pg_reload_conf()");
        try {
            long seed = Seeds.next("SavedOutageIT.early");
            List<String> lost = List.of();
            for (int round = 0; round < TWIN_ROUNDS && lost.isEmpty(); round++) {
                lost = lossesOf("early-" + round, new Random(seed + round));
            }
            assertThat(lost).as("seed %d", seed).isNotEmpty();
        } finally {
            postgres.execute("ALTER DATABASE postgres RESET synchronous_commit");
            postgres.execute("ALTER SYSTEM RESET wal_writer_delay");
            postgres.execute("SELECT pg_reload_conf()");
            postgres.execute("CHECKPOINT"); // these commits did not wait for the disk either
            killNodes();
        }
    }

    /** A tab has offline edits and is killed after each message of its first sync, with the database and without. */
    @Test
    void tabKilledAtEachStepOfItsFirstSync_wasToldSavedOnlyOfWhatIsThere() {
        KeckProcess node = node();
        clients.open("keeper", node.port(), "tabs");
        clients.edit("keeper", new Object[][] {NodeClients.insert(0, "<kept>")});
        clients.awaitSynced("keeper");
        Eventually.await("the room is made", () -> node.get("/api/block/tabs").statusCode() == 200);
        List<String> saved = new ArrayList<>();
        for (String library : MixedClients.LIBRARIES) {
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
        assertThat(saved).hasSizeGreaterThanOrEqualTo(MixedClients.LIBRARIES.size());

        postgres.kill();
        clients.edit("keeper", new Object[][] {NodeClients.insert(0, "<unsaved>")});
        for (String library : MixedClients.LIBRARIES) {
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
        assertThat(MixedClients.missing(clients, node(), "tabs", saved)).isEmpty();
    }
}
