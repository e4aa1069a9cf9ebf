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
 * Says who got in, who was refused, who changed rights, who deleted what and who ran a task: one JSON object a line, by the
 * logger {@code io.keck.audit} at level INFO, and the same in a table where there is one. Never shows a credential. Refusals
 * beyond a few a second are counted and told with the next line, so that strangers cannot fill the disk. Thread-safe.
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
     * Of a node.
     *
     * @param steady milliseconds of a steady clock
     * @param node its label
     * @param table null where the log is all there is
     */
    Audit(LongSupplier steady, String node, @Nullable AuditTable table) {
        this.steady = steady;
        this.node = node;
        this.table = table;
    }

    private boolean isHeard() {
        return table != null || LOG.isInfoEnabled();
    }

    /** The table; null where there is none. */
    @Nullable
    AuditTable table() {
        return table;
    }

    /** A connection was opened that lives by a grant. */
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
     * A request was refused.
     *
     * @param principal whose credential it was; empty where it is not good
     * @param right that it lacks; null where that is not why
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

    /** Credentials were revoked. */
    void revoked(String by, Revocation revocation) {
        ObjectNode line = line("revoked");
        line.put(PRINCIPAL, by);
        line.put("kind", revocation.kind().text());
        line.put("subject", revocation.subject());
        line.put("before", revocation.before());
        say(line);
    }

    /**
     * Something was deleted, replaced or purged, or what was held was taken in or dropped; or that could not be.
     *
     * @param event deleted, replaced, purged, blob-deleted, taken-in or held-dropped
     * @param detail of a blob or of what was held its id; empty for none
     * @param status of the answer: 2xx where it was done
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

    /** The file of API keys holds other keys. */
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

    /** Connections are judged again. */
    void recheck(String by, String principal, String document) {
        ObjectNode line = line("recheck");
        line.put(PRINCIPAL, by);
        line.put("ofPrincipal", cut(principal));
        line.put(DOCUMENT, cut(document));
        say(line);
    }

    /** Something was asked of the admin port. */
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
