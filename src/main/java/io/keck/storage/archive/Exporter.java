package io.keck.storage.archive;

import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.blob.BlobPieces;
import io.keck.storage.rows.ContentsReader;
import io.keck.storage.rows.Replica;
import io.keck.storage.rows.StoredRooms;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Writes rooms and their blobs into an archive, one room in memory at a time. Each room is read by one statement, so it
 * is consistent even while servers write. The file grows under the name {@code <file>.part}; an interrupted export
 * resumes after the last complete room. Rooms are in order of their ids. Used by one thread.
 */
public final class Exporter {
    private static final int PAGE = 500;

    /** Receives the progress of an export. */
    public interface Listener {
        /** Called with the exported rooms, blobs and bytes, and the number of all rooms. */
        void progress(long done, long total, long blobs, long bytes);

        /** Called with a sentence when something was left out. */
        void leftOut(String room, String why);

        /** Called with a sentence when a document with missing structs was exported as it is. */
        void incomplete(String room, String what);
    }

    /** The numbers of what the file contains. */
    public record Result(long rooms, long blobs, long bytes, long leftOut, boolean resumed) {}

    private record Room(long id, String name, long createdAt, Replica.Position head) {}

    private record Blob(long contentId, byte[] hash, long size) {}

    private final Handle h;
    private final @Nullable Replica replica;
    private final @Nullable String only;
    private final boolean withBlobs;
    private final boolean withDamaged;
    private final Listener listener;
    private long rooms;
    private long blobs;
    private long leftOut;
    private long lastId;
    private long total;

    /**
     * Creates an export, to be run once.
     *
     * @param h a handle of the primary
     * @param replica a replica that is read instead of the primary if it has all rows of a document, or null
     * @param only the name of the one room, or null for all
     */
    public Exporter(
            Handle h,
            @Nullable Replica replica,
            @Nullable String only,
            boolean withBlobs,
            boolean withDamaged,
            Listener listener) {
        this.h = h;
        this.replica = replica;
        this.only = only;
        this.withBlobs = withBlobs;
        this.withDamaged = withDamaged;
        this.listener = listener;
    }

