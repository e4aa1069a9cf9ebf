package io.keck.webhook;

import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Endpoint;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which node delivers. Clocks of nodes are not compared: a node that sees no sign of life of the owner for the
 * duration of the lease, by its own clock, begins a new epoch; the owner stops sending when it could not renew the
 * lease for half of that time, by its own clock. Deliveries that it sent before may still be under way, so both nodes
 * may deliver for a moment, the same rows under the same id; but only the new owner can save cursors. Used by one
 * thread, except for {@link #isHeld}.
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
     * Creates a lease that is not held.
     *
     * @param node the name of this node among all nodes
     * @param shared whether there are other nodes
     * @param millis the duration of the lease: how long a node waits for a sign of life of the owner
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

    /** Makes the next {@link #look} read the endpoint, which was set through this node, at once. */
    void hurry() {
        lookAt = Long.MIN_VALUE;
    }

    /**
     * Returns the endpoint, which is read five times per duration of the lease; takes the lease if it is free, or
     * renews it.
     */
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

    /** Renews the lease with a sign of life. A test overrides it to pretend success. */
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

    /** Whether the last {@link #look} took the lease. */
    boolean isNew() {
        return isNew;
    }

    long epoch() {
        return epoch;
    }

    /** Drops the lease because another node has begun an epoch, or this node gives it up. */
    void lost() {
        epoch = -1;
        heldUntil = Long.MIN_VALUE;
        lookAt = Long.MIN_VALUE;
    }

    /** Gives the lease up, so that another node can take over at once. */
    void release() {
        if (epoch >= 0) {
            cursors.release(epoch);
            lost();
        }
    }
}
