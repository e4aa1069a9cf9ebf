package io.keck.storage.archive;

import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomMissing;
import io.keck.protocol.RoomName;
import io.keck.room.Link;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.rows.DocumentDepth;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Imports the rooms of an archive into a log, with one room in memory at a time. The whole file is checked first, so
 * that a damaged one changes nothing. Then each room is created, or gets the content that it lacks; existing content
 * stays. Each step is one commit with a visible result, so a second import changes nothing. The progress is stored in a
 * file beside the archive, from which an interrupted import resumes. Used by one thread.
 */
public final class ArchiveImporter {
    private static final int BUFFER = 1 << 16;
    private static final int ATTEMPTS = 5;
    private static final String BROKEN = "the document of a room cannot be decoded: ";

    /** Receives the progress of an import, on the importing thread. */
    public interface Listener {
        /** Called after the file was checked up to a position in bytes. */
        void checked(long position);

        /** Called after the file was imported up to a position in bytes. */
        void imported(long position, long rooms);

        /** Called with a sentence when something was left out. */
        void leftOut(String room, String why);

        /** Called with a sentence when a document with missing structs was imported as it is. */
        void incomplete(String room, String what);
    }

    /**
     * The result of an import.
     *
     * @param made the number of created rooms
     * @param merged the number of existing rooms that lacked content
     * @param unchanged the number of existing rooms that lacked nothing
     * @param blobs the number of stored blobs
     * @param blobsThere the number of blobs that existed
     * @param resumed whether an interrupted import was resumed
     */
    public record Result(
            long made, long merged, long unchanged, long leftOut, long blobs, long blobsThere, boolean resumed) {}

    private final UpdateLog log;
    private final BlobStore blobStore;
    private final long cluster;
    private final Random random;
    private final @Nullable String only;
    private final @Nullable String as;
    private final Listener listener;
    private long made;
    private long merged;
    private long unchanged;
    private long leftOut;
    private long blobs;
    private long blobsThere;

    /**
     * Creates an import, to be run once.
     *
     * @param cluster a number unique to this database
     * @param random a cryptographic source of ids of batches
     * @param only the name of the only room to import, or null for all
     * @param as the new name of that room, or null to keep its own
     */
    public ArchiveImporter(
            UpdateLog log,
            BlobStore blobStore,
            long cluster,
            Random random,
            @Nullable String only,
            @Nullable String as,
            Listener listener) {
        this.log = log;
        this.blobStore = blobStore;
        this.cluster = cluster;
        this.random = random;
        this.only = only;
        this.as = as;
        this.listener = listener;
    }

