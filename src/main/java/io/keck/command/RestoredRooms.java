package io.keck.command;

import io.keck.check.Findings;
import io.keck.check.Findings.Finding;
import io.keck.check.Findings.Level;
import io.keck.crdt.Doc;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.Row;
import io.keck.storage.archive.ArchiveException;
import io.keck.storage.archive.ArchiveReader;
import io.keck.storage.archive.Entry;
import io.keck.storage.rows.ContentsReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Examines the rooms of a database that was restored from a backup: opens each document, and compares with the figures of an
 * archive and with the live database. Only reads; one document is in memory at a time. Used by one thread.
 */
final class RestoredRooms {
    private static final int PAGE = 500;
    /** The largest number of engine steps for opening a document; they take seconds. */
    private static final long STEPS = 100_000_000;
    /** A document is opened if it takes at most this part of the heap: an open one takes many times its bytes. */
    private static final int HEAP_PARTS = 32;

    private static final String ROOM = "room";
    private static final String LIVE = "deleted_at IS NULL AND (head > 0 OR unmade = 0)";

    private record Room(long id, String name) {}

    private final Handle h;
    private final Findings findings;
    private final long maxBytes;

    /** @param h a handle of the restored database, whose schema is that of this release */
    RestoredRooms(Handle h, Findings findings) {
        this.h = h;
        this.findings = findings;
        this.maxBytes = Runtime.getRuntime().maxMemory() / HEAP_PARTS;
    }

    private void problem(String room, String what) {
        findings.add(new Finding(
                Level.PROBLEM,
                ROOM,
                room,
                0,
                0,
                "",
                what,
                "Keep an older backup, and find out how this one was made."));
    }

    /** Returns the number of rooms that an export would contain. */
    long rooms() {
        return count("rooms WHERE " + LIVE);
    }

    /** Returns the number of blobs of existing rooms. */
    long blobs() {
        return count("blobs b JOIN blob_spaces s ON s.id = b.space_id WHERE s.deleted_at IS NULL");
    }

    private long count(String from) {
        return h.createQuery("SELECT count(*) FROM " + from).mapTo(Long.class).one();
    }

    private static List<Room> page(Handle h, long after, long before) {
        return h.createQuery("SELECT id, name FROM rooms WHERE " + LIVE
                        + " AND created_at < :before AND id > :after ORDER BY id LIMIT :page")
                .bind("before", before)
                .bind("after", after)
                .bind("page", PAGE)
                .map((rs, ctx) -> new Room(rs.getLong(1), rs.getString(2)))
                .list();
    }

    // ------------------------------------------------------------------ opening documents

    /** Opens each document as a request of a back end would, and reports their number. */
    void open() {
        long opened = 0;
        long after = 0;
        List<Room> page = page(h, after, Long.MAX_VALUE);
        while (!page.isEmpty()) {
            for (Room room : page) {
                opened += open(room) ? 1 : 0;
            }
            after = page.get(page.size() - 1).id();
            page = page(h, after, Long.MAX_VALUE);
        }
        findings.ok("rooms", "Opened " + opened + " documents.");
    }

    private boolean open(Room room) {
        byte[] state;
        try {
            state = load(room.id()).encode();
        } catch (DecodeException e) {
            return false; // the scrub has reported it
        }
        if (state.length > maxBytes) {
            findings.add(new Finding(
                    Level.HINT,
                    ROOM,
                    room.name(),
                    room.id(),
                    0,
                    "",
                    "it has " + state.length + " bytes and was not opened, only checked.",
                    "Run the drill with a larger heap, for example java -Xmx4g."));
            return false;
        }
        try {
            Update update = Update.decode(state, DecodeLimits.OWN);
            Doc doc = new Doc();
            boolean isWhole = doc.applyUpdate(update, null, STEPS);
            if (isWhole && !doc.isWaiting() && !sameClocks(doc, state)) {
                problem(room.name(), "the opened document has other content than the stored one");
                return false;
            }
            return isWhole;
        } catch (RuntimeException e) {
            problem(room.name(), "the document cannot be opened: " + e.getMessage());
            return false;
        }
    }

    private static boolean sameClocks(Doc doc, byte[] state) {
        StructStore store = new StructStore();
        store.apply(Update.decode(state, DecodeLimits.OWN));
        return doc.stateVector().equals(store.stateVector());
    }

