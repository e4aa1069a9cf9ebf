package io.keck.storage.octobase;

import io.keck.access.Author;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomMissing;
import io.keck.room.Link;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Writes documents into rooms, each in one transaction whose result can be seen, and reads them back. Used by one thread.
 */
final class RoomWriter implements RoomLookup {
    /** The refusal of a renamed workspace whose new name belongs to another room. */
    static final String TAKEN = "Its new name belongs to another room here: choose a different name.";

    private static final int ATTEMPTS = 5;

    /** The result of writing a room. */
    enum Result {
        /** The room was created. */
        IMPORTED,
        /** The room existed and lacked something. */
        MERGED,
        /** The room existed and lacked nothing. */
        UNCHANGED
    }

    /** Thrown if the room cannot be written; the message is a sentence. */
    static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    private final UpdateLog log;
    private final Random random;
    private final RoomCheck check;

    /**
     * Creates a writer.
     *
     * @param random a cryptographically strong source of batch ids
     */
    RoomWriter(UpdateLog log, Random random, RoomCheck check) {
        this.log = log;
        this.random = random;
        this.check = check;
    }

    /**
     * Merges the document into its room, which is created if need be.
     *
     * @param isRenamed whether the workspace is renamed, so that an existing room of the new name may be another one
     * @throws CompletionException if the database refused the write
     * @throws RefusedException if the room must not be written, or differs from the document afterwards
     * @throws IllegalStateException if the database no longer answers
     */
    Result write(String name, SourceDocument document, boolean isRenamed) {
        try {
            return attempt(name, document, isRenamed);
        } catch (CompletionException e) {
            requireAlive(e.getCause() == null ? e : e.getCause());
            throw e;
        }
    }

    private Result attempt(String name, SourceDocument document, boolean isRenamed) {
        byte[] bytes = document.bytes();
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Contents there = existing(name);
            if (there == null) {
                Optional<UpdateLog.Begun> made = wait(log.init(name, entry(bytes), false, null));
                if (made.isPresent()) {
                    requireRead(check.problem(bytes, wait(log.read(made.get().roomId(), 0))));
                    return Result.IMPORTED;
                }
                continue; // another node was faster
            }
            if (there.damage() != null) {
                throw new RefusedException(
                        "The room is damaged here: " + there.damage().what() + ". See java -jar keck.jar doctor.");
            }
            StructStore ours = RoomCheck.load(there);
            Update update = document.update();
            if (isRenamed && isOfAnother(ours, update)) {
                throw new RefusedException(TAKEN);
            }
            String contradiction = check.contradiction(update, ours);
            if (contradiction != null) {
                throw new RefusedException(contradiction);
            }
            Update missing = ours.reduce(update);
            if (missing.isEmpty()) {
                requireRead(check.problem(bytes, ours));
                return Result.UNCHANGED;
            }
            try {
                wait(log.append(there.roomId(), entry(missing.encode()), false, null));
            } catch (CompletionException e) {
                if (e.getCause() instanceof RoomGone) {
                    continue; // the room was deleted a moment ago, and perhaps recreated
                }
                throw e;
            }
            requireRead(check.problem(bytes, wait(log.read(there.roomId(), 0))));
            return Result.MERGED;
        }
        throw new RefusedException("It keeps being created and deleted by others.");
    }

    /** Whether a room has content and nothing of the document, so that it cannot stem from an earlier import. */
    static boolean isOfAnother(StructStore room, Update document) {
        return !room.isEmpty() && !document.isEmpty() && room.reduce(document) == document;
    }

    private static void requireRead(@Nullable String problem) {
        if (problem != null) {
            throw new RefusedException("The room read back differs from the source: " + problem + ".");
        }
    }

    private @Nullable Contents existing(String name) {
        try {
            return find(name).orElse(null);
        } catch (CompletionException e) {
            if (e.getCause() instanceof RoomGone) {
                throw new RefusedException("It was deleted here.");
            }
            throw e;
        }
    }

    @Override
    public Optional<Contents> find(String name) {
        try {
            Contents there = wait(log.find(name));
            log.loaded(there.roomId(), 0);
            return Optional.of(there);
        } catch (CompletionException e) {
            if (e.getCause() instanceof RoomMissing) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static <T> T wait(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    /**
     * Ends the import if the target no longer answers.
     *
     * @throws IllegalStateException if it does not answer
     */
    void requireAlive(Throwable cause) {
        try {
            wait(log.heads(List.of(0L)));
        } catch (CompletionException e) {
            throw new IllegalStateException(
                    "The database no longer answers. Imported rooms stay: run the command again to continue.", cause);
        }
    }

    private UpdateLog.Entry entry(byte[] update) {
        UUID batch = new UUID(random.nextLong(), random.nextLong());
        return new UpdateLog.Entry(batch, Link.random(random), update, Author.IMPORT);
    }
}
