package io.keck.room;

/**
 * The checks that keep a room's promises, one method each. In production all of them are on. A test that switches one
 * off must see the harm that the method names; a safeguard whose absence no test notices would not be known to work.
 * Implementations are immutable.
 */
interface Safeguards {
    /** Every safeguard is on. */
    Safeguards ON = new Safeguards() {};

    /** Without it a client that reconnects writes its whole document again, and every member receives it. */
    default boolean reducesUpdates() {
        return true;
    }

    /** Without it content of one principal is attributed to another because both wrote in the same moment. */
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

    /** Without it a request that met an ended life fails although the name lives on. */
    default boolean asksAgainByName() {
        return true;
    }

    /** Without it the node that ends a life goes on serving it until its own comparison with the log. */
    default boolean closesEndedLives() {
        return true;
    }

    /** Without it a reader that gains the right to write, but not to create, creates a document. */
    default boolean asksForCreate() {
        return true;
    }

    /** Without it a document grows until no node can load it any more. */
    default boolean boundsDocuments() {
        return true;
    }

    /** Without it an update that was refused at the limit stays with its writer even when there is room again. */
    default boolean asksRefusedWriters() {
        return true;
    }

    /** Without it a connection alone makes a document that back ends see, and that stays forever. */
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

    /** Without it a copy of another life is merged into this one, though its client said which life it is of. */
    default boolean comparesEpochs() {
        return true;
    }

    /** Without it different content under a known id is silently dropped as nothing new. */
    default boolean noticesConflicts() {
        return true;
    }

    /** Without it one message deletes everything that a member will write in the future. */
    default boolean holdsUnheldDeletes() {
        return true;
    }

    /** Without it a delete that the log is about to forget counts as saved, and is lost although its struct comes with it. */
    default boolean countsDeletesWithStructsOnly() {
        return true;
    }

    /** Without it deletes of future content that an earlier release stored stay in effect. */
    default boolean forgetsStoredUnheldDeletes() {
        return true;
    }

    /**
     * Without it a peer can remove the cursor of a connected client, or raise its clock beyond what the client can
     * reach.
     */
    default boolean guardsAwareness() {
        return true;
    }

    /** Without it a client is told "saved" about an update that is lost with a killed node. */
    default boolean saysSavedAfterTheCommit() {
        return true;
    }

    /** Without it a client that treats echoed edits as saved gets its own edits back while the log is unavailable. */
    default boolean withholdsUnsavedEchoes() {
        return true;
    }

    /** Without it one document that is costly to integrate delays the documents of all other rooms. */
    default boolean boundsDocumentWork() {
        return true;
    }

    /** Without it, strict authorship applies updates under another principal's client ids. */
    default boolean holdsForeignStructs() {
        return true;
    }

    /** Without it two nodes apply content of two principals under a client id that both of them use for the first time. */
    default boolean claimsClientIds() {
        return true;
    }

    /** Without it updates that strict authorship does not apply are lost with the client that sent them. */
    default boolean keepsHeldUpdates() {
        return true;
    }
}
