package io.keck.node;

import io.dropwizard.lifecycle.Managed;
import io.keck.storage.nodes.JdbiNodes;
import io.keck.thread.Loop;
import io.keck.thread.Threads;
import java.security.SecureRandom;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the label (NODE_ID) of this node, which no other running node may use. A node that starts takes its label over; a
 * node that held it before finds out, saves what its clients sent, and exits. Queries run on a thread of their own, so that
 * a slow database delays nothing else.
 */
public final class NodeLabel implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLabel.class);
    private static final long EVERY_MS = 1_000;
    private static final int EXIT_STATUS = 3;

    private final JdbiNodes nodes;
    private final String label;
    private final long boot = new SecureRandom().nextLong();
    private final Loop loop = Loop.every("node-label", EVERY_MS, this::check);
    private boolean lost;

    public NodeLabel(JdbiNodes nodes, String label) {
        this.nodes = nodes;
        this.label = label;
    }

    /** Takes the label over, and from then on checks every second that this node still holds it. */
    @Override
    public void start() {
        nodes.take(label, boot);
        loop.start();
    }

    @Override
    public void stop() {
        loop.stop();
    }

    private void check() {
        if (lost) {
            return;
        }
        try {
            lost = nodes.holder(label).map(holder -> holder != boot).orElse(false);
        } catch (JdbiException e) { // repeated a second later; the health check reports the database
            LOG.debug("The holder of the label {} could not be read", label, e);
            return;
        }
        if (lost) {
            LOG.error(
                    "A second node has started with the label \"{}\" on this database; this node is replaced and stops now."
                            + " To run both, give each its own NODE_ID",
                    label);
            Threads.daemon("replaced", () -> System.exit(EXIT_STATUS)).start();
        }
    }
}
