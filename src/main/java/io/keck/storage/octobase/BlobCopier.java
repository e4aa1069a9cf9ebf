package io.keck.storage.octobase;

import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Copies blobs, holding one in memory at a time, and verifies each by reading it back. Used by one thread. */
final class BlobCopier {
    private final SourceDatabase source;
    private final @Nullable BlobStore store;
    private final ImportReport report;
    private final Consumer<Throwable> requireTarget;

    /**
     * Creates a copier.
     *
     * @param store the target; null for a dry run, which only reads
     * @param requireTarget throws if the target database no longer answers
     */
    BlobCopier(
            SourceDatabase source, @Nullable BlobStore store, ImportReport report, Consumer<Throwable> requireTarget) {
        this.source = source;
        this.store = store;
        this.report = report;
        this.requireTarget = requireTarget;
    }

    /**
     * Copies a blob.
     *
     * @param target the name of the room here
     * @return why the blob was not copied, as a sentence; empty if it was copied or already existed
     * @throws SourceException if the source no longer answers
     */
    Optional<String> copy(String workspace, String target, SourceDatabase.BlobRow row) {
        try {
            return blob(workspace, target, row);
        } catch (SourceException e) {
            if (!source.isAlive()) {
                throw e;
            }
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (RoomGone e) {
            return Optional.of("Its workspace was deleted here.");
        } catch (Unavailable e) {
            requireTarget.accept(e);
            return Optional.of("The database refused it: " + e.getMessage());
        } catch (OutOfMemoryError e) {
            return Optional.of("It does not fit into memory: give Java a larger -Xmx.");
        }
    }

    private Optional<String> blob(String workspace, String target, SourceDatabase.BlobRow row) {
        Optional<BlobId> id = BlobId.parse(row.hash());
        if (id.isEmpty()) {
            return Optional.of("Its hash is not a SHA-256 in base64.");
        }
        if (store != null) {
            Optional<BlobStore.Blob> there = store.find(granted(target), id.get());
            if (there.isPresent() && there.get().size() == row.length()) {
                report.blobsThere++;
                return Optional.empty();
            }
        }
        Optional<byte[]> bytes = source.blob(workspace, row.hash());
        if (bytes.isEmpty()) {
            return Optional.of("Its bytes are missing.");
        }
        if (bytes.get().length != row.length()) {
            return Optional.of("It has " + bytes.get().length + " bytes and should have " + row.length() + ".");
        }
        if (!BlobId.of(sha256().digest(bytes.get())).equals(id.get())) {
            return Optional.of("Its bytes do not match its hash.");
        }
        if (store != null) {
            copy(store, target, id.get(), bytes.get());
        }
        report.blobs++;
        report.blobBytes += row.length();
        return Optional.empty();
    }

    /** The import is run by an operator, on the machine. */
    private static Grant granted(String workspace) {
        return Grant.ofKeck(workspace, Right.BLOB_READ, Right.BLOB_WRITE);
    }

    private static void copy(BlobStore into, String workspace, BlobId id, byte[] bytes) {
        try (BlobStore.Upload upload = into.begin(granted(workspace))) {
            upload.write(bytes, 0, bytes.length);
            upload.publish();
        }
        BlobStore.Blob stored = into.find(granted(workspace), id)
                .orElseThrow(() -> new Unavailable("the stored blob cannot be found", false));
        MessageDigest digest = sha256();
        for (long piece = 0; piece * stored.pieceSize() < stored.size(); piece++) {
            digest.update(into.read(stored, piece));
        }
        if (stored.size() != bytes.length || !BlobId.of(digest.digest()).equals(id)) {
            throw new Unavailable("the bytes read back differ from those written", false);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM lacks SHA-256", e);
        }
    }
}
