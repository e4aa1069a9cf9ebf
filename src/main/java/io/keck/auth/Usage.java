package io.keck.auth;

import io.keck.access.Allowance;
import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.heap.Addresses;
import io.keck.heap.Rates;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts what principals and tenants use of this node, against the limits of grants and the quotas of the configuration.
 * Callers without a credential are counted by address. Bounded; thread-safe.
 */
final class Usage {
    private static final int MAX_KEYS = 10_000;
    private static final double BURST_SECONDS = 10;
    private static final double HOUR_SECONDS = 3_600;
    private static final int SECOND_MILLIS = 1_000;
    /** When a client beyond the limit may try again; when a connection will end is unknown. */
    private static final int RETRY_CONNECTION_SECONDS = 5;

    private final Tenants tenants;
    private final Rates requests;
    private final Rates documents;
    private final Rates bytes;
    /** Open connections by principal or tenant; a key without connections is removed. */
    private final Map<String, Integer> connections = new ConcurrentHashMap<>();

    /** @param steady milliseconds of a steady clock */
    Usage(Tenants tenants, LongSupplier steady) {
        this.tenants = tenants;
        this.requests = new Rates(MAX_KEYS, steady);
        this.documents = new Rates(MAX_KEYS, steady);
        this.bytes = new Rates(MAX_KEYS, steady);
    }

    Tenants tenants() {
        return tenants;
    }

    private static String key(Principal principal, String address) {
        return principal.equals(Principal.ANONYMOUS)
                ? principal.id() + "\n" + Addresses.network(address)
                : principal.id();
    }

    /** Makes the key of a tenant: principals contain no line feed, so it differs from all of theirs. */
    private static String key(String tenant) {
        return "\n" + tenant;
    }

    /**
     * Counts a request; returns 0, or the seconds to wait if it exceeds a limit.
     *
     * @param document the document of the request; null for the server as a whole
     */
    int request(Caller caller, String address, @Nullable String document) {
        int limit = caller.limits().requestsPerSecond();
        long wait =
                limit == Integer.MAX_VALUE ? 0 : requests.take(key(caller.principal(), address), limit, BURST_SECONDS);
        String tenant = Tenants.of(document);
        if (wait == 0 && tenant != null) {
            int quota = tenants.quota(tenant).requestsPerSecond();
            wait = quota == Integer.MAX_VALUE ? 0 : requests.take(key(tenant), quota, BURST_SECONDS);
        }
        return seconds(wait);
    }

    private static int seconds(long millis) {
        return (int) Math.min(Integer.MAX_VALUE, (millis + SECOND_MILLIS - 1) / SECOND_MILLIS);
    }

    private static Decision.@Nullable Refused refused(long wait) {
        return wait == 0 ? null : new Decision.Refused(Fault.LIMIT, seconds(wait));
    }

    /** Returns the remaining allowance of a grant. */
    Allowance of(Grant grant, String address) {
        String tenant = Tenants.of(grant.document());
        Tenants.Quota quota = tenant == null ? Tenants.Quota.NONE : tenants.quota(tenant);
        boolean isLimited = !grant.limits().equals(Limits.NONE) || !quota.equals(Tenants.Quota.NONE);
        return isLimited ? new Left(grant, address, tenant, quota) : Allowance.ALL;
    }

    /**
     * Takes a place for a connection.
     *
     * @return frees the place, once; null if all places are taken
     */
    @Nullable
    Runnable enter(Grant grant, String address) {
        String principal = key(grant.principal(), address);
        String tenant = Tenants.of(grant.document());
        if (!enter(principal, grant.limits().connections())) {
            return null;
        }
        if (tenant != null && !enter(key(tenant), tenants.quota(tenant).connections())) {
            leave(principal);
            return null;
        }
        AtomicBoolean left = new AtomicBoolean();
        return () -> {
            if (left.compareAndSet(false, true)) {
                leave(principal);
                if (tenant != null) {
                    leave(key(tenant));
                }
            }
        };
    }

    private boolean enter(String key, int limit) {
        boolean[] entered = {false};
        connections.compute(key, (any, before) -> {
            int open = before == null ? 0 : before;
            entered[0] = open < limit;
            return entered[0] ? Integer.valueOf(open + 1) : before;
        });
        return entered[0];
    }

    private void leave(String key) {
        connections.computeIfPresent(key, (any, open) -> open == 1 ? null : Integer.valueOf(open - 1));
    }

    /** Returns the number of keys with open connections. */
    int connected() {
        return connections.size();
    }

    private final class Left implements Allowance {
        private final Limits limits;
        private final String principal;
        private final @Nullable String tenant;
        private final Tenants.Quota quota;

        Left(Grant grant, String address, @Nullable String tenant, Tenants.Quota quota) {
            this.limits = grant.limits();
            this.principal = key(grant.principal(), address);
            this.tenant = tenant;
            this.quota = quota;
        }

        @Override
        public Decision.@Nullable Refused connection() {
            boolean full = connections.getOrDefault(principal, 0) >= limits.connections()
                    || (tenant != null && connections.getOrDefault(key(tenant), 0) >= quota.connections());
            return full ? new Decision.Refused(Fault.LIMIT, RETRY_CONNECTION_SECONDS) : null;
        }

        @Override
        public Decision.@Nullable Refused newDocument() {
            if (tenant != null && tenants.hasAllDocuments(tenant)) {
                return new Decision.Refused(Fault.QUOTA);
            }
            return limits.newDocumentsPerHour() == Integer.MAX_VALUE
                    ? null
                    : refused(documents.wait(principal, 1, perSecond(), HOUR_SECONDS));
        }

        private double perSecond() {
            return limits.newDocumentsPerHour() / HOUR_SECONDS;
        }

        @Override
        public void madeDocument() {
            if (limits.newDocumentsPerHour() != Integer.MAX_VALUE) {
                documents.charge(principal, 1, perSecond(), HOUR_SECONDS);
            }
            if (tenant != null) {
                tenants.madeDocument(tenant);
            }
        }

        @Override
        public Decision.@Nullable Refused bytes() {
            return limits.bytesPerSecond() == Long.MAX_VALUE
                    ? null
                    : refused(bytes.wait(principal, 0, (double) limits.bytesPerSecond(), BURST_SECONDS));
        }

        @Override
        public long received(long count) {
            return limits.bytesPerSecond() == Long.MAX_VALUE
                    ? 0
                    : bytes.charge(principal, (double) count, (double) limits.bytesPerSecond(), BURST_SECONDS);
        }

        @Override
        public Decision.@Nullable Refused storage() {
            return tenant != null && tenants.hasAllBytes(tenant) ? new Decision.Refused(Fault.QUOTA) : null;
        }

        @Override
        public void stored(long count) {
            if (tenant != null) {
                tenants.stored(tenant, count);
            }
        }

        @Override
        public long maxDocument() {
            return limits.maxDocument();
        }
    }
}
