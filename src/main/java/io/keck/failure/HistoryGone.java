package io.keck.failure;

/**
 * The document is not known as it was at the requested row or time: history is kept from a later one on, or the row is not
 * written yet. Immutable.
 */
public final class HistoryGone extends Failure {
    private static final long serialVersionUID = 1L;

    private final long first;
    private final long head;

    /**
     * @param roomId the id of the room
     * @param first the first seq at which the document is known
     * @param head the seq of its newest row
     */
    public HistoryGone(long roomId, long first, long head) {
        super("the history of room " + roomId + " is kept from row " + first + " to row " + head, null);
        this.first = first;
        this.head = head;
    }

    /** The first seq at which the document is known. */
    public long first() {
        return first;
    }

    /** The seq of the newest row. */
    public long head() {
        return head;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.historyGone(this);
    }
}
