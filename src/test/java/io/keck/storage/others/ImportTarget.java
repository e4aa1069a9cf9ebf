package io.keck.storage.others;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.failure.RoomMissing;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.storage.octobase.RoomCheck;
import io.keck.testing.FreshDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionException;

/** The database that an import writes to, and what the import told. */
final class ImportTarget implements StoreImporter.Listener {
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4);

    final JdbiUpdateLog log;
    final List<String> problems = new ArrayList<>();
    /** The number of documents after which the listener throws. */
    long stopAfter = Long.MAX_VALUE;

    static final class StoppedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    ImportTarget(FreshDatabase database) {
        log = database.reopen(JdbiUpdateLog.Settings.DEFAULT.withDeletedNameHold(FOREVER))
                .log();
    }

    static StoreImporter.Options options(String... renames) {
        return new StoreImporter.Options(List.of(), new RenameRules(List.of(renames), List.of()), false, false);
    }

    StoreReport run(OtherStore store) {
        return run(store, options());
    }

    StoreReport run(OtherStore store, StoreImporter.Options options) {
        return StoreImporter.into(log, store, options, new Random(7), this).run();
    }

    StoreReport dryRun(OtherStore store, StoreImporter.Options options) {
        return StoreImporter.dryRun(
                        name -> {
                            try {
                                return Optional.of(room(name));
                            } catch (CompletionException e) {
                                return Optional.empty();
                            }
                        },
                        store,
                        options,
                        this)
                .run();
    }

    Contents room(String name) {
        return log.find(name).toCompletableFuture().join();
    }

    boolean hasRoom(String name) {
        try {
            room(name);
            return true;
        } catch (CompletionException e) {
            if (e.getCause() instanceof RoomMissing) {
                return false;
            }
            throw e;
        }
    }

    StructStore document(String name) {
        return RoomCheck.load(room(name));
    }

    String text(String name) {
        return Doc.of(document(name)).getText("t").toString();
    }

    @Override
    public void progress(long done, long total, StoreReport report) {
        if (done >= stopAfter) {
            throw new StoppedException();
        }
    }

    @Override
    public void problem(String sentence) {
        problems.add(sentence);
    }
}
