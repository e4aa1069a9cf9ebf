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
 * The document of a room and the forks on which it is edited, each made and kept up in as many turns as it takes, and all given
 * up together where they become too costly. Touched only in turns of the document, where nothing else is said.
 */
final class DocumentCopies {
    /** Milliseconds for which a document that is too costly is not made again. */
    static final long COOL_OFF = 600_000;

    private static final Logger LOG = LoggerFactory.getLogger(DocumentCopies.class);

    private final String name;
    private final RoomContext context;
    private final DocumentTurns turns;
    private final LongConsumer gaveUp;
    private final long maxSteps;

    private @Nullable Doc document;

    /** That of the replica which the document is made of. */
    private int documentLife;

    /** The id of that life of the name. */
    private long documentRoom;

    private boolean isTooCostly;

    /** What the document and its forks have cost since the document was made. */
    private DocumentTurns.Toll toll = new DocumentTurns.Toll(0);

    /** The fork of edits without a key. */
    private @Nullable Fork shared;

    /** The fork of edits with a key. */
    private @Nullable Fork keyed;

    /** @param gaveUp told the id of the room when its document was too costly */
    DocumentCopies(String name, RoomContext context, Safeguards safeguards, DocumentTurns turns, LongConsumer gaveUp) {
        this.name = name;
        this.context = context;
        this.turns = turns;
        this.gaveUp = gaveUp;
        this.maxSteps =
                safeguards.boundsDocumentWork() ? context.settings().document().maxSteps() : Long.MAX_VALUE / 4;
    }

    /** The life of the replica of which the document is made. */
    int life() {
        return documentLife;
    }

    /** Begins to make the document; from any thread. */
    void make(byte[] whole, int life, long roomId) {
        turns.begin(new Making(whole, life, roomId));
    }

    /** Drops the document. What was asked for before says why, if it was too costly. */
    void drop() {
        document = null;
        shared = null;
        keyed = null;
    }

    private void clear() {
        drop();
        isTooCostly = false;
    }

    /** Makes the document, in as many turns as it takes. */
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

    /** Goes on with an update; true if it is done, or the document is too costly and was given up. */
    private boolean isApplied(DocumentTurns.Application application) {
        try {
            return application.run();
        } catch (DocumentTurns.TollExceededException e) {
            giveUp(e);
            return true;
        }
    }

    /** What one reading of the document may cost. */
    DocumentTurns.Toll tollForReading() {
        return toll.forReading();
    }

    /** A reading of the document, or putting it in order, took too many steps. */
    void giveUp(DocumentTurns.TollExceededException why) {
        clear();
        isTooCostly = true;
        context.budget().isCostly(documentRoom, context.clock().getAsLong() + COOL_OFF);
        context.metrics().documentTooCostly();
        LOG.warn(
                "Room {} is too costly for HTTP: its content took {} to put in order or to write down. Back ends get 503 for {} s;"
                        + " WebSocket connections are not affected.",
                name,
                why.getMessage(),
                COOL_OFF / 1_000);
        gaveUp.accept(documentRoom);
    }

    Doc present() {
        if (document == null && isTooCostly) {
            throw new TooCostly(COOL_OFF);
        }
        if (document == null) {
            throw new IllegalStateException("the document could not be made");
        }
        return document;
    }

    /** The fork of edits with or without a key; to be asked for {@link #isForkMade} first. */
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

    /** Goes on with making the fork. */
    boolean isForkMade(boolean withKey) {
        try {
            return fork(withKey).make();
        } catch (DocumentTurns.TollExceededException e) {
            giveUp(e);
            throw new TooCostly(COOL_OFF);
        }
    }

    /** An edit of that fork was not saved: the fork is of no use any more. */
    void forget(Fork.Fate<RoomDocument.Pending> fate) {
        if (shared != null && shared.fate == fate) {
            shared = null;
        }
        if (keyed != null && keyed.fate == fate) {
            keyed = null;
        }
    }

    /** The document and its forks take in what the replica has taken in; from any thread. */
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
