package io.keck.room;

/**
 * The checks that keep a room's promises, one method each. In production all of them are on. A test that switches one off
 * must see the harm that the method names; a safeguard whose absence no test notices would not be known to work.
 * Implementations are immutable.
 */
interface Safeguards {
    /** Every safeguard is on. */
    Safeguards ON = new Safeguards() {};

    /** Without it a client that reconnects writes its whole document again, and every member receives it. */
    default boolean reducesUpdates() {
        return true;
    }

    /** Without it what one principal wrote is called another's, because both wrote within the same moment. */
    default boolean splitsByAuthor() {
        return true;
    }

    /** Without it a replica skips rows of other nodes, and keeps rows that the log has lost. */
    default boolean comparesLinks() {
        return true;
    }

    /** Without it a replica stays behind the log when the bus loses a row, and outlives the deletion of its room. */
    default boolean comparesHeads() {
        return true;
    }

    /** Without it nothing notices, in a quiet room, that the database was restored to an earlier state. */
    default boolean noticesLostRows() {
        return true;
    }

    /** Without it an edit is saved whose predecessor is missing: its content waits for that predecessor forever. */
    default boolean dropsDependentEdits() {
        return true;
    }

    /** Without it a request reaches a life of the name that another node has ended. */
    default boolean waitsForTheLog() {
        return true;
    }

    /** Without it a request that met an ended life fails, although the name lives on. */
    default boolean asksAgainByName() {
        return true;
    }

    /** Without it the node that ends a life goes on serving it until its own comparison with the log. */
    default boolean closesEndedLives() {
        return true;
    }

    /** Without it a document grows until no node can load it any more. */
    default boolean boundsDocuments() {
        return true;
    }

    /** Without it what was left aside at the limit stays with its writer when there is room for it again. */
    default boolean asksRefusedWriters() {
        return true;
    }

    /** Without it a connection alone makes a document that back ends see, and that stays for ever. */
    default boolean hidesUnmadeRooms() {
        return true;
    }

    /** Without it a socket that asks as fast as it can makes the server send thousands of times as much. */
    default boolean boundsAnswers() {
        return true;
    }

    /** Without it a tab that was left open writes the content of an ended life into the next one. */
    default boolean refusesCopiesOfEndedLives() {
        return true;
    }

    /** Without it content that differs under an id that is known is taken for nothing new, and nobody hears of it. */
    default boolean noticesConflicts() {
        return true;
    }

    /** Without it one message deletes whatever a member will write. */
    default boolean holdsUnheldDeletes() {
        return true;
    }

    /** Without it deletes of that kind that were stored by an earlier release go on acting. */
    default boolean forgetsStoredUnheldDeletes() {
        return true;
    }

    /** Without it a stranger removes the cursor of somebody who is there, or raises its clock beyond what the client can. */
    default boolean guardsAwareness() {
        return true;
    }

    /** Without it a client is told "saved" of what a killed node takes along. */
    default boolean saysSavedAfterTheCommit() {
        return true;
    }

    /** Without it a client that takes for saved what comes back to it gets its own edits back while the log is away. */
    default boolean withholdsUnsavedEchoes() {
        return true;
    }

    /** Without it one document whose content is costly to put in order holds up the documents of all other rooms. */
    default boolean boundsDocumentWork() {
        return true;
    }
}
