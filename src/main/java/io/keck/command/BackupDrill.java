package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.check.Findings;
import io.keck.metrics.BlobMetrics;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.archive.ArchiveException;
import io.keck.storage.archive.ArchiveImporter;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.database.DirectConnections;
import io.keck.storage.doctor.DatabaseDoctor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Restores a backup into a scratch database and looks at what came of it: everything that doctor looks at, each document opened,
 * what the backup says of itself, and the rooms of the live database. Changes neither backup nor live database. Used by one
 * thread, once.
 */
final class BackupDrill {
    private static final String NODE = "drill";
    private static final String BACKUP = "backup";
    private static final String OLDER = "Keep an older backup, and find out what made this one.";
    /** A room that is older than the backup by this much was there when the backup began. */
    private static final Duration LONGEST_BACKUP = Duration.ofDays(1);

    /**
     * What came of it.
     *
     * @param writtenAt when the backup was written; null where there is none
     * @param size of the backup in bytes
     * @param rooms that were restored
     * @param blobs that were restored
     */
    record Result(@Nullable Instant writtenAt, long size, long rooms, long blobs) {}

    private final Bootstrap<?> bootstrap;
    private final Configuration config;
    private final DatabaseFactory live;
    private final boolean comparesLive;
    private final Findings findings;
    private long rooms;
    private long blobs;

    /**
     * A drill.
     *
     * @param live the database that backups are made of
     * @param comparesLive whether it is asked for its rooms
     */
    BackupDrill(
            Bootstrap<?> bootstrap,
            Configuration config,
            DatabaseFactory live,
            boolean comparesLive,
            Findings findings) {
        this.bootstrap = bootstrap;
        this.config = config;
        this.live = live;
        this.comparesLive = comparesLive;
        this.findings = findings;
    }

    /**
     * Restores and looks.
     *
     * @param path a backup, or a folder with backups, of which the newest one counts
     * @param isRestored whether the scratch database of the configuration has it already, and stays
     * @throws IllegalStateException if there can be no drill; the message is a sentence
     */
    Result run(Path path, boolean isRestored) throws Exception {
        Backup backup;
        try {
            backup = Backup.of(Backup.newest(path));
        } catch (Backup.UnusableException e) {
            findings.problem(BACKUP, String.valueOf(e.getMessage()), OLDER);
            return new Result(null, 0, 0, 0);
        }
        findings.ok(
                BACKUP, backup.file() + ", written at " + backup.writtenAt() + ", has " + backup.size() + " bytes.");
        if (isRestored) {
            DatabaseFactory scratch = live.scratch();
            if (scratch == null) {
                throw new IllegalStateException("--restored needs a scratch database: KECK_DATABASE_SCRATCH_URL.");
            }
            if (scratch.getUrl().equals(live.getUrl())) {
                throw new IllegalStateException(
                        "KECK_DATABASE_SCRATCH_URL names the live database: nothing was done. Name another database.");
            }
            look(backup, scratch);
        } else {
            try (ScratchDatabase scratch = scratchFor(backup.kind())) {
                if (restore(backup, scratch)) {
                    look(backup, scratch.factory());
                }
            }
        }
        return new Result(backup.writtenAt(), backup.size(), rooms, blobs);
    }

    /** A file, where no server is configured and none is needed. */
    private ScratchDatabase scratchFor(Backup.Kind kind) throws IOException {
        DatabaseFactory scratch = live.scratch();
        boolean isDump = kind == Backup.Kind.DUMP;
        DatabaseFactory server = scratch == null && isDump ? live : scratch;
        boolean inFile = kind == Backup.Kind.SQLITE
                || server == null
                || server.connections().url().isSqlite();
        if (isDump && inFile) {
            throw new IllegalStateException("A dump of PostgreSQL is restored into PostgreSQL: name a server in"
                    + " KECK_DATABASE_SCRATCH_URL.");
        }
        return inFile || server == null ? ScratchDatabase.inFile() : ScratchDatabase.inServer(server.connections());
    }

