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
 * The keys of the bus, read from the database every second. A rotated key is in use on all nodes within two seconds; until
 * then the old and the new key are both accepted. While the database does not answer, the last known keys stay in use.
 * Thread-safe.
 */
public final class BusKeyring implements Managed, Supplier<BusKeys> {
    private static final Logger LOG = LoggerFactory.getLogger(BusKeyring.class);
    private static final long EVERY_MS = 1_000;

    private final JdbiNodes nodes;
    private final Loop loop = Loop.every("bus-keys", EVERY_MS, this::read);
    private volatile BusKeys now;

    /**
     * Reads the keys, and creates one if there is none.
     *
     * @throws JdbiException if the database does not answer
     */
    BusKeyring(JdbiNodes nodes) {
        this.nodes = nodes;
        JdbiNodes.Keys keys = nodes.keys();
        now = new BusKeys(keys.keys(), keys.olderNodes(), false);
    }

    /** Builds a keyring that reads the keys every second while the node runs. */
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
        } catch (JdbiException e) { // the health check reports the database
            now = new BusKeys(before.keys(), before.unsigned(), true);
            LOG.debug("The keys of the bus could not be read again; the last known keys stay in use", e);
        }
        if (before.unsigned() != now.unsigned()) {
            LOG.info(
                    now.unsigned()
                            ? "A node of the previous release is running: the bus also carries unsigned messages"
                            : "The bus carries signed messages only");
        }
    }
}
