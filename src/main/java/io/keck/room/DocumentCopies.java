package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.TooCostly;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The typed document of a room and the forks on which it is edited. Each is built and updated in as many turns as
 * needed, and all are given up together if they become too costly. Used only in turns of the document, unless a method
 * says otherwise.
 */
final class DocumentCopies {
    /** Milliseconds for which a document that was too costly is not built again. */
    static final long COOL_OFF = 600_000;

    private static final Logger LOG = LoggerFactory.getLogger(DocumentCopies.class);

    private final String name;
    private final RoomContext context;
    private final DocumentTurns turns;
    private final LongConsumer gaveUp;
    private final long maxSteps;

    private @Nullable Doc document;

    /** The life of the replica from which the document was built. */
    private int documentLife;

    /** The room id of that life. */
    private long documentRoom;

    private boolean isTooCostly;

    /** Why there is no document any more: the room has ended. */
    private @Nullable RuntimeException ended;

    /** The steps that the document and its forks have taken since the document was built. */
    private DocumentTurns.Toll toll = new DocumentTurns.Toll(0);

    /** The fork for edits without a key. */
    private @Nullable Fork shared;

    /** The fork for edits with a key. */
    private @Nullable Fork keyed;

    /** @param gaveUp receives the room id when the document was too costly */
    DocumentCopies(String name, RoomContext context, Safeguards safeguards, DocumentTurns turns, LongConsumer gaveUp) {
        this.name = name;
        this.context = context;
        this.turns = turns;
        this.gaveUp = gaveUp;
        this.maxSteps =
                safeguards.boundsDocumentWork() ? context.settings().document().maxSteps() : Long.MAX_VALUE / 4;
    }

    /** The life of the replica from which the document was built. */
    int life() {
        return documentLife;
    }

    /** Begins to build the document; may be called from any thread. */
    void make(byte[] whole, int life, long roomId) {
        turns.begin(new Making(whole, life, roomId));
    }

    /** Drops the document for good. Later calls fail with this reason. */
    void end(RuntimeException why) {
        ended = why;
        drop();
    }

    /** Drops the document. Pending calls fail with the reason if it was too costly. */
    void drop() {
        document = null;
        shared = null;
        keyed = null;
    }

    private void clear() {
        drop();
        isTooCostly = false;
    }

    /** Builds the document in as many turns as needed. */
    private final class Making implements DocumentTurns.Task {
        private byte @Nullable [] whole;
        private final int made;
        private final long id;
        private final Doc fresh = new Doc();
        private DocumentTurns.@Nullable Application application;

        Making(byte[] whole, int made, long id) {
            this.whole = whole;
            this.made = made;
            this.id = id;
        }

        @Override
        public boolean run() {
            DocumentTurns.Application now = application;
            if (now == null) {
                documentLife = made;
                documentRoom = id;
                clear();
                toll = new DocumentTurns.Toll(maxSteps);
                now = turns.application(fresh, Update.decode(Objects.requireNonNull(whole), DecodeLimits.OWN), toll);
                application = now;
                whole = null;
            }
            if (!isApplied(now)) {
                return false;
            }
            if (!isTooCostly) {
                document = fresh;
            }
            return true;
        }
    }

    /** Continues to apply an update; returns true if it is applied, or the document was too costly and is given up. */
    private boolean isApplied(DocumentTurns.Application application) {
        try {
            return application.run();
        } catch (DocumentTurns.TollExceededException e) {
            giveUp(e);
            return true;
        }
    }

    /** The limit of steps for one reading of the document. */
    DocumentTurns.Toll tollForReading() {
        return toll.forReading();
    }

    /** Gives the document up because a reading or its integration took too many steps. */
    void giveUp(DocumentTurns.TollExceededException why) {
        clear();
        isTooCostly = true;
        context.memory().documents().isCostly(documentRoom, context.clock().getAsLong() + COOL_OFF);
        context.metrics().documentTooCostly();
        LOG.warn(
                "Room {} is too costly for HTTP: integrating its content or writing it down took {}. Back ends get"
                        + " 503 for {} s;"
                        + " WebSocket connections are not affected.",
                name,
                why.getMessage(),
                COOL_OFF / 1_000);
        gaveUp.accept(documentRoom);
    }

    /**
     * The document.
     *
     * @throws TooCostly if it was given up
     * @throws RuntimeException the reason given to {@link #end}, if the room has ended
     */
    Doc present() {
        if (document == null && ended != null) {
            throw ended;
        }
        if (document == null && isTooCostly) {
            throw new TooCostly(COOL_OFF);
        }
        if (document == null) {
            throw new IllegalStateException("the document could not be built");
        }
        return document;
    }

    /** The fork for edits with or without a key; {@link #isForkMade} must have returned true. */
    Fork fork(boolean withKey) {
        Fork fork = withKey ? keyed : shared;
        if (fork == null) {
            fork = new Fork(present(), turns, toll);
            if (withKey) {
                keyed = fork;
            } else {
                shared = fork;
            }
        }
        return fork;
    }

    /** Continues to build the fork; returns whether it is complete. */
    boolean isForkMade(boolean withKey) {
        try {
            return fork(withKey).make();
        } catch (DocumentTurns.TollExceededException e) {
            giveUp(e);
            throw new TooCostly(COOL_OFF);
        }
    }

    /** Discards a fork because one of its edits was not saved. */
    void forget(Fork.Fate<RoomDocument.Pending> fate) {
        if (shared != null && shared.fate == fate) {
            shared = null;
        }
        if (keyed != null && keyed.fate == fate) {
            keyed = null;
        }
    }

    /** Applies an update of the replica to the document and its forks; may be called from any thread. */
    void take(Update update) {
        turns.begin(new DocumentTurns.Task() {
            private int copy;
            private DocumentTurns.@Nullable Application application;

            @Override
            public boolean run() {
                for (; copy < 3; copy++) {
                    Doc doc = copy(copy);
                    if (doc == null) {
                        continue;
                    }
                    DocumentTurns.Application now = application;
                    if (now == null) {
                        now = turns.application(doc, update, toll);
                        application = now;
                    }
                    if (!isApplied(now)) {
                        return false;
                    }
                    application = null;
                }
                return true;
            }
        });
    }

    private @Nullable Doc copy(int which) {
        Fork fork = which == 1 ? shared : keyed;
        return which == 0 ? document : fork == null ? null : fork.doc;
    }
}
