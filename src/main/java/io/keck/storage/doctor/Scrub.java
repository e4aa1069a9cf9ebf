package io.keck.storage.doctor;

import io.keck.check.Findings;
import io.keck.check.Findings.Finding;
import io.keck.check.Findings.Level;
import io.keck.storage.blob.BlobPieces;
import io.keck.storage.database.UnreadableData;
import io.keck.storage.history.HistoryCheck;
import io.keck.storage.rows.RoomScan;
import io.keck.storage.rows.RowPages;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Examines all stored data: each live room's sequence, links and checksums, and whether every row and snapshot can be
 * decoded; the documents that they form ({@link DocumentScan}); each blob's SHA-256. Only reads, one page at a time,
 * and may run while servers write: apparent damage is examined a second time, because a room may have been folded or
 * deleted in between. Used by one thread.
 */
final class Scrub {
    private static final int PAGE = 500;
    private static final String REPAIR = "Restore it from a backup, or give up the damaged data: stop its writers,"
            + " if you can, and run doctor --repair. Clients that still have the document open send back the"
            + " content that they have.";
    private static final Map<String, String> REMARKS = Map.of(
            "incomplete",
            "Readers do not see the waiting content. The missing content arrives when a client that has it"
                    + " connects, or from a backup; no repair is needed.",
            "contradictory",
            "The first content counts. Clients with the other content keep it and never see this one: reload them,"
                    + " or replace the document by the right one with POST /api/block/{name}/init?force=true.",
            "large",
            "Run doctor --room with a larger heap, for example java -Xmx4g.");
    private static final String REPAIR_BLOB =
            "Upload the file again after doctor --repair, which sets the damaged bytes aside for 30 days.";

    private static final String REPAIR_HISTORY =
            "The document itself is not concerned. Restore the history from a backup; without one, what needs this part"
                    + " of it cannot be answered until retention has dropped it.";

    /** Receives the progress of a scrub. */
    public interface Progress {
        /**
         * Called as the scrub proceeds.
         *
         * @param rooms the number of examined rooms
         * @param blobs the number of examined blobs
         * @param rows the number of examined rows
         * @param bytes the number of examined bytes
         */
        void at(long rooms, long blobs, long rows, long bytes);
    }

    /** A live room. */
    private record Room(long id, String name) {}

    private record Blob(long contentId, byte[] hash, String room, long size) {}

    private final Handle h;
    private final boolean hasChecksums;
    private final @Nullable HistoryCheck history;
    private final Findings findings;
    private final Progress progress;
    private long rooms;
    private long blobs;
    private long rows;
    private long bytes;

    /** @param history examines history; null if the schema has none yet */
    Scrub(Handle h, boolean hasChecksums, @Nullable HistoryCheck history, Findings findings, Progress progress) {
        this.history = history;
        this.h = h;
        this.hasChecksums = hasChecksums;
        this.findings = findings;
        this.progress = progress;
    }

    /** The number of blobs. */
    static long blobs(Handle h) {
        return h.createQuery("SELECT count(*) FROM blobs").mapTo(Long.class).one();
    }

    /**
     * Examines all rooms and their blobs.
     *
     * @param only the name of the only room to examine, or null
     * @param withBlobs whether blobs are read as well
     */
    void run(@Nullable String only, boolean withBlobs) {
        long after = 0;
        List<Room> page = page(only, after);
        while (!page.isEmpty()) {
            for (Room room : page) {
                look(room);
                lookAtHistory(room);
                rooms++;
                tell();
            }
            after = page.get(page.size() - 1).id();
            page = page(only, after);
        }
        if (withBlobs) {
            eachBlob(only);
        }
        findings.ok(
                "rooms",
                "Examined " + rooms + " rooms with " + rows + " rows and snapshots and " + blobs + " blobs, " + bytes
                        + " bytes.");
    }

    private List<Room> page(@Nullable String only, long after) {
        return h.createQuery("""
                SELECT id, name FROM rooms WHERE deleted_at IS NULL AND id > :after %s
                ORDER BY id LIMIT :page""".formatted(only == null ? "" : "AND name = :name"))
                .bind("after", after)
                .bind("page", PAGE)
                .bindMap(only == null ? Map.of() : Map.of("name", only))
                .map((rs, ctx) -> new Room(rs.getLong(1), rs.getString(2)))
                .list();
    }

    private void tell() {
        progress.at(rooms, blobs, rows, bytes);
    }

