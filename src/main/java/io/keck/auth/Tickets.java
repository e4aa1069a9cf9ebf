package io.keck.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.AccessStore;
import io.keck.access.Attributes;
import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Role;
import io.keck.access.Rules;
import io.keck.access.Visit;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Credentials that may be part of an address, which logs and histories store. A ticket is signed with a key of the database,
 * so every node accepts it. It is valid for one principal, one document, one purpose, the rights of the grant it was made
 * from, and about a minute. A ticket for a stream lasts as long as that grant, because EventSource reconnects to its old
 * address. Thread-safe.
 *
 * <p>Text: {@code kt1.}, the content as JSON, a dot and the HMAC-SHA256 of all before it; both parts in base64url.
 */
final class Tickets {
    static final String PREFIX = "kt1.";
    private static final int RANDOM_BYTES = 16;
    /** The attribute with the user for whom a back end made a client token. */
    private static final String USER = "user";

    private final Supplier<byte[]> key;
    private final AccessStore store;
    private final long ttlMillis;
    private final SecureRandom random = new SecureRandom();
    private volatile byte @Nullable [] known;

    Tickets(AccessStore store, long ttlMillis) {
        this.store = store;
        this.key = store::ticketKey;
        this.ttlMillis = ttlMillis;
    }

    static boolean isTicket(String text) {
        return text.startsWith(PREFIX);
    }

    private byte[] key() {
        byte[] read = known;
        if (read == null) {
            read = key.get();
            known = read;
        }
        return read;
    }

    /** Makes a ticket that allows what the grant allows. */
    Visit.Ticket make(Grant grant, Purpose purpose, boolean once, long now) {
        Caller caller = grant.caller();
        long end =
                purpose == Purpose.EVENTS && !once ? caller.expiresAt() : Math.min(caller.expiresAt(), now + ttlMillis);
        ObjectNode content = content(grant, purpose, grant.rights(), caller.attributes());
        content.put("until", end);
        content.put("grantUntil", caller.expiresAt());
        if (once) {
            byte[] id = new byte[RANDOM_BYTES];
            random.nextBytes(id);
            content.put("once", base64(id));
        }
        return signed(content, end);
    }

    /** Makes a ticket for {@link Purpose#CLIENT}; see {@link Visit#clientTicket}. */
    Visit.Ticket makeForClient(Grant grant, boolean readOnly, long millis, String user, long now) {
        Caller caller = grant.caller();
        long end = Math.min(caller.expiresAt(), now + millis);
        Set<Right> rights = EnumSet.noneOf(Right.class);
        rights.addAll(grant.rights());
        rights.retainAll((readOnly ? Role.READ_ONLY : Role.WRITER).rights());
        Map<String, String> attributes = new TreeMap<>(caller.attributes());
        if (!user.isEmpty()) {
            attributes.put(USER, user);
        }
        ObjectNode content = content(grant, Purpose.CLIENT, rights, Attributes.checked(attributes));
        content.put("until", end);
        content.put("grantUntil", end);
        return signed(content, end);
    }

    private static ObjectNode content(
            Grant grant, Purpose purpose, Set<Right> allowed, Map<String, String> attributes) {
        Caller caller = grant.caller();
        ObjectNode content = StrictJson.object();
        content.put("principal", caller.principal().id());
        content.put("name", caller.principal().name());
        content.put("token", caller.tokenId());
        content.put("document", grant.document());
        content.put("purpose", purpose.text());
        content.put("issued", caller.issuedAt());
        var rights = content.putArray("rights");
        allowed.forEach(right -> rights.add(right.text()));
        ObjectNode pairs = content.putObject("attributes");
        attributes.forEach(pairs::put);
        LimitsReader.write(caller.limits(), content.putObject("limits"));
        return content;
    }

    private Visit.Ticket signed(ObjectNode content, long end) {
        String signed = PREFIX + base64(StrictJson.bytes(content));
        return new Visit.Ticket(signed + "." + base64(signature(signed)), end);
    }

    /** Verifies that a ticket is for this document and purpose, has not expired, and was not used before if it is for one use. */
    Caller verify(String text, String document, @Nullable Purpose purpose, long now, long version)
            throws RefusedException {
        ObjectNode content = content(text);
        try {
            boolean fits = document.equals(StrictJson.text(content, "document"))
                    && purpose != null
                    && purpose.text().equals(StrictJson.text(content, "purpose"));
            if (!fits) {
                throw bad("it is for another document or purpose");
            }
            long until = content.path("until").longValue();
            if (now >= until) {
                throw new RefusedException(Fault.EXPIRED, "the ticket has expired");
            }
            Caller caller = caller(content, document, version);
            String once = StrictJson.text(content, "once");
            if (once != null && !use(once, until)) {
                throw bad("it was used before");
            }
            return caller;
        } catch (IllegalArgumentException e) {
            throw bad("its content is malformed");
        }
    }

    private boolean use(String once, long until) throws RefusedException {
        try {
            return store.use(once, until);
        } catch (RuntimeException e) {
            throw new RefusedException(
                    Fault.UNAVAILABLE, "reading from the database whether the ticket was used failed");
        }
    }

    private static Caller caller(ObjectNode content, String document, long version) {
        Set<Right> rights = EnumSet.noneOf(Right.class);
        content.path("rights").forEach(right -> Right.named(right.asText()).ifPresent(rights::add));
        String principal = StrictJson.text(content, "principal");
        String name = StrictJson.text(content, "name");
        String token = StrictJson.text(content, "token");
        if (principal == null || name == null || token == null) {
            throw new IllegalArgumentException("incomplete");
        }
        return new Caller(
                new Principal(principal, name),
                token,
                Rules.only(document, rights),
                LimitsReader.limits(content.get("limits")).or(Limits.NONE),
                RuleReader.attributes(content.get("attributes")),
                content.path("issued").longValue(),
                content.path("grantUntil").longValue(),
                version);
    }

    private ObjectNode content(String text) throws RefusedException {
        int dot = text.lastIndexOf('.');
        if (text.length() > Credential.MAX || dot <= PREFIX.length()) {
            throw bad("it is malformed");
        }
        String signed = text.substring(0, dot);
        byte[] signature = bytes(text.substring(dot + 1));
        byte[] expected;
        try {
            expected = signature(signed);
        } catch (RuntimeException e) {
            throw new RefusedException(Fault.UNAVAILABLE, "reading the key of tickets from the database failed");
        }
        if (!MessageDigest.isEqual(expected, signature)) {
            throw bad("its signature is wrong");
        }
        ObjectNode content = StrictJson.object(bytes(signed.substring(PREFIX.length())));
        if (content == null) {
            throw bad("its content is malformed");
        }
        return content;
    }

    private byte[] signature(String signed) {
        return Digests.hmacSha256(key(), signed.getBytes(StandardCharsets.US_ASCII));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] bytes(String base64) throws RefusedException {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(base64);
            if (base64(bytes).equals(base64)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // the same sentence
        }
        throw bad("it is not base64");
    }

    private static RefusedException bad(String why) {
        return new RefusedException(Fault.BAD, "the ticket is refused: " + why);
    }
}
