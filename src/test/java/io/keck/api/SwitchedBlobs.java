package io.keck.api;

import io.keck.access.Grant;
import io.keck.api.FakeDocuments.Database;
import io.keck.blob.BlobId;
import io.keck.blob.BlobStore;
import io.keck.failure.Unavailable;
import io.keck.room.RequestKey;
import java.util.Optional;
import java.util.function.Supplier;

/** A store whose database can be switched off. */
final class SwitchedBlobs implements BlobStore {
    private final BlobStore store;
    private final Supplier<Database> database;

    SwitchedBlobs(BlobStore store, Supplier<Database> database) {
        this.store = store;
        this.database = database;
    }

    private void check() {
        if (database.get() == Database.AWAY || database.get() == Database.AWAY_AND_NOTHING_LOADED) {
            throw new Unavailable("switched off", false);
        }
    }

    private <T> T answered(T done) {
        if (database.get() == Database.COMMITS_BUT_SAYS_NOTHING) {
            throw new Unavailable("no answer", true);
        }
        return done;
    }

    @Override
    public Upload begin(Grant grant) {
        check();
        Upload upload = store.begin(grant);
        return new Upload() {
            @Override
            public void write(byte[] bytes, int offset, int length) {
                upload.write(bytes, offset, length);
            }

            @Override
            public Published publish(RequestKey key) {
                check();
                return answered(upload.publish(key));
            }

            @Override
            public void close() {
                upload.close();
            }
        };
    }

    @Override
    public Optional<Blob> find(Grant grant, BlobId id) {
        check();
        return store.find(grant, id);
    }

    @Override
    public byte[] read(Blob blob, long number) {
        check();
        return store.read(blob, number);
    }

    @Override
    public boolean delete(Grant grant, BlobId id, RequestKey key) {
        check();
        return answered(store.delete(grant, id, key));
    }
}
