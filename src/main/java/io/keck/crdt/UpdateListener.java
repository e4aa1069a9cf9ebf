package io.keck.crdt;

/** Hears of every change of a document as an update. */
@FunctionalInterface
public interface UpdateListener {
    /**
     * A transaction is over and changed something.
     *
     * @param update the change in wire format V1; applied to another document it does the same there
     * @param transaction says where it came from
     */
    void onUpdate(byte[] update, Transaction transaction);
}
