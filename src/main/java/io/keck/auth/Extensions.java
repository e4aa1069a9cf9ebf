package io.keck.auth;

import io.keck.access.AccessStore;
import io.keck.access.Caller;
import io.keck.access.Grant;
import io.keck.access.Principal;
import io.keck.access.Revocation;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells all nodes that a principal has shown a newer credential for a document, so that connections it opened with an older
 * one last as long as the newer one. Goes through the database, because the connections may be on any node. Writes only
 * extensions that matter, because a client may show the same credential any number of times. Thread-safe.
 */
final class Extensions {
    private static final Logger LOG = LoggerFactory.getLogger(Extensions.class);
    private static final int MAX_KNOWN = 10_000;
    /** Extensions shorter than this are not written: grants of proxy headers end slightly later with each request. */
    private static final long NEWS_MILLIS = 60_000;
    /** Rows that may wait for the database; further ones are written when the credential is shown again. */
    private static final int MAX_PENDING = 100;

    private final AccessStore store;
    private final Executor executor;
    private final Semaphore places = new Semaphore(MAX_PENDING);
    private final Map<String, Long> known = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_KNOWN;
        }
    };

    /** @param executor runs calls that wait for the database */
    Extensions(AccessStore store, Executor executor) {
        this.store = store;
        this.executor = executor;
    }

    /** Notes that a credential was shown for a document that it may read. Returns at once. */
    void shown(Grant grant) {
        if (grant.expiresAt() == Caller.NEVER || grant.principal().equals(Principal.ANONYMOUS)) {
            return;
        }
        String subject = new Revocations.Recheck(grant.principal().id(), grant.document()).subject();
        if (isNews(subject, grant.expiresAt())) {
            if (places.tryAcquire()) {
                executor.execute(() -> tell(subject, grant.expiresAt()));
            } else {
                forget(subject);
            }
        }
    }

    private synchronized boolean isNews(String subject, long until) {
        Long before = known.get(subject);
        if (before != null && until - before < NEWS_MILLIS) {
            return false;
        }
        known.remove(subject); // so that the newest entry is the last
        known.put(subject, until);
        return true;
    }

    private void tell(String subject, long until) {
        try {
            store.revoke(Revocation.Kind.EXTENSION, subject, until);
        } catch (RuntimeException e) {
            LOG.debug("Storing a newer credential failed; connections still end with their older ones", e);
            forget(subject);
        } finally {
            places.release();
        }
    }

    private synchronized void forget(String subject) {
        known.remove(subject);
    }
}
