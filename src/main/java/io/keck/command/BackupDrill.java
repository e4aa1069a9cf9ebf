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
 * Restores a backup into a scratch database and examines the result: doctor's checks, opening each document, comparing with the
 * backup's own figures and with the rooms of the live database. Changes neither backup nor live database. Used by one thread,
 * once.
 */
final class BackupDrill {
    private static final String NODE = "drill";
    private static final String BACKUP = "backup";
    private static final String OLDER = "Keep an older backup, and find out how this one was made.";
    /** A room that was created this long before the backup was written existed when the backup began. */
    private static final Duration LONGEST_BACKUP = Duration.ofDays(1);

    /**
     * The result of a drill.
     *
     * @param writtenAt when the backup was written; null if there was none
     * @param size the size of the backup in bytes
     * @param rooms the number of restored rooms
     * @param blobs the number of restored blobs
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
     * Creates a drill.
     *
     * @param live the database of which backups are made
     * @param comparesLive whether its rooms are compared with the backup
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
     * Restores the backup and examines the result.
     *
     * @param path a backup, or a folder, of which the newest backup is used
     * @param isRestored whether the backup is restored in the configured scratch database already, which is then left in place
     * @throws IllegalStateException if the drill cannot run; the message says why
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

    /** Creates the scratch database: a file if no server is configured and the backup needs none. */
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

    /** Restores the backup; returns whether there is a result to examine. */
    private boolean restore(Backup backup, ScratchDatabase scratch) throws Exception {
        if (backup.kind() == Backup.Kind.SQLITE) {
            Files.copy(backup.file(), scratch.file());
            return true;
        }
        if (backup.kind() == Backup.Kind.DUMP) {
            String problem = scratch.restore(backup.file());
            if (!problem.isEmpty()) {
                findings.problem(
                        BACKUP, "The backup cannot be restored: " + problem.replaceAll("\\.$", "") + ".", OLDER);
            }
            return problem.isEmpty();
        }
        ArchiveImporter.Listener listener = new ArchiveListener(findings);
        try {
            ArchiveImporter.check(backup.file(), listener);
        } catch (ArchiveException e) {
            findings.problem(BACKUP, "The backup is damaged. " + e.getMessage(), OLDER);
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
            findings.problem(BACKUP, "The restored database has no tables of Keck.", OLDER);
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
            findings.problem(BACKUP, "The restored database cannot be read: " + firstLine(e) + ".", OLDER);
        }
    }

    /** Migrates the restored database, since a backup of an earlier release has the schema of that release. */
    private boolean migrate(DatabaseFactory scratch) throws Exception {
        try {
            CommandStorage.open(bootstrap, config, scratch, NODE).close();
            return true;
        } catch (IllegalStateException e) {
            findings.problem(BACKUP, "The restored database cannot be used. " + e.getMessage(), OLDER);
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

    /** Passes on only damage of data: the settings of a scratch database do not matter. */
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

    /** Reports everything that the import leaves out as missing. */
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
        public void incomplete(String room, String what) {} // the scrub reports it
    }
}