    private StructStore load(long roomId) {
        StructStore store = new StructStore();
        Contents contents;
        try {
            contents = ContentsReader.read(h, roomId, 0);
        } catch (RoomGone | RoomLost e) {
            throw new IllegalStateException("Another program writes to the scratch database.", e);
        }
        if (contents.snapshot() != null) {
            store.apply(contents.snapshot(), DecodeLimits.OWN);
        }
        for (Row row : contents.rows()) {
            store.apply(Update.decode(row.payload(), DecodeLimits.OWN));
        }
        return store;
    }

    // ------------------------------------------------------------------ comparison with the archive

    /**
     * Compares all figures of an archive with the restored database: the bytes of each document, the SHA-256 and size of each blob,
     * and the numbers of both.
     */
    void compareWith(Path archive) throws IOException {
        long rooms = 0;
        long blobs = 0;
        String name = "";
        try (InputStream in = new BufferedInputStream(Files.newInputStream(archive), 1 << 16)) {
            ArchiveReader reader = new ArchiveReader(in, 0);
            Entry entry = reader.next();
            while (entry != null) {
                if (entry instanceof Entry.Room room) {
                    name = room.name();
                    rooms++;
                } else if (entry instanceof Entry.State state) {
                    compare(name, state.update());
                } else if (entry instanceof Entry.Blob blob) {
                    compare(name, blob);
                    blobs++;
                }
                entry = reader.next();
            }
        } catch (ArchiveException e) {
            findings.problem(
                    "backup", String.valueOf(e.getMessage()), "It was changed during the drill: run it again.");
            return;
        }
        long blobsHere = blobs();
        if (rooms != rooms() || blobs != blobsHere) {
            findings.problem(
                    "backup",
                    "The archive has " + rooms + " rooms and " + blobs + " blobs, the restored database " + rooms()
                            + " and " + blobsHere + ".",
                    "Run the drill again, and report it as an error of Keck if that does not help.");
        }
    }

    private Optional<Long> find(String name) {
        return h.createQuery("SELECT id FROM rooms WHERE name = :name AND deleted_at IS NULL")
                .bind("name", name)
                .mapTo(Long.class)
                .findOne();
    }

    private void compare(String name, byte[] state) {
        Optional<Long> id = find(name);
        if (id.isEmpty()) {
            problem(name, "the archive has it, the restored database has not");
            return;
        }
        StructStore expected = new StructStore();
        expected.apply(state, DecodeLimits.OWN);
        if (!Arrays.equals(expected.encode(), load(id.get()).encode())) {
            problem(name, "the restored document differs from the one in the archive");
        }
    }

    private void compare(String name, Entry.Blob blob) {
        boolean isThere = h.createQuery("""
                SELECT 1 FROM blobs b JOIN blob_spaces s ON s.id = b.space_id
                JOIN blob_contents c ON c.id = b.content_id
                WHERE s.name = :name AND s.deleted_at IS NULL AND b.hash = :hash AND c.size = :size""")
                .bind("name", name)
                .bind("hash", blob.hash())
                .bind("size", blob.size())
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
        if (!isThere) {
            problem(
                    name,
                    "the archive has its blob " + HexFormat.of().formatHex(blob.hash())
                            + ", the restored database has not");
        }
    }

    // ------------------------------------------------------------------ comparison with the live database

    /**
     * Looks for rooms that are older than a given moment and missing in the backup: the backup may be one of another database, or
     * incomplete.
     *
     * @param live a handle of the live database, which is only read
     * @param before milliseconds since 1970
     */
    void compareWith(Handle live, long before) {
        long looked = 0;
        long missing = 0;
        String example = "";
        long after = 0;
        List<Room> page = page(live, after, before);
        while (!page.isEmpty()) {
            for (Room room : page) {
                looked++;
                if (find(room.name()).isEmpty()) {
                    missing++;
                    example = room.name();
                }
            }
            after = page.get(page.size() - 1).id();
            page = page(live, after, before);
        }
        if (missing > 0) {
            problem(
                    example,
                    "this room and " + (missing - 1) + " others existed a day before the backup was written, and are"
                            + " not in it");
        } else {
            findings.ok("rooms", "The backup has all " + looked + " rooms that are older than it by a day.");
        }
    }
}
