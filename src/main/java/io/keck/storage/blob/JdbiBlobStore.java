package io.keck.storage.blob;

import io.dropwizard.lifecycle.Managed;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.failure.Refused;
import io.keck.failure.Unavailable;
import io.keck.metrics.BlobMetrics;
import io.keck.room.RequestKey;
import io.keck.storage.database.Database;
import io.keck.storage.rows.NameKeys;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The blob store in the database of the log, in rows of at most {@value #PIECE} bytes each. Rows were chosen over
 * PostgreSQL's large objects, which SQLite lacks, which stay behind unless they are unlinked, and which are read
 * through a transaction that stays open while a client reads. Every statement is independent, so a pooler may give each
 * transaction another connection, and a slow client holds only one piece in memory. Thread-safe.
 */
public class JdbiBlobStore implements BlobStore, Managed {
    /** The number of connections that blobs take from the pool at most. */
    public static final int CONNECTIONS = BlobDatabase.CONNECTIONS;

    /** Bytes in each piece but the last. */
    public static final int PIECE = 256 << 10;

    /**
     * The retention times of blobs. Immutable.
     *
     * @param keepDeleted how long the bytes of deleted blobs are kept
     * @param keepDocuments how long the bytes of blobs of deleted documents are kept, if that is longer
     * @param abandonedAfter how long an upload may be idle
     * @param sweepEvery the time between two sweeps
     * @param deletedNameHold how long after its deletion a document cannot be created again
     */
    public record Settings(
            Duration keepDeleted,
            Duration keepDocuments,
            Duration abandonedAfter,
            Duration sweepEvery,
            Duration deletedNameHold) {
        /** The defaults of {@code config.yml}, without a hold. */
        public static final Settings DEFAULT = new Settings(
                Duration.ofHours(24), Duration.ZERO, Duration.ofHours(1), Duration.ofMinutes(1), Duration.ZERO);

        /** How long the bytes of deleted documents are kept. */
        Duration keepSpaces() {
            return keepDeleted.compareTo(keepDocuments) < 0 ? keepDocuments : keepDeleted;
        }

        /** Returns the same settings with another {@link #keepDeleted}. */
        public Settings withKeepDeleted(Duration keepDeleted) {
            return new Settings(keepDeleted, keepDocuments, abandonedAfter, sweepEvery, deletedNameHold);
        }

        /** Returns the same settings with another {@link #keepDocuments}. */
        public Settings withKeepDocuments(Duration keepDocuments) {
            return new Settings(keepDeleted, keepDocuments, abandonedAfter, sweepEvery, deletedNameHold);
        }

        /** Returns the same settings with another {@link #abandonedAfter}. */
        public Settings withAbandonedAfter(Duration abandonedAfter) {
            return new Settings(keepDeleted, keepDocuments, abandonedAfter, sweepEvery, deletedNameHold);
        }

        /** Returns the same settings with another {@link #sweepEvery}. */
        public Settings withSweepEvery(Duration sweepEvery) {
            return new Settings(keepDeleted, keepDocuments, abandonedAfter, sweepEvery, deletedNameHold);
        }

        /** Returns the same settings with another {@link #deletedNameHold}. */
        public Settings withDeletedNameHold(Duration deletedNameHold) {
            return new Settings(keepDeleted, keepDocuments, abandonedAfter, sweepEvery, deletedNameHold);
        }
    }

    private final BlobDatabase database;
    private final BlobSpaces spaces;
    private final BlobSweeper sweeper;
    private final Clock clock;
    private final Settings settings;
    private final BlobMetrics metrics;

    public JdbiBlobStore(Database whole, Settings settings, BlobMetrics metrics) {
        this.database = new BlobDatabase(whole);
        this.clock = whole.clock();
        this.spaces = new BlobSpaces(database, clock, settings.deletedNameHold());
        this.sweeper = new BlobSweeper(database, clock, settings.keepSpaces(), metrics);
        this.settings = settings;
        this.metrics = metrics;
    }

    /**
     * Ends the life of a document, in the transaction that deletes the document: from its commit on its blobs are
     * invisible.
     *
     * @param now milliseconds since 1970
     */
    public static void documentEnded(Handle h, String name, long now) {
        BlobSpaces.end(h, name, now);
    }

    @Override
    public void start() {
        sweeper.start(settings.sweepEvery());
    }

    @Override
    public void stop() throws InterruptedException {
        sweeper.stop();
    }

    @Override
    public Upload begin(Grant grant) {
        grant.demand(Right.BLOB_WRITE);
        String document = grant.document();
        return upload(database, document, spaces.open(document));
    }

    /** Creates an upload into a space. A test creates other uploads. */
    BlobUpload upload(BlobDatabase into, String document, long spaceId) {
        return new BlobUpload(into, clock, settings.abandonedAfter(), PIECE, metrics, document, spaceId);
    }

    @Override
    public Optional<Blob> find(Grant grant, BlobId id) {
        grant.demand(Right.BLOB_READ);
        return database.read(h -> h.createQuery("""
                SELECT c.id, c.size, c.piece_size, b.created_at FROM blob_spaces s
                JOIN blobs b ON b.space_id = s.id JOIN blob_contents c ON c.id = b.content_id
                WHERE s.name = :name AND s.deleted_at IS NULL AND b.hash = :hash""")
                .bind("name", grant.document())
                .bind("hash", id.digest())
                .map((rs, ctx) -> new Blob(id, rs.getLong(1), rs.getLong(2), rs.getInt(3), rs.getLong(4)))
                .findOne());
    }

    @Override
    public byte[] read(Blob blob, long number) {
        long expected = Math.min(blob.pieceSize(), blob.size() - number * blob.pieceSize());
        byte[] piece = database.read(h -> BlobPieces.read(h, blob.contentId(), number))
                .orElseThrow(() -> new Unavailable("the bytes of the blob are gone", false));
        if (piece.length != expected) {
            throw new Unavailable("the bytes of the blob are incomplete", false);
        }
        return piece;
    }

    @Override
    public boolean delete(Grant grant, BlobId id, @Nullable RequestKey key) {
        grant.demand(Right.BLOB_DELETE);
        String document = grant.document();
        boolean deleted;
        try {
            deleted = database.write(document.hashCode(), h -> delete(h, document, id, key));
        } catch (Refused used) {
            if (used.isOfAnotherRequest()) {
                throw used;
            }
            return true;
        }
        if (deleted) {
            metrics.deleted();
        }
        return deleted;
    }

    private boolean delete(Handle h, String document, BlobId id, @Nullable RequestKey key) {
        Optional<Long> content = h.createQuery("""
                DELETE FROM blobs WHERE hash = :hash AND space_id =
                (SELECT id FROM blob_spaces WHERE name = :name AND deleted_at IS NULL)
                RETURNING content_id""")
                .bind("hash", id.digest())
                .bind("name", document)
                .mapTo(Long.class)
                .findOne();
        if (content.isPresent()) {
            h.createUpdate("UPDATE blob_contents SET expires_at = :then WHERE id = :id")
                    .bind("then", clock.millis() + settings.keepDeleted().toMillis())
                    .bind("id", content.get())
                    .execute();
            claim(h, document, key);
        } else if (key != null) {
            NameKeys.find(h, document, key).ifPresent(used -> {
                throw used;
            });
        }
        return content.isPresent();
    }

    /** The last step of a deletion. A test skips this. */
    void claim(Handle h, String document, @Nullable RequestKey key) {
        NameKeys.claim(h, document, key, NameKeys.NO_ROOM, clock.millis());
    }

    /** Sweeps once, now. */
    public void sweep() {
        sweeper.sweep();
    }
}