    /** Whether there is something to look at. */
    private boolean restore(Backup backup, ScratchDatabase scratch) throws Exception {
        if (backup.kind() == Backup.Kind.SQLITE) {
            Files.copy(backup.file(), scratch.file());
            return true;
        }
        if (backup.kind() == Backup.Kind.DUMP) {
            String problem = scratch.restore(backup.file());
            if (!problem.isEmpty()) {
                findings.problem(BACKUP, "It cannot be restored: " + problem.replaceAll("\\.$", "") + ".", OLDER);
            }
            return problem.isEmpty();
        }
        ArchiveImporter.Listener listener = new ArchiveListener(findings);
        try {
            ArchiveImporter.check(backup.file(), listener);
        } catch (ArchiveException e) {
            findings.problem(BACKUP, "It is damaged. " + e.getMessage(), OLDER);
            return false;
        }
        try (CommandStorage opened = CommandStorage.open(bootstrap, config, scratch.factory(), NODE)) {
            Storage storage = opened.storage();
            JdbiBlobStore store = storage.blobs(JdbiBlobStore.Settings.DEFAULT, BlobMetrics.NONE);
            new ArchiveImporter(
                            storage.log(), store, storage.nodes().cluster(), new SecureRandom(), null, null, listener)
                    .runOnce(backup.file());
        }
        return true;
    }

    private void look(Backup backup, DatabaseFactory scratch) throws Exception {
        if (backup.kind() != Backup.Kind.ARCHIVE && !migrate(scratch)) {
            return;
        }
        DatabaseDoctor doctor = scratch.doctor();
        if (!doctor.look(new DamageOnly(findings))) {
            findings.problem(BACKUP, "What was restored has no tables of Keck.", OLDER);
            return;
        }
        doctor.scrub(null, true, findings, (roomsDone, blobsDone, rows, bytes) -> {});
        try (Handle h = scratch.connections().jdbi(true).open()) {
            RestoredRooms restored = new RestoredRooms(h, findings);
            rooms = restored.rooms();
            blobs = restored.blobs();
            restored.open();
            if (backup.kind() == Backup.Kind.ARCHIVE) {
                restored.compareWith(backup.file());
            }
            if (comparesLive) {
                compareWithLive(restored, backup.writtenAt().minus(LONGEST_BACKUP));
            }
        } catch (JdbiException e) {
            findings.problem(BACKUP, "What was restored cannot be read: " + firstLine(e) + ".", OLDER);
        }
    }

    /** A backup of a release before has the schema of that release. */
    private boolean migrate(DatabaseFactory scratch) throws Exception {
        try {
            CommandStorage.open(bootstrap, config, scratch, NODE).close();
            return true;
        } catch (IllegalStateException e) {
            findings.problem(BACKUP, "What was restored cannot be used. " + e.getMessage(), OLDER);
            return false;
        }
    }

    private void compareWithLive(RestoredRooms restored, Instant before) {
        DirectConnections connections = live.connections();
        try (Handle h = connections.jdbi(true).open()) {
            if (!DirectConnections.hasChecksums(connections.applied(h))) {
                throw new IllegalStateException("it has no tables of Keck");
            }
            restored.compareWith(h, before.toEpochMilli());
        } catch (JdbiException | IllegalStateException e) {
            findings.unknown(
                    "database",
                    "The backup was not compared with the live database: " + firstLine(e) + ".",
                    "Run the drill where DATABASE_URL works, or with --no-live.");
        }
    }

    private static String firstLine(Throwable e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return String.valueOf(cause.getMessage())
                .lines()
                .findFirst()
                .orElse("")
                .strip()
                .replaceAll("\\.$", "");
    }

    /** Of a scratch database only what is wrong with its data: nobody relies on its settings. */
    private record DamageOnly(Findings findings) implements Findings {
        @Override
        public void add(Finding finding) {
            boolean isDamage =
                    finding.level() == Level.UNKNOWN || finding.what().startsWith("SQLite finds");
            if (isDamage) {
                findings.add(finding);
            }
        }
    }

    /** What an import leaves out is missing. */
    record ArchiveListener(Findings findings) implements ArchiveImporter.Listener {
        @Override
        public void checked(long position) {}

        @Override
        public void imported(long position, long rooms) {}

        @Override
        public void leftOut(String room, String why) {
            findings.add(new Findings.Finding(
                    Findings.Level.PROBLEM, "room", room, 0, 0, "", "it cannot be restored: " + why, OLDER));
        }

        @Override
        public void incomplete(String room, String what) {} // the scrub says it
    }
}
