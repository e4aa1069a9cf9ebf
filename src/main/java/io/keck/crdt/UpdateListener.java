package io.keck.crdt;

/** Receives every change of a document as an update. */
@FunctionalInterface
public interface UpdateListener {
    /**
     * Called at the end of each transaction that changed something.
     *
     * @param update the change, in the wire format that was subscribed to; it makes the same change in another document
     * @param transaction the transaction that made the change
     */
    void onUpdate(byte[] update, Transaction transaction);
}
