package io.keck.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Revocation;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says who got in, who was refused and who changed rights: one JSON object a line, by the logger {@code io.keck.audit} at
 * level INFO. Never shows a credential. Refusals beyond a few a second are counted and told with the next line, so that
 * strangers cannot fill the disk. Thread-safe.
 */
final class Audit {
    private static final Logger LOG = LoggerFactory.getLogger("io.keck.audit");
    private static final long LINE_EVERY_MILLIS = 100;
    private static final int MAX_NAME = 255;

    private final LongSupplier steady;
    private final AtomicLong nextRefusal = new AtomicLong(Long.MIN_VALUE);
    private final AtomicLong unsaid = new AtomicLong();

    /** @param steady milliseconds of a steady clock */
    Audit(LongSupplier steady) {
        this.steady = steady;
    }

    /** A connection was opened that lives by a grant. */
    void admitted(Attempt attempt, Grant grant) {
        if (LOG.isInfoEnabled()) {
            ObjectNode line = line("admitted");
            line.put("principal", grant.principal().id());
            line.put("document", cut(grant.document()));
            line.put("address", attempt.address());
            say(line);
        }
    }

    /** A request was refused. */
    void refused(Attempt attempt, @Nullable String document, Fault fault) {
        long now = steady.getAsLong();
        long next = nextRefusal.get();
        if (!LOG.isInfoEnabled() || fault == Fault.MISSING) {
            return;
        }
        if (now < next || !nextRefusal.compareAndSet(next, now + LINE_EVERY_MILLIS)) {
            unsaid.incrementAndGet();
            return;
        }
        ObjectNode line = line("refused");
        line.put("fault", fault.name());
        if (document != null) {
            line.put("document", cut(document));
        }
        line.put("address", attempt.address());
        line.put("unsaid", unsaid.getAndSet(0));
        say(line);
    }

    /** Credentials were revoked. */
    void revoked(String by, Revocation revocation) {
        ObjectNode line = line("revoked");
        line.put("principal", by);
        line.put("kind", revocation.kind().text());
        line.put("subject", revocation.subject());
        line.put("before", revocation.before());
        say(line);
    }

    /** Connections are judged again. */
    void recheck(String by, String principal, String document) {
        ObjectNode line = line("recheck");
        line.put("principal", by);
        line.put("ofPrincipal", cut(principal));
        line.put("document", cut(document));
        say(line);
    }

    /** Something was asked of the admin port. */
    void operated(String by, String what, int status) {
        ObjectNode line = line("operated");
        line.put("principal", by);
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

    private static void say(ObjectNode line) {
        LOG.info("{}", new String(StrictJson.bytes(line), StandardCharsets.UTF_8));
    }
}