    private void look(Room room) {
        DocumentScan document = new DocumentScan(DocumentScan.maxBytes());
        List<RoomScan.Problem> problems = scan(room.id(), document);
        if (problems.isEmpty()) {
            remark(room, document);
            return;
        }
        DocumentScan second = new DocumentScan(DocumentScan.maxBytes());
        Set<RoomScan.Problem> again = Set.copyOf(scan(room.id(), second));
        if (again.isEmpty()) {
            remark(room, second); // rows were folded during the first examination
        }
        for (RoomScan.Problem problem : problems) {
            if (again.contains(problem)) {
                findings.add(new Finding(
                        Level.PROBLEM,
                        "room",
                        room.name(),
                        room.id(),
                        problem.damage().seq(),
                        problem.kind(),
                        problem.damage().what(),
                        REPAIR));
            }
        }
    }

    private void lookAtHistory(Room room) {
        HistoryCheck check = history;
        if (check == null || !check.hasHistory(room.id())) {
            return;
        }
        List<HistoryCheck.Problem> problems = check.run(room.id());
        if (problems.isEmpty()) {
            return;
        }
        List<HistoryCheck.Problem> again = check.run(room.id()); // segments may have been merged or dropped meanwhile
        for (HistoryCheck.Problem problem : problems) {
            if (again.contains(problem)) {
                findings.add(new Finding(
                        Level.PROBLEM,
                        "history",
                        room.name(),
                        room.id(),
                        problem.seq(),
                        problem.kind(),
                        problem.what(),
                        REPAIR_HISTORY));
            }
        }
    }

    private void remark(Room room, DocumentScan document) {
        for (DocumentScan.Remark remark : document.remarks()) {
            findings.add(new Finding(
                    Level.HINT,
                    "document",
                    room.name(),
                    room.id(),
                    0,
                    remark.kind(),
                    remark.what(),
                    REMARKS.getOrDefault(remark.kind(), "")));
        }
    }

    private List<RoomScan.Problem> scan(long roomId, DocumentScan document) {
        Optional<RoomScan.Base> base = RoomScan.base(h, roomId, hasChecksums);
        return base.isEmpty()
                ? List.of()
                : new RoomScan(h, roomId, hasChecksums, new RoomScan.Listener() {
                            @Override
                            public void snapshot(byte[] state) {
                                document.snapshot(state);
                            }

                            @Override
                            public void row(RowPages.Stored row) {
                                if (row.seq() > base.get().seq() || base.get().state() == null) {
                                    document.row(row); // earlier rows are in the snapshot
                                }
                            }

                            @Override
                            public void looked(int size) {
                                rows++;
                                bytes += size;
                                tell();
                            }
                        })
                        .run(base.get());
    }

    // ------------------------------------------------------------------ blobs

    private void eachBlob(@Nullable String only) {
        long after = 0;
        List<Blob> page = blobPage(only, after);
        while (!page.isEmpty()) {
            for (Blob blob : page) {
                look(blob);
                blobs++;
                tell();
            }
            after = page.get(page.size() - 1).contentId();
            page = blobPage(only, after);
        }
    }

    private List<Blob> blobPage(@Nullable String only, long after) {
        return h.createQuery("""
                SELECT b.content_id, b.hash, s.name, c.size FROM blobs b
                JOIN blob_spaces s ON s.id = b.space_id JOIN blob_contents c ON c.id = b.content_id
                WHERE s.deleted_at IS NULL AND b.content_id > :after %s
                ORDER BY b.content_id LIMIT :page""".formatted(only == null ? "" : "AND s.name = :name"))
                .bind("after", after)
                .bind("page", PAGE)
                .bindMap(only == null ? Map.of() : Map.of("name", only))
                .map((rs, ctx) -> new Blob(rs.getLong(1), rs.getBytes(2), rs.getString(3), rs.getLong(4)))
                .list();
    }

    private void look(Blob blob) {
        String problem;
        try {
            problem = problem(blob);
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            problem = "cannot be read: " + UnreadableData.message(e);
        }
        if (problem != null && isThere(blob)) {
            findings.add(new Finding(
                    Level.PROBLEM,
                    "blob",
                    blob.room(),
                    0,
                    0,
                    "blob",
                    "blob " + HexFormat.of().formatHex(blob.hash()) + " " + problem,
                    REPAIR_BLOB));
        }
    }

    private boolean isThere(Blob blob) {
        return h.createQuery("SELECT 1 FROM blobs WHERE content_id = :id")
                .bind("id", blob.contentId())
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
    }

    private @Nullable String problem(Blob blob) {
        MessageDigest digest = BlobPieces.sha256();
        long size = 0;
        for (long number = 0; ; number++) {
            Optional<byte[]> piece = BlobPieces.read(h, blob.contentId(), number);
            if (piece.isEmpty()) {
                break;
            }
            digest.update(piece.get());
            size += piece.get().length;
            bytes += piece.get().length;
            tell();
        }
        if (size != blob.size()) {
            return "has " + size + " bytes of " + blob.size();
        }
        return MessageDigest.isEqual(digest.digest(), blob.hash()) ? null : "does not match its SHA-256";
    }
}
