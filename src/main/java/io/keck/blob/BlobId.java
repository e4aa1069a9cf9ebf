package io.keck.blob;

import java.util.Base64;
import java.util.Optional;

/**
 * The name of a blob: the SHA-256 of its bytes in base64 with the URL-safe alphabet and padding (RFC 4648, section 5),
 * always 44 characters. Immutable.
 *
 * @param text the 44 characters
 */
public record BlobId(String text) {
    private static final int LENGTH = 44;
    private static final int DIGEST_BYTES = 32;

    /** Parses an id from a request; empty if no blob can have this id. */
    public static Optional<BlobId> parse(String text) {
        if (text.length() != LENGTH) {
            return Optional.empty();
        }
        try {
            byte[] digest = Base64.getUrlDecoder().decode(text);
            // the last character before the padding has two unused bits: only one spelling is the id
            return digest.length == DIGEST_BYTES
                            && Base64.getUrlEncoder().encodeToString(digest).equals(text)
                    ? Optional.of(new BlobId(text))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the id of bytes with a given hash.
     *
     * @param digest 32 bytes
     * @throws IllegalArgumentException if {@code digest} has another length
     */
    public static BlobId of(byte[] digest) {
        if (digest.length != DIGEST_BYTES) {
            throw new IllegalArgumentException("a SHA-256 has " + DIGEST_BYTES + " bytes, not " + digest.length);
        }
        return new BlobId(Base64.getUrlEncoder().encodeToString(digest));
    }

    /** The hash, 32 bytes. */
    public byte[] digest() {
        return Base64.getUrlDecoder().decode(text);
    }
}
