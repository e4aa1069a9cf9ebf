package io.keck.storage.blob;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The pieces in which the bytes of a blob are stored. Stateless. */
public final class BlobPieces {
    private static final String READ = "SELECT bytes FROM blob_pieces WHERE content_id = :id AND number = :number";

    private BlobPieces() {}

    /**
     * Reads one piece.
     *
     * @param number counts from 0
     * @return its bytes; empty if there is no piece of that number
     */
    public static Optional<byte[]> read(Handle h, long contentId, long number) {
        return h.createQuery(READ)
                .bind("id", contentId)
                .bind("number", number)
                .mapTo(byte[].class)
                .findOne();
    }

    /** A new digest of the kind that names blobs. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
