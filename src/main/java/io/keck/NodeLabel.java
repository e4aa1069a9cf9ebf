package io.keck;

import io.keck.storage.JdbiNodes;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The label that an operator gave this node, and no other running one. Who starts with a label has it: what had it before
 * was replaced, and when it still lives it saves what its clients sent, and ends.
 */
final class NodeLabel {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLabel.class);
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int EXIT_STATUS = 3;

    private final JdbiNodes nodes;
    private final String label;
    private final long boot = new SecureRandom().nextLong();
    private long next = System.nanoTime();
    private boolean lost;

    NodeLabel(JdbiNodes nodes, String label) {
        this.nodes = nodes;
        this.label = label;
    }

    /** Takes the label, whoever has it. */
    void takeOver() {
        nodes.take(label, boot);
    }

    /** Ends this process when another has taken the label. To be called by one thread, now and then. */
    void check() {
        if (lost || System.nanoTime() - next < 0) {
            return;
        }
        next = System.nanoTime() + EVERY_NANOS;
        try {
            lost = nodes.holder(label).map(holder -> holder != boot).orElse(false);
        } catch (JdbiException e) {
            LOG.debug("Who has the label {} is not known now", label, e);
            return;
        }
        if (lost) {
            LOG.error(
                    "Another Keck has started as node \"{}\" on this database, so this one was replaced and stops now."
                            + " If both are to run, give each its own NODE_ID",
                    label);
            new Thread(() -> System.exit(EXIT_STATUS), "replaced").start();
        }
    }
}
