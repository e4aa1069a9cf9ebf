package io.keck.storage.others;

import io.keck.access.Author;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomMissing;
import io.keck.room.Link;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.octobase.RoomCheck;
import io.keck.storage.octobase.RoomLookup;
import io.keck.storage.others.OtherStore.DamagedException;
import io.keck.storage.rows.ContradictionCount;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Compares documents with the rooms of their names and writes them, each in one transaction, and reads them back. A dry run
 * only compares. Used by one thread.
 */
final class ImportedRooms {
    private static final int ATTEMPTS = 5;

    private final @Nullable UpdateLog log;
    private final RoomLookup lookup;
    private final Random random;
    private final Existing existing;
    private final RoomCheck check;

    /** What is done with a document whose room has other content and lacks a part of the document. */
    enum Existing {
        /** The room is reported and left as it is. */
        REPORT,
        /** The room gets what it lacks, unless both have different content under the same ids. */
        MERGE,
        /** The room ends, and a new one with the document begins. */
        REPLACE
    }

    /** What was done with a document. */
    enum Result {
        /** There was no room, or only one that clients had connected to. */
        IMPORTED,
        /** The room ended, and a new one has the document. */
        REPLACED,
        /** The room lacked something and got it. */
        COMPLETED,
        /** The room has all of the document, and perhaps more. */
        UNCHANGED
    }

    /** Thrown if the room differs and may not be changed; the message is a sentence. */
    static final class DiffersException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DiffersException(String message) {
            super(message);
        }
    }

    /**
     * Creates a writer.
     *
     * @param log null for a dry run
     * @param lookup the existing rooms, for a dry run
     * @param random a cryptographically strong source of batch ids
     */
    ImportedRooms(@Nullable UpdateLog log, RoomLookup lookup, Random random, Existing existing, RoomCheck check) {
        this.log = log;
        this.lookup = lookup;
        this.random = random;
        this.existing = existing;
        this.check = check;
    }

    /**
     * Makes the room of that name hold the document.
     *
     * @throws DiffersException if the room has other content and is left as it is
     * @throws DamagedException if the document cannot be written, or differs when it is read back
     * @throws IllegalStateException if the database no longer answers
     */
    Result write(String name, OtherDocument document) {
        try {
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
                Optional<Result> done = attempt(name, document);
                if (done.isPresent()) {
                    return done.get();
                }
            }
            throw new DamagedException("Its room keeps being created and deleted by others.");
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof RoomGone) {
                throw new DamagedException("It was deleted here; --restore-deleted imports it nevertheless.");
            }
            requireAlive(cause);
            throw new DamagedException("The database refused it: " + cause.getMessage());
        }
    }

    /** Empty if another writer was faster, so that the room has to be looked at again. */
    private Optional<Result> attempt(String name, OtherDocument document) {
        Contents there = find(name).orElse(null);
        if (there == null || !there.isMade()) {
            return create(name, document, false) ? Optional.of(Result.IMPORTED) : Optional.empty();
        }
        String difference = difference(there, document);
        if (difference == null) {
            return Optional.of(Result.UNCHANGED);
        }
        return switch (existing) {
            case REPORT -> {
                if (there.damage() == null && RoomCheck.load(there).isEmpty()) {
                    yield append(there, document);
                }
                throw new DiffersException(difference + " It was left as it is.");
            }
            case MERGE -> {
                if (there.damage() != null || contradicts(there, document)) {
                    throw new DiffersException(difference + " It cannot be merged and was left as it is.");
                }
                yield append(there, document);
            }
            case REPLACE -> create(name, document, true) ? Optional.of(Result.REPLACED) : Optional.empty();
        };
    }

    /** How the room differs, as a sentence; null if it has all of the document. */
    private @Nullable String difference(Contents there, OtherDocument document) {
        UpdateLog.Damage damage = there.damage();
        if (damage != null) {
            return "Its room here is damaged: " + damage.what() + ".";
        }
        StructStore ours = RoomCheck.load(there);
        Update update = document.update();
        ContradictionCount contradictions = new ContradictionCount();
        contradictions.add(ours, update, "");
        if (!contradictions.isEmpty()) {
            return "Its room here has other content under the same ids: " + contradictions + ".";
        }
        Update missing = ours.reduce(update);
        if (!missing.isEmpty()) {
            return "Its room here lacks " + missing.structCount() + " structs and " + missing.deleteCount()
                    + " deleted ranges of it.";
        }
        String problem = check.problem(document.bytes(), there);
        return problem == null ? null : "Its room here differs: " + problem + ".";
    }

    private static boolean contradicts(Contents there, OtherDocument document) {
        ContradictionCount found = new ContradictionCount();
        found.add(RoomCheck.load(there), document.update(), "");
        return !found.isEmpty();
    }

    private boolean create(String name, OtherDocument document, boolean replace) {
        if (log == null) {
            return true;
        }
        Optional<UpdateLog.Begun> begun = wait(log.init(name, entry(document.bytes()), replace, null));
        if (begun.isEmpty()) {
            return false;
        }
        verify(document, wait(log.read(begun.get().roomId(), 0)));
        return true;
    }

    private Optional<Result> append(Contents there, OtherDocument document) {
        if (log != null) {
            Update missing = RoomCheck.load(there).reduce(document.update());
            try {
                wait(log.append(there.roomId(), entry(missing.encode()), false, null));
            } catch (CompletionException e) {
                if (e.getCause() instanceof RoomGone) {
                    return Optional.empty(); // the room was deleted a moment ago, and perhaps created again
                }
                throw e;
            }
            verify(document, wait(log.read(there.roomId(), 0)));
        }
        return Optional.of(Result.COMPLETED);
    }

    /**
     * Compares the room, as a server would read it now, with the document: the state vector and the deletions, then the
     * content. A room in which clients write at the same time may hold more.
     */
    private void verify(OtherDocument document, Contents room) {
        if (room.damage() != null) {
            throw new DamagedException(
                    "Its room is damaged after the import: " + room.damage().what() + ".");
        }
        StructStore read = RoomCheck.load(room);
        boolean isAlone = room.snapshot() == null && room.rows().size() == 1;
        String problem = isAlone && !document.isAllOf(read)
                ? "the state vector or the deletions differ"
                : check.problem(document.bytes(), room);
        if (problem != null) {
            throw new DamagedException("Its room, read back, differs from the source: " + problem + ".");
        }
    }

    private Optional<Contents> find(String name) {
        if (log == null) {
            return lookup.find(name);
        }
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

    /** Whether a room has the name, or had it and was deleted. */
    boolean isTaken(String name) {
        try {
            return find(name).isPresent();
        } catch (CompletionException e) {
            return true;
        }
    }

    private void requireAlive(Throwable cause) {
        try {
            if (log != null) {
                wait(log.heads(List.of(0L)));
            }
        } catch (CompletionException e) {
            throw new IllegalStateException(
                    "The database no longer answers. Imported documents stay: run the command again to continue.",
                    cause);
        }
    }

    private static <T> T wait(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private UpdateLog.Entry entry(byte[] update) {
        UUID batch = new UUID(random.nextLong(), random.nextLong());
        return new UpdateLog.Entry(batch, Link.random(random), update, Author.IMPORT);
    }
}
