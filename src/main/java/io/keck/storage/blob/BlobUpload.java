package io.keck.storage.blob;

import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import io.keck.metrics.BlobMetrics;
import io.keck.room.RequestKey;
import io.keck.storage.database.RandomIds;
import io.keck.storage.rows.NameKeys;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An upload in progress, with one piece in memory. A full piece is written when more bytes arrive. A blob that fits
 * into one piece therefore reaches the database only when its hash is known, in one transaction, and not at all if the
 * document already has it.
 *
 * <p>Written pieces belong to contents with an expiry: no blob refers to them, and a sweeper removes them when the
 * upload is idle for too long or this node dies. Publishing removes the expiry and inserts the blob in one transaction,
 * and fails if a sweeper has claimed the contents before. Used by one thread.
 */
class BlobUpload implements BlobStore.Upload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobUpload.class);
    private static final int FIRST_BUFFER = 8 << 10;

    /** The outcome of a publication. */
    private enum Outcome {
        STORED,
        DUPLICATE,
        DOCUMENT_GONE,
        SWEPT
    }

    private final BlobDatabase database;
    private final Clock clock;
    private final Duration abandonedAfter;
    private final int pieceSize;
    private final BlobMetrics metrics;
    private final String document;
    private final long spaceId;
    private final MessageDigest digest = BlobPieces.sha256();
    private byte[] piece = new byte[0];
    private int filled;
    private long size;
    private long pieces;
    /** 0 while nothing is in the database. */
    private long contentId;

    private long leaseUntil;
    private boolean done;

    BlobUpload(
            BlobDatabase database,
            Clock clock,
            Duration abandonedAfter,
            int pieceSize,
            BlobMetrics metrics,
            String document,
            long spaceId) {
        this.database = database;
        this.clock = clock;
        this.abandonedAfter = abandonedAfter;
        this.pieceSize = pieceSize;
        this.metrics = metrics;
        this.document = document;
        this.spaceId = spaceId;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        digest.update(bytes, offset, length);
        size += length;
        int from = offset;
        int left = length;
        while (left > 0) {
            if (filled == pieceSize) {
                flush();
            }
            if (filled == piece.length) {
                piece = Arrays.copyOf(piece, Math.min(pieceSize, Math.max(FIRST_BUFFER, piece.length * 2)));
            }
            int n = Math.min(left, piece.length - filled);
            System.arraycopy(bytes, from, piece, filled, n);
            filled += n;
            from += n;
            left -= n;
        }
    }

    /** Writes the full piece. */
    private void flush() {
        boolean first = contentId == 0;
        long id = first ? RandomIds.next() : contentId;
        long now = clock.millis();
        boolean renew = !first && renewalIsDue(now);
        boolean written = database.prepare(id, h -> {
            if (first) {
                insertContents(h, id, now + abandonedAfter.toMillis());
            } else if (renew && !renewLease(h, now + abandonedAfter.toMillis())) {
                return false;
            }
            insertPiece(h, id);
            return true;
        });
        if (!written) {
            throw new Unavailable("the upload was idle for too long", false);
        }
        contentId = id;
        if (first || renew) {
            leaseUntil = now + abandonedAfter.toMillis();
        }
        pieces++;
        filled = 0;
    }

    /** Whether the lease of the contents must be renewed. A test switches this off. */
    boolean renewalIsDue(long now) {
        return leaseUntil - now < abandonedAfter.toMillis() / 2;
    }

    private boolean renewLease(Handle h, long until) {
        return h.createUpdate("UPDATE blob_contents SET expires_at = :until WHERE id = :id AND expires_at > 0")
                        .bind("until", until)
                        .bind("id", contentId)
                        .execute()
                == 1;
    }

    private void insertContents(Handle h, long id, long expiresAt) {
        h.createUpdate("INSERT INTO blob_contents (id, piece_size, expires_at) VALUES (:id, :piece, :expires)")
                .bind("id", id)
                .bind("piece", pieceSize)
                .bind("expires", expiresAt)
                .execute();
    }

    private void insertPiece(Handle h, long id) {
        h.createUpdate("INSERT INTO blob_pieces (content_id, number, bytes) VALUES (:id, :number, :bytes)")
                .bind("id", id)
                .bind("number", pieces)
                .bind("bytes", filled == piece.length ? piece : Arrays.copyOf(piece, filled))
                .execute();
    }

    @Override
    public BlobStore.Published publish(@Nullable RequestKey key) {
        byte[] hash = digest.digest();
        Outcome outcome;
        try {
            outcome = key == null && contentId == 0 && isThere(hash) ? Outcome.DUPLICATE : insert(hash, key);
        } catch (Refused used) {
            if (used.isOfAnotherRequest()) {
                throw used;
            }
            return new BlobStore.Published(BlobId.of(hash), isThere(hash));
        }
        switch (outcome) {
            case DOCUMENT_GONE -> throw new RoomGone(document);
            case SWEPT -> throw new Unavailable("the upload was idle for too long", false);
            case STORED, DUPLICATE -> {
                done = true;
                metrics.uploaded(size, outcome == Outcome.DUPLICATE);
            }
        }
        return new BlobStore.Published(BlobId.of(hash), true);
    }

    private boolean isThere(byte[] hash) {
        return database.read(h -> h.createQuery("""
                SELECT 1 FROM blobs b JOIN blob_spaces s ON s.id = b.space_id
                WHERE b.space_id = :space AND b.hash = :hash AND s.deleted_at IS NULL""")
                .bind("space", spaceId)
                .bind("hash", hash)
                .mapTo(Integer.class)
                .findOne()
                .isPresent());
    }

    private Outcome insert(byte[] hash, @Nullable RequestKey key) {
        Outcome[] outcome = new Outcome[1];
        boolean small = contentId == 0;
        long id = small ? RandomIds.next() : contentId;
        database.write(id, h -> {
            long now = clock.millis();
            if (small) {
                insertContents(h, id, now);
            }
            outcome[0] = insert(h, id, hash, now);
            if (outcome[0] == Outcome.STORED || outcome[0] == Outcome.DUPLICATE) {
                claim(h, key, now);
            }
            return true;
        });
        return outcome[0];
    }

    private Outcome insert(Handle h, long id, byte[] hash, long now) {
        if (!adopt(h, id)) {
            return Outcome.SWEPT;
        }
        if (!lockSpace(h)) {
            expire(h, id, now);
            return Outcome.DOCUMENT_GONE;
        }
        int inserted = h.createUpdate("""
                INSERT INTO blobs (space_id, hash, content_id, created_at)
                VALUES (:space, :hash, :content, :now) ON CONFLICT (space_id, hash) DO NOTHING""")
                .bind("space", spaceId)
                .bind("hash", hash)
                .bind("content", id)
                .bind("now", now)
                .execute();
        if (inserted == 0) {
            expire(h, id, now);
            return Outcome.DUPLICATE;
        }
        if (filled > 0) {
            insertLastPiece(h, id);
        }
        return Outcome.STORED;
    }

    /** The last step of a publication. A test skips this. */
    void claim(Handle h, @Nullable RequestKey key, long now) {
        NameKeys.claim(h, document, key, NameKeys.NO_ROOM, now);
    }

    /** Removes the expiry, unless a sweeper has claimed the contents. A test skips this. */
    boolean adopt(Handle h, long id) {
        return h.createUpdate("UPDATE blob_contents SET expires_at = NULL, size = :size WHERE id = :id AND"
                                + " expires_at > 0")
                        .bind("size", size)
                        .bind("id", id)
                        .execute()
                == 1;
    }

    /**
     * Whether the document is still in the life in which the upload began; locks it until the transaction ends. A test
     * switches this off.
     */
    boolean lockSpace(Handle h) {
        return h.createQuery("SELECT 1 FROM blob_spaces WHERE id = :id AND deleted_at IS NULL" + database.forShare())
                .bind("id", spaceId)
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
    }

    /** Inserts the last piece in the transaction that makes the blob visible. A test skips this. */
    void insertLastPiece(Handle h, long id) {
        insertPiece(h, id);
    }

    private static void expire(Handle h, long id, long now) {
        h.createUpdate("UPDATE blob_contents SET expires_at = :now, size = 0 WHERE id = :id AND expires_at IS NULL")
                .bind("now", now)
                .bind("id", id)
                .execute();
    }

    @Override
    public void close() {
        if (done || contentId == 0) {
            return;
        }
        done = true;
        long id = contentId;
        try { // contents whose publication got no answer have no expiry, so they stay
            database.prepare(
                    id,
                    h -> h.createUpdate("UPDATE blob_contents SET expires_at = :now WHERE id = :id AND"
                                            + " expires_at > :now")
                                    .bind("now", clock.millis())
                                    .bind("id", id)
                                    .execute()
                            == 1);
        } catch (Unavailable e) {
            LOG.debug("An abandoned upload could not be removed; its contents stay until their lease ends", e);
        }
    }
}
