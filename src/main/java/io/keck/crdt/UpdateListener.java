package io.keck.crdt;

/** Hears of every change of a document as an update. */
@FunctionalInterface
public interface UpdateListener {
    /**
     * A transaction is over and changed something.
     *
     * @param update the change, in the wire format that was asked for; applied to another document it does the same there
     * @param transaction says where it came from
     */
    void onUpdate(byte[] update, Transaction transaction);
}
