package io.keck.storage.doctor;

import io.keck.check.Findings;
import io.keck.check.Findings.Finding;
import io.keck.storage.database.DatabaseRequirements;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.DirectConnections;
import io.keck.storage.database.EmbeddedFile;
import io.keck.storage.database.Migrations;
import io.keck.storage.history.HistoryCheck;
import io.keck.storage.purge.PurgeProof;
import io.keck.storage.rows.StoredRooms;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Examines the database and the stored data, and repairs on request. An examination only reads and creates nothing; an
 * embedded database is opened read-only beside the running server. Used by one thread.
 */
public final class DatabaseDoctor {
    private static final long CLOCK_MILLIS = 1_000;
    private static final long FREE_BYTES = 1L << 30;
    private static final String DATABASE = "database";
    private static final String CLOCK = "clock";
    private static final String PURGED = "purged";
    private static final String MIGRATE = "Run: java -jar keck.jar db migrate config.yml, or start the server with"
            + " database.migrateAtStart: true (KECK_MIGRATE=true).";

    private final DatabaseUrl url;
    private final DirectConnections connections;
    private final int pool;
    private final Clock clock;
    private final @Nullable Path historyDirectory;
    /** The change sets that were run; null if unknown. */
    private @Nullable Set<String> applied;

    /**
     * Creates a doctor of one database.
     *
     * @param pool the number of connections that one node opens
     * @param historyDirectory the directory of segments that are stored as files, or null
     */
    public DatabaseDoctor(DirectConnections connections, int pool, Clock clock, @Nullable Path historyDirectory) {
        this.historyDirectory = historyDirectory;
        this.url = connections.url();
        this.connections = connections;
        this.pool = pool;
        this.clock = clock;
    }

    // ------------------------------------------------------------------ the database

    /** Examines the database itself; returns false if there is no readable data to examine further. */
    public boolean look(Findings findings) {
        String file = url.sqliteFile();
        if (file != null && !connections.isThere()) {
            findings.hint(
                    DATABASE,
                    "There is no database yet at " + Path.of(file).toAbsolutePath() + ".",
                    "The server makes it when it starts. If it should be there: run this where the server is run,"
                            + " with the"
                            + " same DATABASE_URL.");
            return false;
        }
        try (Handle h = connections.jdbi(true).open()) {
            if (file == null) {
                lookAtPostgres(h, findings);
            } else {
                lookAtFile(Path.of(file), h, findings);
            }
            return lookAtSchema(h, findings);
        } catch (ConnectionException e) {
            findings.unknown(
                    DATABASE,
                    "The database at " + url + " cannot be reached: " + message(e) + ".",
                    "Is it up, does DATABASE_URL name it, may this machine and this user connect?");
        } catch (JdbiException e) {
            findings.unknown(
                    DATABASE,
                    "The database at " + url + " refused to answer: " + message(e) + ".",
                    "Its own log says more; the user of DATABASE_URL needs to own Keck's tables.");
        }
        return false;
    }

    private static String message(Throwable e) {
        Throwable cause = e.getCause() instanceof SQLException sql ? sql : e;
        return String.valueOf(cause.getMessage())
                .lines()
                .findFirst()
                .orElse("")
                .strip()
                .replaceAll("\\.$", "");
    }

    private static String show(Handle h, String setting) {
        return h.createQuery("SHOW " + setting).mapTo(String.class).one();
    }

