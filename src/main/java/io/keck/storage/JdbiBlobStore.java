package io.keck.storage;

import io.dropwizard.lifecycle.Managed;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.blob.BlobsUnavailableException;
import io.keck.metrics.BlobMetrics;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog.KeyUsedException;
import java.time.Clock;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Blobs in the database of the log, in rows of at most {@value #PIECE} bytes each. Rows and not PostgreSQL's large objects: those
 * do not exist in SQLite, are left behind when nobody unlinks them, and are read through a transaction that stays open
 * while the client is waited for. Every statement here stands alone, so a pooler that gives each transaction another
 * connection is fine, and a slow client holds nothing but a piece in memory. Thread-safe.
 */
public class JdbiBlobStore implements BlobStore, Managed {
    /** Bytes in each piece but the last. */
    static final int PIECE = 256 << 10;

    /**
     * How long things are kept. Immutable.
     *
     * @param holdMillis how long nobody may make a workspace anew after it was deleted
     * @param keepMillis how long the bytes of deleted blobs and workspaces stay
     * @param leaseMillis how long an upload may be silent
     * @param sweepMillis between two sweeps
     */
    public record Settings(long holdMillis, long keepMillis, long leaseMillis, long sweepMillis) {}

    private final BlobDatabase database;
    private final BlobSpaces spaces;
    private final BlobSweeper sweeper;
    private final Clock clock;
    private final Settings settings;
    private final BlobMetrics metrics;

    JdbiBlobStore(JdbiUpdateLog log, Clock clock, Settings settings, BlobMetrics metrics) {
        this.database = new BlobDatabase(log);
        this.spaces = new BlobSpaces(database, clock, settings.holdMillis());
        this.sweeper = new BlobSweeper(database, clock, settings.keepMillis(), metrics);
        this.clock = clock;
        this.settings = settings;
        this.metrics = metrics;
    }

    @Override
    public void start() {
        sweeper.start(settings.sweepMillis());
    }

    @Override
    public void stop() throws InterruptedException {
        sweeper.stop();
    }

    @Override
    public Upload begin(String workspace) {
        return upload(database, workspace, spaces.open(workspace));
    }

    /** An upload into that space. A test makes others. */
    BlobUpload upload(BlobDatabase into, String workspace, long spaceId) {
        return new BlobUpload(into, clock, settings.leaseMillis(), PIECE, metrics, workspace, spaceId);
    }

    @Override
    public Optional<Blob> find(String workspace, BlobId id) {
        return database.read(h -> h.createQuery("SELECT c.id, c.size, c.piece_size, b.created_at FROM blob_spaces s"
                        + " JOIN blobs b ON b.space_id = s.id JOIN blob_contents c ON c.id = b.content_id"
                        + " WHERE s.name = :name AND s.deleted_at IS NULL AND b.hash = :hash")
                .bind("name", workspace)
                .bind("hash", id.digest())
                .map((rs, ctx) -> new Blob(id, rs.getLong(1), rs.getLong(2), rs.getInt(3), rs.getLong(4)))
                .findOne());
    }

    @Override
    public byte[] read(Blob blob, long number) {
        long expected = Math.min(blob.pieceSize(), blob.size() - number * blob.pieceSize());
        byte[] piece = database.read(
                        h -> h.createQuery("SELECT bytes FROM blob_pieces WHERE content_id = :id AND number = :number")
                                .bind("id", blob.contentId())
                                .bind("number", number)
                                .mapTo(byte[].class)
                                .findOne())
                .orElseThrow(() -> new BlobsUnavailableException("the bytes of the blob are gone", false));
        if (piece.length != expected) {
            throw new BlobsUnavailableException("the bytes of the blob are not whole", false);
        }
        return piece;
    }

    @Override
    public boolean delete(String workspace, BlobId id, @Nullable RequestKey key) {
        boolean deleted;
        try {
            deleted = database.write(workspace.hashCode(), h -> delete(h, workspace, id, key));
        } catch (KeyUsedException used) {
            if (used.isOfAnotherRequest()) {
                throw new KeyTakenException(workspace);
            }
            return true;
        }
        if (deleted) {
            metrics.deleted();
        }
        return deleted;
    }

    private boolean delete(Handle h, String workspace, BlobId id, @Nullable RequestKey key) {
        Optional<Long> content = h.createQuery("DELETE FROM blobs WHERE hash = :hash AND space_id ="
                        + " (SELECT id FROM blob_spaces WHERE name = :name AND deleted_at IS NULL)"
                        + " RETURNING content_id")
                .bind("hash", id.digest())
                .bind("name", workspace)
                .mapTo(Long.class)
                .findOne();
        if (content.isPresent()) {
            h.createUpdate("UPDATE blob_contents SET expires_at = :then WHERE id = :id")
                    .bind("then", clock.millis() + settings.keepMillis())
                    .bind("id", content.get())
                    .execute();
            claim(h, workspace, key);
        } else if (key != null) {
            NameKeys.find(h, workspace, key).ifPresent(used -> {
                throw used;
            });
        }
        return content.isPresent();
    }

    /** The last step of a deletion. A test leaves it out. */
    void claim(Handle h, String workspace, @Nullable RequestKey key) {
        NameKeys.claim(h, workspace, key, NameKeys.NO_ROOM, clock.millis());
    }

    /** Removes what is due, now. */
    void sweep() {
        sweeper.sweep();
    }
}
