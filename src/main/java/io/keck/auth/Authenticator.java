package io.keck.auth;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Purpose;
import io.keck.access.Rules;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the caller of a request; no other class creates callers.
 *
 * <ol>
 *   <li>Headers of a trusted proxy, if they name a user.
 *   <li>The credential, by its form: {@code kt1.} is a ticket, {@code keck_} an API key, three parts with dots a JSON web
 *       token; anything else is a question for the operator's back end.
 *   <li>Without headers and credential, the anonymous role, if there is one.
 * </ol>
 *
 * Rules come from the credential; if it has none, from the operator's back end; if there is no back end, from the
 * configuration. Thread-safe.
 */
final class Authenticator {
    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);

    /**
     * The accepted ways to sign in; null for those that are off.
     *
     * @param anonymous the rules of callers without a credential
     * @param configured the rules of callers whose credential has none
     * @param limits the limits of callers whose credential has none
     * @param hookMillis how long an answer of the hook is kept
     * @param headerMillis how long a connection lasts after the proxy's headers were read
     */
    record Ways(
            @Nullable JwtVerifier jwt,
            @Nullable ApiKeys keys,
            @Nullable AccessHook hook,
            @Nullable TrustedHeaders headers,
            @Nullable Rules anonymous,
            ConfiguredRules configured,
            Limits limits,
            long hookMillis,
            long headerMillis) {}

    private final Ways ways;
    private final Tickets tickets;
    private final Revocations revocations;
    private final Throttle throttle;
    private final LongSupplier clock;
    private final CallerCache cache = new CallerCache();

    /** @param clock milliseconds since 1970 by the database's clock */
    Authenticator(Ways ways, Tickets tickets, Revocations revocations, Throttle throttle, LongSupplier clock) {
        this.ways = ways;
        this.tickets = tickets;
        this.revocations = revocations;
        this.throttle = throttle;
        this.clock = clock;
    }

    long now() {
        return clock.getAsLong();
    }

    Tickets tickets() {
        return tickets;
    }

    Revocations revocations() {
        return revocations;
    }

    /** Returns the seconds after which the address may try again. */
    int wait(String address) {
        return throttle.wait(address);
    }

    /** Whether there is an operator's back end to ask. */
    boolean hasHook() {
        return ways.hook() != null;
    }

    /** Returns a number that changes whenever a valid credential may have become invalid. */
    long generation() {
        JwtVerifier jwt = ways.jwt();
        ApiKeys keys = ways.keys();
        return (jwt == null ? 0 : jwt.generation()) + (keys == null ? 0 : keys.generation());
    }

    /** Drops cached answers about a principal, or all if it is empty, so that they are asked for again. */
    void forget(String principal) {
        cache.forget(principal);
    }

    /**
     * Finds the caller of a request.
     *
     * @param document the document that is asked for; null for the server as a whole
     * @param purpose the purpose for which a ticket is accepted; null to accept none
     * @throws RefusedException if the credential is refused, or missing and access is not open to anonymous callers
     */
    Caller find(Attempt attempt, @Nullable String document, @Nullable Purpose purpose) throws RefusedException {
        Caller caller = judged(attempt, document, purpose);
        if (!revocations.areUsable()) {
            throw new RefusedException(Fault.UNAVAILABLE, "reading the revocations has failed for too long");
        }
        if (revocations.revoke(caller)) {
            throw new RefusedException(Fault.REVOKED, "the credential was revoked");
        }
        return caller;
    }

    private Caller judged(Attempt attempt, @Nullable String document, @Nullable Purpose purpose)
            throws RefusedException {
        if (attempt.isMalformed()) {
            throttle.failed(attempt.address());
            throw new RefusedException(Fault.BAD, "the credential is malformed, or there are two of them");
        }
        Identified named = named(attempt);
        if (named != null) {
            return throughProxy(attempt, named, document);
        }
        Credential credential = attempt.credential();
        if (credential == null) {
            Rules anonymous = ways.anonymous();
            if (anonymous == null) {
                throw new RefusedException(Fault.MISSING, "no credential");
            }
            return new Caller(Principal.ANONYMOUS, "", anonymous, ways.limits(), Map.of(), 0, Caller.NEVER, version());
        }
        try {
            return known(credential, attempt.address(), document, purpose);
        } catch (RefusedException e) {
            LOG.debug("A credential was refused ({}): {}", e.fault(), e.getMessage());
            if (e.fault() == Fault.BAD) {
                throttle.failed(attempt.address());
            }
            throw e;
        }
    }

    /** Keeps only the part of the answer of the operator's back end that describes the user. */
    private Caller throughProxy(Attempt attempt, Identified named, @Nullable String document) throws RefusedException {
        if (now() >= named.expiresAt()) {
            throw new RefusedException(Fault.STALE, "the headers of the proxy are those of a request that is too old");
        }
        if (ways.hook() == null) {
            return complete("", named, document);
        }
        String key = forDocument(Credential.hash(named.principal() + "\n" + named.groups()), document);
        long now = now();
        Caller cached = cache.get(key, 0, now);
        if (cached == null) {
            cached = complete("", named, document);
            cache.put(key, cached, 0, Math.min(cached.expiresAt(), now + ways.hookMillis()));
        }
        return since(attempt.at(), cached, named.expiresAt());
    }

    /** Copies a cached answer from another request of the same user. It does not prolong older connections. */
    private static Caller since(long at, Caller kept, long expiresAt) {
        return new Caller(
                kept.principal(),
                kept.tokenId(),
                kept.rules(),
                kept.limits(),
                kept.attributes(),
                at,
                Math.min(kept.expiresAt(), expiresAt),
                kept.version());
    }

    private long version() {
        return revocations.version();
    }

    /** Whether a trusted proxy named the user; each new request then comes with headers again. */
    boolean isNamedByProxy(Attempt attempt) {
        try {
            return named(attempt) != null;
        } catch (RefusedException e) {
            return false;
        }
    }

    private @Nullable Identified named(Attempt attempt) throws RefusedException {
        TrustedHeaders headers = ways.headers();
        if (headers == null || !headers.trusts(attempt.peer())) {
            return null;
        }
        return headers.read(attempt.headers()::of, attempt.at(), attempt.at() + ways.headerMillis());
    }

    private Caller known(Credential credential, String address, @Nullable String document, @Nullable Purpose purpose)
            throws RefusedException {
        long now = now();
        long generation = generation();
        String hash = credential.hash();
        Caller cached = cache.get(hash, generation, now);
        if (cached == null) {
            cached = cache.get(forDocument(hash, document), generation, now);
        }
        if (cached != null) {
            return cached;
        }
        if (throttle.wait(address) > 0) {
            throw new RefusedException(Fault.TOO_MANY, "too many failed attempts");
        }
        if (!revocations.areFresh()) {
            throw new RefusedException(Fault.UNAVAILABLE, "reading the revocations has failed");
        }
        if (Tickets.isTicket(credential.text())) {
            if (document == null) {
                throw new RefusedException(Fault.BAD, "a ticket opens a document, not the server");
            }
            return tickets.verify(credential.text(), document, purpose, now, version());
        }
        Identified identified = identify(credential.text(), document, now);
        Caller caller = complete(credential.text(), identified, document);
        boolean ownRules = identified.rules() != null && !isForHook(credential.text());
        cache.put(
                ownRules || ways.hook() == null ? hash : forDocument(hash, document),
                caller,
                generation,
                ownRules || ways.hook() == null
                        ? caller.expiresAt()
                        : Math.min(caller.expiresAt(), now + ways.hookMillis()));
        return caller;
    }

    private static String forDocument(String hash, @Nullable String document) {
        return document == null ? hash + "\n" : hash + "\n/" + document;
    }

    /** Whether only the operator's back end can judge the credential. */
    private boolean isForHook(String text) {
        return !(ApiKeys.isKey(text) && ways.keys() != null) && !(JwtVerifier.isToken(text) && ways.jwt() != null);
    }

    private Identified identify(String text, @Nullable String document, long now) throws RefusedException {
        ApiKeys keys = ways.keys();
        if (keys != null && ApiKeys.isKey(text)) {
            return keys.verify(text, now);
        }
        JwtVerifier jwt = ways.jwt();
        if (jwt != null && JwtVerifier.isToken(text)) {
            return jwt.verify(text, now);
        }
        AccessHook hook = ways.hook();
        if (hook == null) {
            throw new RefusedException(Fault.BAD, "the credential has no accepted form");
        }
        return hook.ask(text, null, document, now);
    }

    /** Gives an identified caller its rules, if the credential has none. */
    private Caller complete(String token, Identified who, @Nullable String document) throws RefusedException {
        if (revocations.revoke(who.principal().id(), who.tokenId(), who.issuedAt())) {
            throw new RefusedException(Fault.REVOKED, "the credential was revoked");
        }
        Identified asked = who;
        Rules rules = who.rules();
        AccessHook hook = ways.hook();
        if (rules == null && hook != null) {
            asked = hook.ask(token.isEmpty() ? null : token, who, document, now());
            rules = asked.rules();
        }
        return new Caller(
                asked.principal(),
                asked.tokenId(),
                rules == null ? ways.configured().of(who) : rules,
                asked.limits().or(ways.limits()),
                asked.attributes().isEmpty() ? who.attributes() : asked.attributes(),
                asked.issuedAt(),
                asked.expiresAt(),
                version());
    }

    int cached() {
        return cache.size();
    }

    /** Returns the names of the accepted ways to sign in, for the log at the start. */
    static List<String> names(Ways ways) {
        return java.util.stream.Stream.of(
                        ways.jwt() == null ? "" : "JSON web tokens",
                        ways.keys() == null ? "" : "API keys",
                        ways.hook() == null ? "" : "the access hook",
                        ways.headers() == null ? "" : "headers of a trusted proxy",
                        ways.anonymous() == null ? "" : "anonymous access")
                .filter(name -> !name.isEmpty())
                .toList();
    }
}
