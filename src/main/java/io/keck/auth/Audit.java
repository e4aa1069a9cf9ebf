package io.keck.auth;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.AuditEntry;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Revocation;
import io.keck.access.Right;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records admissions, refusals, changes of rights, deletions and operators' tasks: one JSON object per line by the logger
 * {@code io.keck.audit} at level INFO, and in a table if one is configured. Never contains a credential. Refusals above a few
 * per second are only counted, and the count is part of the next line, so that strangers cannot fill the disk. Thread-safe.
 */
final class Audit {
    private static final Logger LOG = LoggerFactory.getLogger("io.keck.audit");
    private static final long LINE_EVERY_MILLIS = 100;
    private static final int MAX_NAME = 255;
    private static final int MAX_KEYS = 50;

    private static final String PRINCIPAL = "principal";
    private static final String DOCUMENT = "document";
    private static final String ADDRESS = "address";

    private final LongSupplier steady;
    private final AtomicLong nextRefusal = new AtomicLong(Long.MIN_VALUE);
    private final AtomicLong unsaid = new AtomicLong();

    private final String node;
    private final @Nullable AuditTable table;

    /**
     * Creates the audit log of a node.
     *
     * @param steady milliseconds of a steady clock
     * @param node the label of the node
     * @param table null if the log is the only place
     */
    Audit(LongSupplier steady, String node, @Nullable AuditTable table) {
        this.steady = steady;
        this.node = node;
        this.table = table;
    }

    private boolean isHeard() {
        return table != null || LOG.isInfoEnabled();
    }

    /** Returns the table; null if there is none. */
    @Nullable
    AuditTable table() {
        return table;
    }

    /** Records that a connection with a grant was opened. */
    void admitted(Attempt attempt, Grant grant) {
        if (isHeard()) {
            ObjectNode line = line("admitted");
            line.put(PRINCIPAL, grant.principal().id());
            line.put(DOCUMENT, cut(grant.document()));
            line.put(ADDRESS, attempt.address());
            say(line);
        }
    }

    /**
     * Records that a request was refused.
     *
     * @param principal the owner of the credential; empty if the credential is invalid
     * @param right the missing right; null if the request was refused for another reason
     */
    void refused(Attempt attempt, String principal, @Nullable String document, Fault fault, @Nullable Right right) {
        long now = steady.getAsLong();
        long next = nextRefusal.get();
        if (!isHeard() || fault == Fault.MISSING) {
            return;
        }
        if (now < next || !nextRefusal.compareAndSet(next, now + LINE_EVERY_MILLIS)) {
            unsaid.incrementAndGet();
            return;
        }
        ObjectNode line = line("refused");
        line.put("fault", fault.name());
        if (!principal.isEmpty()) {
            line.put(PRINCIPAL, principal);
        }
        if (right != null) {
            line.put("right", right.text());
        }
        if (document != null) {
            line.put(DOCUMENT, cut(document));
        }
        line.put(ADDRESS, attempt.address());
        line.put("unsaid", unsaid.getAndSet(0));
        say(line);
    }

    /** Records a revocation. */
    void revoked(String by, Revocation revocation) {
        ObjectNode line = line("revoked");
        line.put(PRINCIPAL, by);
        line.put("kind", revocation.kind().text());
        line.put("subject", revocation.subject());
        line.put("before", revocation.before());
        say(line);
    }

    /**
     * Records that something was deleted, replaced, purged, undeleted, restored, taken in or dropped, or that the attempt failed.
     *
     * @param event deleted, replaced, purged, blob-deleted, undeleted, restored, taken-in or held-dropped
     * @param detail the id of the blob or of the held update, or the moment of the restoration; empty if there is none
     * @param status the status of the answer; 2xx if it was done
     */
    void removed(Attempt attempt, Grant grant, String event, String detail, int status) {
        ObjectNode line = line(event);
        line.put(PRINCIPAL, grant.principal().id());
        line.put(DOCUMENT, cut(grant.document()));
        if (!detail.isEmpty()) {
            line.put("what", cut(detail));
        }
        line.put("status", status);
        line.put(ADDRESS, attempt.address());
        say(line);
    }

    /** Records which API keys changed in their file. */
    void keys(Collection<String> added, Collection<String> changed, Collection<String> removed) {
        ObjectNode line = line("keys");
        for (Map.Entry<String, Collection<String>> names :
                Map.of("added", added, "changed", changed, "removed", removed).entrySet()) {
            ArrayNode array = line.putArray(names.getKey());
            names.getValue().stream().sorted().limit(MAX_KEYS).forEach(array::add);
            if (names.getValue().size() > MAX_KEYS) {
                line.put(names.getKey() + "Count", names.getValue().size());
            }
        }
        say(line);
    }

    /** Records that connections are judged again. */
    void recheck(String by, String principal, String document) {
        ObjectNode line = line("recheck");
        line.put(PRINCIPAL, by);
        line.put("ofPrincipal", cut(principal));
        line.put(DOCUMENT, cut(document));
        say(line);
    }

    /** Records a request on the admin port. */
    void operated(String by, String what, int status) {
        ObjectNode line = line("operated");
        line.put(PRINCIPAL, by);
        line.put("what", cut(what));
        line.put("status", status);
        say(line);
    }

    private static ObjectNode line(String event) {
        return StrictJson.object().put("event", event);
    }

    private static String cut(String text) {
        return text.length() <= MAX_NAME ? text : text.substring(0, MAX_NAME);
    }

    private void say(ObjectNode line) {
        String text = new String(StrictJson.bytes(line), StandardCharsets.UTF_8);
        LOG.info("{}", text);
        if (table != null) {
            table.add(new AuditEntry(
                    0,
                    table.now(),
                    node,
                    line.path("event").asText(),
                    line.path(PRINCIPAL).asText(),
                    line.path(DOCUMENT).asText(),
                    text));
        }
    }
}
