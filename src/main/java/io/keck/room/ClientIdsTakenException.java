package io.keck.room;

import java.util.Map;

/**
 * The log has not appended a batch, because another principal has introduced client ids that the batch was to introduce
 * ({@link UpdateLog.Claim}).
 */
public final class ClientIdsTakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Map<Long, String> by;

    /**
     * Creates the refusal of a batch.
     *
     * @param by by client id, the principal that introduced it; not only of the ids that were claimed
     */
    public ClientIdsTakenException(Map<Long, String> by) {
        super("another principal has introduced client ids of this batch", null, false, false);
        this.by = Map.copyOf(by);
    }

    /** Returns by client id the principal that introduced it. */
    public Map<Long, String> by() {
        return by;
    }
}