    /**
     * Reads the whole file and changes nothing.
     *
     * @return the number of rooms in it
     * @throws ArchiveException with the position, if it is damaged
     */
    public static long check(Path file, Listener listener) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
            ArchiveReader reader = new ArchiveReader(in, 0);
            MessageDigest digest = sha256();
            byte[] hash = null;
            Entry entry = reader.next();
            while (entry != null) {
                if (entry instanceof Entry.State state) {
                    decode(state, reader.begin());
                } else if (entry instanceof Entry.Piece piece) {
                    digest.update(piece.bytes());
                } else if (hash != null && !MessageDigest.isEqual(digest.digest(), hash)) {
                    throw new ArchiveException(reader.begin(), "the blob before it does not match its SHA-256");
                }
                if (!(entry instanceof Entry.Piece)) {
                    digest.reset();
                    hash = entry instanceof Entry.Blob blob ? blob.hash() : null;
                }
                if (entry instanceof Entry.End end
                        && (end.rooms() != reader.rooms() || end.blobs() != reader.blobs())) {
                    throw new ArchiveException(
                            reader.begin(),
                            "the archive says that it has " + end.rooms() + " rooms and has " + reader.rooms());
                }
                listener.checked(reader.position());
                entry = reader.next();
            }
            return reader.rooms();
        }
    }

    private static Update decode(Entry.State state, long position) {
        try {
            return Update.decode(state.update(), DecodeLimits.OWN);
        } catch (DecodeException e) {
            throw new ArchiveException(position, BROKEN + e.getMessage());
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Imports a file that was checked.
     *
     * @throws ArchiveException with the position, if it is damaged nevertheless
     * @throws IllegalStateException if the database does not answer; rooms imported so far stay
     */
    public Result run(Path file) throws IOException {
        return run(file, only == null ? file.resolveSibling(file.getFileName() + ".imported") : null);
    }

    /**
     * Imports a file as {@link #run(Path)} does, but stores no progress beside it: for a database that is discarded if
     * the import is interrupted.
     */
    public Result runOnce(Path file) throws IOException {
        return run(file, null);
    }

    private Result run(Path file, @Nullable Path mark) throws IOException {
        long from = mark == null ? 0 : marked(mark);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
            ArchiveReader reader = new ArchiveReader(in, from);
            @Nullable Entry entry = reader.next();
            while (entry instanceof Entry.Room room) {
                room(room, reader);
                if (mark != null) {
                    mark(mark, reader.position());
                }
                listener.imported(reader.position(), made + merged + unchanged + leftOut);
                entry = reader.next();
            }
        }
        if (mark != null) {
            Files.deleteIfExists(mark);
        }
        return new Result(made, merged, unchanged, leftOut, blobs, blobsThere, from > 0);
    }

    /** Returns the position up to which this database has imported the file, from the stored progress. */
    private long marked(Path mark) throws IOException {
        if (!Files.exists(mark)) {
            return 0;
        }
        String[] words =
                Files.readString(mark, StandardCharsets.US_ASCII).strip().split(" ", 2);
        return words.length == 2 && words[1].equals(String.valueOf(cluster)) ? Long.parseLong(words[0]) : 0;
    }

    private void mark(Path mark, long position) throws IOException {
        Path fresh = mark.resolveSibling(mark.getFileName() + ".new");
        Files.writeString(fresh, position + " " + cluster + "\n", StandardCharsets.US_ASCII);
        Files.move(fresh, mark, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    // ------------------------------------------------------------------ one room

    private void room(Entry.Room room, ArchiveReader reader) throws IOException {
        boolean wanted = only == null || only.equals(room.name());
        String name = as == null || !wanted ? room.name() : as;
        Optional<String> why = RoomName.problem(name);
        if (wanted && why.isPresent()) {
            leftOut(name, why.get());
            wanted = false;
        }
        Entry entry = reader.next();
        while (entry != null && !(entry instanceof Entry.RoomEnd)) {
            if (wanted && entry instanceof Entry.State state) {
                wanted = document(name, state, reader.begin());
            } else if (wanted && entry instanceof Entry.Blob blob) {
                blob(name, blob, reader);
            }
            entry = reader.next();
        }
    }

    private void leftOut(String room, String why) {
        leftOut++;
        listener.leftOut(room, why);
    }

    /** Imports a document; returns whether the room now contains it. */
    private boolean document(String name, Entry.State state, long position) {
        Update update = decode(state, position);
        Optional<String> tooDeep = DocumentDepth.problem(state.update());
        if (tooDeep.isPresent()) {
            leftOut(name, "No client could send this document: " + tooDeep.get() + ".");
            return false;
        }
        Completeness completeness = Completeness.of(update);
        if (!completeness.isComplete()) {
            listener.incomplete(
                    name,
                    "The document is incomplete in the file and was imported as it is:" + " " + completeness + ".");
        }
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Contents there = find(name);
            if (there == null) {
                if (wait(log.init(name, entry(state.update()), false, null)).isPresent()) {
                    made++;
                    return true;
                }
                continue; // another node has created the room meanwhile
            }
            if (there.damage() != null) {
                leftOut(name, "The room here is damaged: " + there.damage().what() + ". See doctor.");
                return false;
            }
            Update missing = load(there).reduce(update);
            if (missing.isEmpty()) {
                unchanged++;
                return true;
            }
            try {
                wait(log.append(there.roomId(), entry(missing.encode()), false, null));
                merged++;
                return true;
            } catch (RoomGone e) {
                // deleted just now, and perhaps about to be created again
            }
        }
        leftOut(name, "Other clients keep creating and deleting the room.");
        return false;
    }

    private static StructStore load(Contents room) {
        StructStore store = new StructStore();
        if (room.snapshot() != null) {
            store.apply(Update.decode(room.snapshot(), DecodeLimits.OWN));
        }
        room.rows().forEach(row -> store.apply(Update.decode(row.payload(), DecodeLimits.OWN)));
        return store;
    }

    private @Nullable Contents find(String name) {
        try {
            Contents there = wait(log.find(name));
            log.loaded(there.roomId(), 0);
            return there;
        } catch (RoomMissing e) {
            return null;
        }
    }

    private void blob(String name, Entry.Blob blob, ArchiveReader reader) throws IOException {
        BlobId id = BlobId.of(blob.hash());
        Grant grant = Grant.ofKeck(name, Right.BLOB_READ, Right.BLOB_WRITE); // the import is run by an operator
        boolean isThere = blobStore.find(grant, id).isPresent();
        try (BlobStore.Upload upload = blobStore.begin(grant)) {
            long left = blob.size();
            while (left > 0) {
                if (!(reader.next() instanceof Entry.Piece piece)) {
                    throw new ArchiveException(reader.begin(), "a blob is incomplete");
                }
                if (!isThere) {
                    upload.write(piece.bytes(), 0, piece.bytes().length);
                }
                left -= piece.bytes().length;
            }
            if (isThere) {
                blobsThere++;
            } else if (upload.publish().equals(id)) {
                blobs++;
            } else {
                throw new ArchiveException(reader.begin(), "a blob does not match its SHA-256");
            }
        }
    }

    /** Waits for a stage; rethrows its failure without a wrapper. */
    private static <T> T wait(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RoomMissing missing) {
                throw missing;
            }
            if (e.getCause() instanceof RoomGone gone) {
                throw gone;
            }
            throw new IllegalStateException(
                    "The database does not answer. Rooms imported so far stay; run the command again to continue.",
                    e.getCause());
        }
    }

    private UpdateLog.Entry entry(byte[] update) {
        UUID batch = new UUID(random.nextLong(), random.nextLong());
        return new UpdateLog.Entry(batch, Link.random(random), update, Author.IMPORT);
    }
}
