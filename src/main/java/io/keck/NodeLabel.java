package io.keck;

import io.dropwizard.lifecycle.Managed;
import io.keck.storage.nodes.JdbiNodes;
import java.security.SecureRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The label that an operator gave this node, and no other running one. Who starts with a label has it: what had it before
 * was replaced, and when it still lives it saves what its clients sent, and ends. Asks on a thread of its own: a database
 * that does not answer holds up nobody else.
 */
final class NodeLabel implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLabel.class);
    private static final long EVERY_MS = 1_000;
    private static final int EXIT_STATUS = 3;

    private final JdbiNodes nodes;
    private final String label;
    private final long boot = new SecureRandom().nextLong();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(r -> {
        Thread thread = new Thread(r, "node-label");
        thread.setDaemon(true);
        return thread;
    });
    private boolean lost;

    NodeLabel(JdbiNodes nodes, String label) {
        this.nodes = nodes;
        this.label = label;
    }

    /** Takes the label, whoever has it, and looks from now on whether it still has it. */
    @Override
    public void start() {
        nodes.take(label, boot);
        var unused = timer.scheduleWithFixedDelay(this::check, EVERY_MS, EVERY_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void stop() {
        timer.shutdownNow();
    }

    private void check() {
        if (lost) {
            return;
        }
        try {
            lost = nodes.holder(label).map(holder -> holder != boot).orElse(false);
        } catch (JdbiException e) { // asked again in a moment; the health check tells of the database
            LOG.debug("Who has the label {} is not known now", label, e);
            return;
        }
        if (lost) {
            LOG.error(
                    "A second node has started with the label \"{}\" on this database and replaces this one, which stops now."
                            + " To run both, give each its own NODE_ID",
                    label);
            new Thread(() -> System.exit(EXIT_STATUS), "replaced").start();
        }
    }
}
