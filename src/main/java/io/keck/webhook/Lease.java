package io.keck.webhook;

import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Endpoint;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which node delivers. No clocks are compared: a node that sees no sign of life of the owner for the length of the lease,
 * by its own clock, begins another epoch; the owner stops sending when it could not give one for half of that, by its own.
 * What it has sent by then may still be under way, so both may deliver for a moment, the same under the same id; but only
 * the new one can save. Used by one thread, but for {@link #isHeld}.
 */
class Lease {
    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

    private final Cursors cursors;
    private final String node;
    private final boolean shared;
    private final long millis;

    private Endpoint seen = new Endpoint("", false, -1, "", 0);
    private long seenAt;
    private long lookAt = Long.MIN_VALUE;
    private volatile long epoch = -1;
    private volatile long heldUntil = Long.MIN_VALUE;
    private boolean isNew;
    private boolean hasLooked;

    /**
     * Not held.
     *
     * @param node what others call this one
     * @param shared whether there are other nodes
     * @param millis how long a sign of life is waited for
     */
    Lease(Cursors cursors, String node, boolean shared, long millis) {
        this.cursors = cursors;
        this.node = node;
        this.shared = shared;
        this.millis = millis;
    }

    boolean isShared() {
        return shared;
    }

    /** The endpoint was set here: it is looked at at once. */
    void hurry() {
        lookAt = Long.MIN_VALUE;
    }

    /** The endpoint, which is looked at now and then; takes the lease, or keeps it. */
    Endpoint look(long now) {
        isNew = false;
        hasLooked = now >= lookAt && (shared || seen.epoch() < 0 || !seen.url().isEmpty() || lookAt == Long.MIN_VALUE);
        if (!hasLooked) {
            return seen;
        }
        Endpoint found = cursors.endpoint();
        lookAt = now + millis / 5;
        if (found.epoch() == epoch) {
            keep(now, found);
        } else {
            if (epoch >= 0) {
                lost();
            }
            contend(now, found);
        }
        return seen;
    }

    private void keep(long now, Endpoint found) {
        seen = found;
        if (renew(epoch)) {
            heldUntil = now + millis / 2;
        } else {
            lost();
        }
    }

    /** Gives a sign of life. A test lets it pass for one. */
    boolean renew(long held) {
        return cursors.renew(held);
    }

    private void contend(long now, Endpoint found) {
        if (found.epoch() != seen.epoch()
                || found.beat() != seen.beat()
                || !found.owner().equals(seen.owner())) {
            seenAt = now;
        }
        seen = found;
        boolean free = !shared || found.owner().isEmpty() || now - seenAt >= millis;
        if (found.url().isEmpty() || !free) {
            return;
        }
        OptionalLong taken = cursors.take(found, node);
        if (taken.isPresent()) {
            epoch = taken.getAsLong();
            heldUntil = now + millis / 2;
            isNew = true;
            seen = new Endpoint(found.url(), found.trusted(), epoch, node, 0);
            LOG.info("This node now delivers webhooks");
        }
    }

    /** Whether this node may send; from any thread. */
    boolean isHeld(long now) {
        return epoch >= 0 && now < heldUntil;
    }

    /** Whether the last call of {@link #look} asked the database. */
    boolean hasLooked() {
        return hasLooked;
    }

    /** Whether it was taken by the last look. */
    boolean isNew() {
        return isNew;
    }

    long epoch() {
        return epoch;
    }

    /** Somebody else has begun an epoch. */
    void lost() {
        epoch = -1;
        heldUntil = Long.MIN_VALUE;
        lookAt = Long.MIN_VALUE;
    }

    /** Lets another node take over at once. */
    void release() {
        if (epoch >= 0) {
            cursors.release(epoch);
            lost();
        }
    }
}
