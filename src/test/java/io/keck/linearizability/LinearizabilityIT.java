package io.keck.linearizability;

import io.keck.testing.Seeds;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real nodes under random concurrent histories and faults: what each call was answered has to be explained by the calls having
 * happened one after the other, each between its beginning and its answer. {@code src/site/markdown/consistency.md} says what
 * is checked and how to run more of it.
 */
class LinearizabilityIT {
    private static final Duration LONG = Duration.ofMinutes(Long.getLong("keck.linearizability.minutes", 20));
    private static final long SHORT_MILLIS = 4_000;
    private static final long LONG_MILLIS = 20_000;

    @TempDir
    private Path dir;

    // ------------------------------------------------------------------ in the build

    @Test
    void oneNodeOnSqlite() {
        long seed = Seeds.next("LinearizabilityIT.oneNode");
        Report report = new Report("one-node");
        try (Site site = Site.onSqlite(dir)) {
            Directed directed = new Directed(site, seed);
            directed.force(6);
            directed.forceThenWrite(4);
            directed.forceThenSocket(4);
            directed.race(6, seed);
            directed.delete(10);
            directed.evict(20);
            directed.keyOfAnEditThatChangedNothing(2);
            directed.createAfterDelete(4);
            directed.createAfterSocketsWereClosed(2);
            directed.eventsBeforeTheEnd(4);
            report.add(seed, "directed", directed.history(), directed.findings());
            run(site, seed, SHORT_MILLIS, List.of(Nemesis.Fault.PAUSE_NODE), report);
        }
        report.judge();
    }

    @Test
    void twoNodesOnPostgres() {
        long seed = Seeds.next("LinearizabilityIT.twoNodes");
        Report report = new Report("two-nodes");
        try (Site site = Site.onPostgres(dir, 2, true)) {
            site.stopBus(); // so that nodes hear late of what others did
            Directed directed = new Directed(site, seed);
            directed.force(6);
            directed.forceThenWrite(6);
            directed.forceThenSocket(4);
            directed.race(6, seed);
            directed.delete(10);
            directed.keyOfAnEditThatChangedNothing(2);
            directed.createAfterDelete(4);
            directed.createAfterSocketsWereClosed(2);
            directed.createAfterALateLook(3);
            directed.forcedInitsMeet(6);
            directed.firstSyncWhileLoading(2);
            directed.eventsBeforeTheEnd(6);
            directed.pausedWhileALifeEnds(1);
            directed.createWhileConnectionsBreak(40);
            report.add(seed, "directed", directed.history(), directed.findings());
            site.startBus();
            run(
                    site,
                    seed,
                    SHORT_MILLIS,
                    List.of(
                            Nemesis.Fault.DAMAGE_MESSAGES,
                            Nemesis.Fault.BREAK_CONNECTIONS,
                            Nemesis.Fault.LOCK_ROW,
                            Nemesis.Fault.KILL_REDIS),
                    report);
        }
        report.judge();
    }

    // ------------------------------------------------------------------ in a campaign

    @Test
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void longRuns_oneNodeOnSqlite() {
        runLong("long-one-node", () -> Site.onSqlite(dir));
    }

    @Test
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void longRuns_threeNodesWithoutABus() {
        runLong("long-three-nodes-without-bus", () -> Site.onPostgres(dir, 3, false));
    }

    @Test
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void longRuns_threeNodes() {
        runLong("long-three-nodes", () -> Site.onPostgres(dir, 3, true));
    }

    @Test
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void longRuns_threeNodesBehindNginx() {
        runLong("long-nginx", () -> Site.behindNginx(dir));
    }

    /** Round after round, each with a seed of its own, all faults, and the directed histories between them. */
    private static void runLong(String name, Supplier<Site> opening) {
        Random seeds = new Random(Seeds.next("LinearizabilityIT." + name));
        Report report = new Report(name);
        long end = System.nanoTime() + LONG.toNanos();
        try (Site site = opening.get()) {
            while (System.nanoTime() < end) {
                long seed = seeds.nextInt(1 << 24);
                direct(site, seed, report);
                run(site, seed, LONG_MILLIS, List.of(Nemesis.Fault.values()), report);
            }
        }
        report.judge();
    }

    /** The directed histories that need no fault of their own. */
    private static void direct(Site site, long seed, Report report) {
        Directed directed = new Directed(site, seed);
        directed.force(4);
        directed.forceThenWrite(4);
        directed.forceThenSocket(4);
        directed.race(6, seed);
        directed.delete(6);
        directed.keyOfAnEditThatChangedNothing(2);
        directed.createAfterDelete(4);
        directed.createAfterSocketsWereClosed(2);
        directed.createAfterALateLook(2);
        directed.forcedInitsMeet(4);
        directed.eventsBeforeTheEnd(4);
        report.add(seed, "directed", directed.history(), directed.findings());
    }

    private static void run(Site site, long seed, long millis, List<Nemesis.Fault> faults, Report report) {
        Round round = new Round(site, seed, millis, 700).only(faults);
        List<Finding> findings = round.run();
        report.add(seed, round.timeline(), round.history(), findings);
    }
}
