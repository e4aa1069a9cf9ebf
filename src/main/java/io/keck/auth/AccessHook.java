package io.keck.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Rules;
import io.keck.room.RepeatedWarning;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Asks the operator's own back end who a credential belongs to and what its holder may do. The question is a POST of
 * {@code {"token":…,"document":…,"principal":…,"name":…,"groups":[…]}}; members that are not known are left out. The answer is
 * 401, 403, or 200 with {@code {"principal":…,"name":…,"role":…,"rights":[…],"documents":[rules],"until":…,"attributes":{…},
 * "limits":{…}}}. {@code until} is a time in seconds since 1970 or in ISO 8601. Any other answer, and none in time, makes the
 * request fail with 503. Thread-safe.
 */
final class AccessHook {
    private static final RepeatedWarning WARNING =
            new RepeatedWarning(LoggerFactory.getLogger(AccessHook.class), () -> System.nanoTime() / 1_000_000);
    /** Largest number of questions in flight. */
    private static final int PLACES = 64;

    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    private final URI address;
    private final String secret;
    private final BoundedHttp http;
    private final long keepMillis;
    private final Semaphore places = new Semaphore(PLACES);

    /**
     * Creates a hook without asking it anything.
     *
     * @param secret sent as a bearer token, by which the back end recognises Keck; empty for none
     * @param keepMillis how long an answer without {@code until} is kept
     */
    AccessHook(URI address, String secret, BoundedHttp http, long keepMillis) {
        this.address = address;
        this.secret = secret;
        this.http = http;
        this.keepMillis = keepMillis;
    }

    /**
     * Asks about a credential.
     *
     * @param token the credential; null if another way in has checked it
     * @param known the user found by that other way; null if none was
     * @param document the name of the document; null for the server as a whole
     * @throws RefusedException if the back end refuses or does not answer
     */
    Identified ask(@Nullable String token, @Nullable Identified known, @Nullable String document, long now)
            throws RefusedException {
        if (!places.tryAcquire()) {
            throw new RefusedException(
                    Fault.UNAVAILABLE, "the access hook is busy with the largest number of questions");
        }
        try {
            BoundedHttp.Answer answer = http.send(request(question(token, known, document)));
            return switch (answer.status()) {
                case OK -> read(answer.body(), known, document, now);
                case UNAUTHORIZED ->
                    throw new RefusedException(Fault.BAD, "the access hook does not know the credential");
                case FORBIDDEN -> throw new RefusedException(Fault.FORBIDDEN, "the access hook forbids the request");
                default -> throw failed("HTTP status " + answer.status());
            };
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()));
        } finally {
            places.release();
        }
    }

    private static RefusedException failed(String why) {
        WARNING.warn("The access hook gave an unusable answer (" + why + "); refusing the request");
        return new RefusedException(Fault.UNAVAILABLE, "the access hook gave no usable answer");
    }

    private HttpRequest.Builder request(ObjectNode question) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(StrictJson.bytes(question)));
        return secret.isEmpty() ? request : request.header("Authorization", "Bearer " + secret);
    }

    private static ObjectNode question(@Nullable String token, @Nullable Identified known, @Nullable String document) {
        ObjectNode question = StrictJson.object();
        if (token != null) {
            question.put("token", token);
        }
        if (document != null) {
            question.put("document", document);
        }
        if (known != null) {
            question.put("principal", known.principal().id());
            question.put("name", known.principal().name());
            known.groups().forEach(question.putArray("groups")::add);
        }
        return question;
    }

    private Identified read(byte[] body, @Nullable Identified known, @Nullable String document, long now)
            throws RefusedException {
        ObjectNode answer = StrictJson.object(body);
        if (answer == null) {
            throw failed("its answer is not a JSON object");
        }
        try {
            String id = StrictJson.text(answer, "principal");
            String name = StrictJson.text(answer, "name");
            Principal principal = id != null
                    ? Principal.foreign(id, name == null ? "" : name)
                    : known == null ? null : known.principal();
            if (principal == null) {
                throw failed("its answer has no principal");
            }
            long end = until(answer.get("until"), now);
            return new Identified(
                    principal,
                    known == null ? "" : known.tokenId(),
                    rules(answer, document),
                    known == null ? List.of() : known.groups(),
                    RuleReader.attributes(answer.get("attributes")),
                    known == null ? now : known.issuedAt(),
                    known == null ? end : Math.min(end, known.expiresAt()),
                    LimitsReader.limits(answer.get("limits")).or(known == null ? Limits.UNSAID : known.limits()));
        } catch (IllegalArgumentException e) {
            throw failed("its answer is malformed: " + e.getMessage());
        }
    }

    /** Reads the rules of an answer. A role or rights outside of a rule apply to the document in question, never to the server. */
    private static Rules rules(ObjectNode answer, @Nullable String document) {
        if (answer.has("documents")) {
            return RuleReader.rules(answer.get("documents"));
        }
        boolean any = answer.has("role") || answer.has("rights");
        return any && document != null ? Rules.only(document, RuleReader.rights(answer)) : Rules.NONE;
    }

    private long until(@Nullable JsonNode until, long now) {
        if (until == null || until.isNull()) {
            return now + keepMillis;
        }
        try {
            return until.isTextual()
                    ? Instant.parse(until.textValue()).toEpochMilli()
                    : Math.multiplyExact(until.isIntegralNumber() ? until.longValue() : Long.MAX_VALUE, 1_000L);
        } catch (DateTimeParseException | ArithmeticException e) {
            throw new IllegalArgumentException("until is not a time.", e);
        }
    }
}