    private void lookAtPostgres(Handle h, Findings findings) {
        int version = Integer.parseInt(show(h, "server_version_num"));
        if (version < DatabaseRequirements.OLDEST_POSTGRES) {
            findings.problem(
                    DATABASE,
                    "This is PostgreSQL " + show(h, "server_version") + ".",
                    "Keck needs PostgreSQL 13 or newer: upgrade it.");
        } else {
            findings.ok(DATABASE, "PostgreSQL " + show(h, "server_version") + " at " + url + ".");
        }
        for (String setting : new String[] {"fsync", "synchronous_commit", "full_page_writes"}) {
            if (show(h, setting).equals("off")) {
                findings.problem(
                        DATABASE,
                        setting + " is off: a crash of the database may lose updates that were reported as saved.",
                        "Set " + setting + " = on in postgresql.conf (or for this role or database) and reload.");
            }
        }
        if (!show(h, "server_encoding").equals("UTF8")) {
            findings.problem(
                    DATABASE,
                    "The encoding of the database is " + show(h, "server_encoding")
                            + ": some texts and names of rooms cannot be stored, and the server does not start.",
                    "Make a database with ENCODING 'UTF8' and move the rooms: java -jar keck.jar export, import.");
        }
        if (h.createQuery("SELECT pg_is_in_recovery()").mapTo(Boolean.class).one()) {
            findings.problem(
                    DATABASE,
                    "This server is a standby: nothing can be saved here.",
                    "Let DATABASE_URL name the primary, or all servers: host1,host2.");
        }
        int most = Integer.parseInt(show(h, "max_connections"))
                - Integer.parseInt(show(h, "superuser_reserved_connections"));
        if (pool > most) {
            findings.problem(
                    DATABASE,
                    "The pool of one node may take " + pool + " connections, the server has " + most + ".",
                    "Raise max_connections, lower database.maxSize (KECK_DATABASE_POOL), or put PgBouncer between.");
        } else {
            findings.ok(
                    DATABASE,
                    "Connections: " + pool + " a node of " + most + ", enough for " + most / pool + " nodes.");
        }
        long before = clock.millis();
        long there = h.createQuery("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
                .mapTo(Long.class)
                .one();
        long after = clock.millis();
        clockDiffers(findings, "the database", before, there, after);
    }

    /** Compares another clock, read between two readings of this machine's. */
    private static void clockDiffers(Findings findings, String whose, long before, long there, long after) {
        long off = there < before ? there - before : Math.max(0, there - after);
        if (Math.abs(off) > CLOCK_MILLIS) {
            findings.problem(
                    CLOCK,
                    "The clock of " + whose + " is " + Math.abs(off) / 1_000.0 + " s "
                            + (off < 0 ? "behind" : "ahead of") + " the one here.",
                    "Let NTP (chrony, systemd-timesyncd) set both: retention and held names go by them.");
        } else {
            findings.ok(CLOCK, "The clock of " + whose + " is the same as here.");
        }
    }

    private void lookAtFile(Path file, Handle h, Findings findings) {
        try {
            FileStore store = Files.getFileStore(file);
            long size = Files.size(file);
            long free = store.getUsableSpace();
            if (free < FREE_BYTES || free < size / 2) {
                findings.problem(
                        "disk",
                        "The disk of " + file.toAbsolutePath() + " (" + (size >> 20) + " MiB) has " + (free >> 20)
                                + " MiB free.",
                        "Make room: on a full disk nothing is saved any more.");
            } else {
                findings.ok(
                        "disk",
                        "The disk of " + file + " (" + (size >> 20) + " MiB) has " + (free >> 20) + " MiB free.");
            }
        } catch (IOException e) {
            findings.unknown("disk", "The disk of " + file + " cannot be looked at: " + e.getMessage() + ".", "");
        }
        if (url.jdbcUrl().matches("(?i).*synchronous=(off|normal|0|1)\\b.*")) {
            findings.problem(
                    DATABASE,
                    "SQLite runs with synchronous below FULL: a power failure may lose updates that were reported"
                            + " as saved.",
                    "Take synchronous out of DATABASE_URL; the default is FULL.");
        }
        List<String> damage =
                h.createQuery("PRAGMA quick_check(5)").mapTo(String.class).list();
        if (damage.equals(List.of("ok"))) {
            findings.ok(DATABASE, "SQLite finds the structure of " + file + " whole.");
        } else {
            findings.problem(
                    DATABASE,
                    "SQLite finds the file damaged: " + String.join("; ", damage) + ".",
                    "Stop the server, copy the file away, and restore a backup, or try: sqlite3 keck.db .recover");
        }
    }

    private boolean lookAtSchema(Handle h, Findings findings) {
        Set<String> known = Migrations.changeSets(!url.isSqlite());
        Set<String> done = connections.applied(h);
        if (done == null) {
            findings.hint(DATABASE, "The database has no tables of Keck yet.", "The server makes them when it starts.");
            return false;
        }
        applied = done;
        Set<String> pending = new HashSet<>(known);
        pending.removeAll(done);
        if (pending.isEmpty()) {
            findings.ok(DATABASE, "The schema is up to date.");
        } else {
            findings.problem(
                    DATABASE, "The schema is not up to date: " + pending.size() + " change sets are missing.", MIGRATE);
        }
        return done.contains("4-links") && done.contains("10-blobs");
    }

    // ------------------------------------------------------------------ the stored data

    /** The number of rooms and blobs that a scrub examines. */
    public long total() {
        try (Handle h = connections.jdbi(true).open()) {
            return StoredRooms.count(h) + Scrub.blobs(h);
        }
    }

    private boolean hasHistory() {
        Set<String> done = applied;
        return done != null && done.contains("24-history");
    }

    /**
     * Examines all stored data.
     *
     * @param only the name of the only room to examine, or null for all
     */
    public void scrub(@Nullable String only, boolean withBlobs, Findings findings, Scrub.Progress progress) {
        try (Handle h = connections.jdbi(true).open()) {
            boolean hasChecksums = DirectConnections.hasChecksums(applied);
            HistoryCheck history = hasHistory() ? new HistoryCheck(h, historyDirectory) : null;
            new Scrub(h, hasChecksums, history, findings, progress).run(only, withBlobs);
        } catch (JdbiException e) {
            findings.unknown(
                    DATABASE,
                    "The database failed before everything was looked at: " + message(e) + ".",
                    "Run doctor again when it is well.");
        }
    }

    /**
     * Examines whether nothing is left of purged documents.
     *
     * @param text a text that was in one of them and is searched for everywhere; empty for none
     */
    public void purged(String text, Findings findings) {
        Set<String> done = applied;
        if (done == null || !done.contains("24-purges")) {
            findings.unknown(PURGED, "The schema knows no purges yet.", MIGRATE);
            return;
        }
        byte[] marker = text.getBytes(StandardCharsets.UTF_8);
        String file = url.sqliteFile();
        try (Handle h = connections.jdbi(true).open()) {
            PurgeProof proof = new PurgeProof(h, historyDirectory);
            List<Long> lives = proof.purged();
            for (long life : lives) {
                List<String> remains = proof.remains(life);
                if (!remains.isEmpty()) {
                    findings.problem(
                            PURGED,
                            "Something is left of the purged life " + life + ": " + String.join(", ", remains) + ".",
                            "A node goes on with an interrupted purge after half an hour; look again then.");
                }
            }
            findings.ok(PURGED, "Looked for what is left of " + lives.size() + " purged lives.");
            List<String> places = marker.length == 0 ? List.of() : new ArrayList<>(proof.find(marker));
            if (marker.length > 0 && file != null) {
                places.addAll(PurgeProof.findInFiles(Path.of(file), marker));
            }
            if (!places.isEmpty()) {
                findings.problem(
                        PURGED,
                        "The text is found in: " + String.join(", ", places) + ".",
                        "Another document may have it as well. In the files of SQLite alone, run VACUUM on it.");
            } else if (marker.length > 0) {
                findings.ok(PURGED, "The text is found nowhere" + (file == null ? " through SQL." : "."));
            }
        } catch (JdbiException e) {
            findings.unknown(
                    PURGED,
                    "The database failed before everything was looked at: " + message(e) + ".",
                    "Run it again.");
        }
    }

    /**
     * Repairs the findings of a scrub.
     *
     * @throws IllegalStateException if a repair is impossible now, with the remedy
     */
    public void repair(List<Finding> found, Findings findings) {
        if (!DirectConnections.hasChecksums(applied)) {
            throw new IllegalStateException("Nothing can be repaired before the schema is up to date. " + MIGRATE);
        }
        EmbeddedFile.whileHeld(url, () -> repairEach(found, findings));
    }

    private void repairEach(List<Finding> found, Findings findings) {
        Repair repair = new Repair(connections.jdbi(false), clock);
        Set<Long> done = new HashSet<>();
        for (Finding finding : found) {
            if (finding.area().equals("room") && done.add(finding.roomId())) {
                repairRoom(repair, finding, findings);
            } else if (finding.area().equals("blob")) {
                byte[] hash = HexFormat.of().parseHex(finding.what().split(" ", 3)[1]);
                if (repair.blob(finding.room(), hash)) {
                    findings.ok("repair", "Removed a damaged blob from its room; it can be uploaded again.");
                }
            }
        }
    }

    private static void repairRoom(Repair repair, Finding finding, Findings findings) {
        try {
            Optional<Integer> aside = repair.room(finding.roomId());
            if (aside.isPresent()) {
                findings.ok(
                        "repair",
                        "Repaired room " + finding.roomId() + ": " + aside.get()
                                + " rows and snapshots were moved to the table room_damage.");
            }
        } catch (IllegalStateException e) {
            findings.problem(
                    "repair", "Room " + finding.roomId() + " was not repaired. " + e.getMessage(), "Try again.");
        }
    }
}
