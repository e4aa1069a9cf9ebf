package io.keck.room;

/** A safeguard that is off in a twin of a test. */
enum Twin {
    NONE,
    /** Every update is taken for news. */
    NO_REDUCE,
    /** Nobody compares with the log. */
    NO_CATCH_UP,
    /** The log does not know a batch that comes again. */
    NO_BATCH_IDS,
    /** Updates are sent before they are committed. */
    NO_COMMIT_FIRST,
    /** Rows that others wrote before an own commit are not read. */
    NO_GAPS,
    /** Nobody notices that the log went back. */
    NO_LOOK_BACK,
    /** A wrong fold becomes the snapshot. */
    NO_CHECKED_COMPACTION,
    /** Requests do not wait for the log's word that the life they met goes on. */
    NO_WAITING,
    /** What an ended life refuses is refused. */
    NO_ASKING_AGAIN,
    /** The node that ends a life does not close its room by itself. */
    NO_ENDING,
    /** Copies of ended lives are let in. */
    NO_HOLD,
    /** Copies of other lives are let in, whatever their clients say. */
    NO_EPOCHS,
    /** Documents grow without a limit. */
    NO_LIMIT,
    /** Writers are not asked for what was left aside at the limit. */
    NO_ASKING_WRITERS,
    /** Anybody speaks for anybody, with any clock. */
    NO_AWARENESS_GUARD,
    /** Deletes act on what is written later. */
    NO_WAITING_DELETES,
    /** Clients are told that something is saved before it is. */
    NO_HONEST_SAVED;

    /** Those of rooms, without the one that is off; some are off in the log or in the test instead. */
    Safeguards safeguards() {
        Twin twin = this;
        return new Safeguards() {
            @Override
            public boolean reducesUpdates() {
                return twin != NO_REDUCE;
            }

            @Override
            public boolean comparesLinks() {
                return twin != NO_LOOK_BACK && twin != NO_GAPS;
            }

            @Override
            public boolean comparesEpochs() {
                return twin != NO_EPOCHS;
            }

            @Override
            public boolean comparesHeads() {
                return twin != NO_CATCH_UP;
            }

            @Override
            public boolean noticesLostRows() {
                return twin != NO_LOOK_BACK;
            }

            @Override
            public boolean waitsForTheLog() {
                return twin != NO_WAITING;
            }

            @Override
            public boolean asksAgainByName() {
                return twin != NO_ASKING_AGAIN;
            }

            @Override
            public boolean closesEndedLives() {
                return twin != NO_ENDING;
            }

            @Override
            public boolean refusesCopiesOfEndedLives() {
                return twin != NO_HOLD;
            }

            @Override
            public boolean boundsDocuments() {
                return twin != NO_LIMIT;
            }

            @Override
            public boolean asksRefusedWriters() {
                return twin != NO_ASKING_WRITERS;
            }

            @Override
            public boolean saysSavedAfterTheCommit() {
                return twin != NO_HONEST_SAVED;
            }

            @Override
            public boolean guardsAwareness() {
                return twin != NO_AWARENESS_GUARD;
            }

            @Override
            public boolean holdsUnheldDeletes() {
                return twin != NO_WAITING_DELETES;
            }

            @Override
            public boolean forgetsStoredUnheldDeletes() {
                return twin != NO_WAITING_DELETES;
            }
        };
    }
}
