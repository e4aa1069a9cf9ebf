package io.keck.node;

import io.dropwizard.lifecycle.Managed;
import io.keck.cluster.BusKeys;
import io.keck.storage.nodes.JdbiNodes;
import io.keck.thread.Loop;
import io.keck.wing.Host;
import java.util.List;
import java.util.function.Supplier;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys with which this node signs on the bus, read again every second: a key that was rotated is in use on all nodes
 * within two, and until then both count. While the database does not answer, what it said last goes on. Thread-safe.
 */
public final class BusKeyring implements Managed, Supplier<BusKeys> {
    private static final Logger LOG = LoggerFactory.getLogger(BusKeyring.class);
    private static final long EVERY_MS = 1_000;

    private final JdbiNodes nodes;
    private final Loop loop = Loop.every("bus-keys", EVERY_MS, this::read);
    private volatile BusKeys now;

    /**
     * Reads the keys, and draws one where there is none.
     *
     * @throws JdbiException if the database does not answer
     */
    BusKeyring(JdbiNodes nodes) {
        this.nodes = nodes;
        JdbiNodes.Keys keys = nodes.keys();
        now = new BusKeys(keys.keys(), keys.olderNodes(), false);
    }

    /** A keyring that reads the keys every second while the node runs. */
    public static BusKeyring build(Host host, JdbiNodes nodes) {
        BusKeyring keyring = new BusKeyring(nodes);
        host.manage(keyring);
        return keyring;
    }

    @Override
    public BusKeys get() {
        return now;
    }

    @Override
    public void start() {
        loop.start();
    }

    @Override
    public void stop() {
        loop.stop();
    }

    private void read() {
        BusKeys before = now;
        try {
            JdbiNodes.Keys keys = nodes.keys();
            List<byte[]> same = JdbiNodes.Keys.same(before.keys(), keys.keys()) ? before.keys() : keys.keys();
            now = new BusKeys(same, keys.olderNodes(), false);
        } catch (JdbiException e) { // the health check tells of the database
            now = new BusKeys(before.keys(), before.unsigned(), true);
            LOG.debug("The keys of the bus are not known anew", e);
        }
        if (before.unsigned() != now.unsigned()) {
            LOG.info(
                    now.unsigned()
                            ? "A node of the release before this one is at work: the bus carries unsigned messages"
                            : "The bus carries signed messages only");
        }
    }
}