    /** Writes the file. */
    public Result run(Path file) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        total = only == null ? StoredRooms.count(h) : 1;
        long keep = Files.exists(part) ? wholeRooms(part) : 0;
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.truncate(keep);
            channel.position(keep);
            OutputStream out = new BufferedOutputStream(java.nio.channels.Channels.newOutputStream(channel), 1 << 16);
            ArchiveWriter writer = keep > 0 ? ArchiveWriter.resume(out, keep) : ArchiveWriter.begin(out);
            List<Room> page = page();
            while (!page.isEmpty()) {
                for (Room room : page) {
                    write(room, writer);
                    lastId = room.id();
                    listener.progress(rooms, total, blobs, writer.position());
                }
                page = page();
            }
            writer.write(new Entry.End(rooms, blobs));
            out.flush();
            channel.force(true);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            return new Result(rooms, blobs, writer.position(), leftOut, keep > 0);
        }
    }

    /** The offset after the last complete room of a truncated file; 0 if nothing of it can be used. */
    private long wholeRooms(Path part) throws IOException {
        long keep = 0;
        long id = 0;
        long blobsThere = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(part), 1 << 16)) {
            ArchiveReader reader = new ArchiveReader(in, 0);
            keep = reader.position();
            Entry entry = reader.next();
            while (entry != null && !(entry instanceof Entry.End)) {
                if (entry instanceof Entry.Room room) {
                    id = room.id();
                } else if (entry instanceof Entry.RoomEnd end) {
                    keep = reader.position();
                    lastId = id;
                    rooms++;
                    blobsThere += end.blobs();
                }
                entry = reader.next();
            }
        } catch (ArchiveException e) {
            // the file was truncated here
        }
        blobs = blobsThere;
        return keep;
    }

    private List<Room> page() {
        return h.createQuery("""
                SELECT id, name, created_at, head, head_link FROM rooms WHERE deleted_at IS NULL AND (head > 0 OR unmade = 0) AND id > :after %s
                ORDER BY id LIMIT :page""".formatted(only == null ? "" : "AND name = :name"))
                .bind("after", lastId)
                .bind("page", PAGE)
                .bindMap(only == null ? Map.of() : Map.of("name", only))
                .map((rs, ctx) -> new Room(
                        rs.getLong(1),
                        rs.getString(2),
                        rs.getLong(3),
                        new Replica.Position(rs.getLong(4), rs.getLong(5))))
                .list();
    }

    private void write(Room room, ArchiveWriter writer) throws IOException {
        Contents contents;
        try {
            contents = contents(room);
        } catch (RoomGone | RoomLost e) {
            return; // deleted meanwhile
        }
        UpdateLog.Damage damage = contents.damage();
        if (damage != null && !withDamaged) {
            leftOut(
                    room.name(),
                    "The room is damaged: " + damage.what() + ". See doctor; --damaged exports the readable part.");
            return;
        }
        if (damage != null) {
            leftOut(room.name(), "Only the readable part was exported: " + damage.what() + ".");
        }
        StructStore store = new StructStore();
        if (contents.snapshot() != null) {
            store.apply(contents.snapshot(), DecodeLimits.OWN);
        }
        long seq = contents.snapshotSeq();
        for (UpdateLog.Row row : contents.rows()) {
            store.apply(Update.decode(row.payload(), DecodeLimits.OWN));
            seq = row.seq();
        }
        writer.write(new Entry.Room(room.name(), room.id(), seq, room.createdAt()));
        byte[] state = store.encode();
        Completeness completeness = Completeness.of(Update.decode(state, DecodeLimits.OWN));
        if (!completeness.isComplete()) {
            listener.incomplete(
                    room.name(), "The document is incomplete and was exported as it is:" + " " + completeness + ".");
        }
        writer.write(new Entry.State(state));
        long count = withBlobs ? writeBlobs(room, writer) : 0;
        writer.write(new Entry.RoomEnd(count));
        rooms++;
    }

    /**
     * Reads from the replica if it has the rows and they are undamaged; damage of the replica says nothing about the
     * primary.
     */
    private Contents contents(Room room) {
        Replica asked = replica;
        if (asked != null) {
            Optional<Contents> found =
                    asked.read(room.id(), room.head(), there -> ContentsReader.read(there, room.id(), 0));
            if (found.isPresent() && found.get().damage() == null) {
                return found.get();
            }
        }
        return ContentsReader.read(h, room.id(), 0);
    }

    private void leftOut(String room, String why) {
        leftOut++;
        listener.leftOut(room, why);
    }

    private long writeBlobs(Room room, ArchiveWriter writer) throws IOException {
        long count = 0;
        long after = 0;
        List<Blob> page = blobs(room, after);
        while (!page.isEmpty()) {
            for (Blob blob : page) {
                after = blob.contentId();
                if (isWhole(blob)) {
                    writeBlob(blob, writer);
                    count++;
                    blobs++;
                    listener.progress(rooms, total, blobs, writer.position());
                } else {
                    leftOut(room.name(), "A blob of the room is damaged: see doctor.");
                }
            }
            page = blobs(room, after);
        }
        return count;
    }

    private List<Blob> blobs(Room room, long after) {
        return h.createQuery("""
                SELECT b.content_id, b.hash, c.size FROM blobs b
                JOIN blob_spaces s ON s.id = b.space_id JOIN blob_contents c ON c.id = b.content_id
                WHERE s.name = :name AND s.deleted_at IS NULL AND b.content_id > :after
                ORDER BY b.content_id LIMIT :page""")
                .bind("name", room.name())
                .bind("after", after)
                .bind("page", PAGE)
                .map((rs, ctx) -> new Blob(rs.getLong(1), rs.getBytes(2), rs.getLong(3)))
                .list();
    }

    /** Reads the blob once before writing it, because the archive must contain complete blobs only. */
    private boolean isWhole(Blob blob) {
        MessageDigest digest = BlobPieces.sha256();
        long[] size = new long[1];
        each(blob, piece -> {
            digest.update(piece);
            size[0] += piece.length;
        });
        return size[0] == blob.size() && MessageDigest.isEqual(digest.digest(), blob.hash());
    }

    private void each(Blob blob, Consumer<byte[]> consumer) {
        for (long number = 0; ; number++) {
            var piece = BlobPieces.read(h, blob.contentId(), number);
            if (piece.isEmpty()) {
                return;
            }
            consumer.accept(piece.get());
        }
    }

    private void writeBlob(Blob blob, ArchiveWriter writer) throws IOException {
        writer.write(new Entry.Blob(blob.hash(), blob.size()));
        long left = blob.size();
        for (long number = 0; left > 0; number++) {
            byte[] piece = BlobPieces.read(h, blob.contentId(), number)
                    .orElseThrow(() -> new IOException("a blob was removed while it was read; run the export again"));
            writer.write(new Entry.Piece(piece));
            left -= piece.length;
        }
    }
}
