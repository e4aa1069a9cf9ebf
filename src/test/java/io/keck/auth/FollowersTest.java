package io.keck.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Revocation;
import io.keck.access.Right;
import io.keck.access.Visit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of connections whose grant ends or changes. */
class FollowersTest {
    private static final String BOARD = "team-1/board";

    private final StandIn backEnd = new StandIn();
    private final AuthWorld world = new AuthWorld(AuthWorld.ways(
            AuthWorld.verifier(AuthWorld.keys()),
            null,
            new AccessHook(backEnd.uri("/hook"), "", new BoundedHttp(2_000, 64 << 10), AuthWorld.MAX_AGE)));
    private final Followers followers = new Followers(world.authenticator, Runnable::run);
    private final List<Object> told = new ArrayList<>();

    @AfterEach
    void close() {
        backEnd.close();
    }

    private final Visit.Follower follower = new Visit.Follower() {
        @Override
        public void ended(Fault fault) {
            told.add(fault);
        }

        @Override
        public void changed(Grant grant) {
            told.add(grant.rights());
        }
    };

    private Runnable follow(String credential) throws RefusedException {
        Attempt attempt = AuthWorld.attempt(credential);
        Caller caller = world.authenticator.find(attempt, BOARD, null);
        return followers.add(attempt, null, caller.on(BOARD), follower, Set.of(Right.READ));
    }

    private void answer(String body) {
        backEnd.answers = path -> new StandIn.Answer(200, body);
    }

    @Test
    void grantThatExpires_endsOnce() throws Exception {
        follow(TokenForge.hmac(world.claims()));
        world.now.addAndGet(600_000 + AuthWorld.SKEW - 1);
        world.revocations.poll();
        followers.tick();
        assertEquals(List.of(), told);
        world.now.addAndGet(1);
        followers.tick();
        followers.tick();
        assertEquals(List.of(Fault.EXPIRED), told);
        assertEquals(0, followers.size());
    }

    @Test
    void revocation_endsThoseItConcerns() throws Exception {
        follow(TokenForge.hmac(world.claims("\"jti\":\"1\"")));
        world.store.revoke(Revocation.Kind.TOKEN, "2", 0);
        world.revocations.poll();
        followers.tick();
        assertEquals(List.of(), told);
        world.store.revoke(Revocation.Kind.TOKEN, "1", 0);
        world.revocations.poll();
        followers.tick();
        assertEquals(List.of(Fault.REVOKED), told);
    }

    /** The row may have been read between the decision and the watch. */
    @Test
    void grantThatWasRevokedBeforeItIsFollowed_endsAtOnce() throws Exception {
        Attempt attempt = AuthWorld.attempt(TokenForge.hmac(world.claims("\"jti\":\"1\"")));
        Grant grant = world.authenticator.find(attempt, BOARD, null).on(BOARD);
        world.store.revoke(Revocation.Kind.TOKEN, "1", 0);
        world.revocations.poll();
        followers.add(attempt, null, grant, follower, Set.of(Right.READ));
        assertEquals(List.of(Fault.REVOKED), told);
    }

    @Test
    void connectionThatHasEnded_isToldNothing() throws Exception {
        Runnable unfollow = follow(TokenForge.hmac(world.claims()));
        unfollow.run();
        world.now.addAndGet(AuthWorld.MAX_AGE);
        followers.tick();
        assertEquals(List.of(), told);
    }

    /** A node that is cut off from the database lets nobody go on for ever, and nobody go before. */
    @Test
    void nodeWithoutRevocations_endsAllAfterMaxAge() throws Exception {
        answer("{\"principal\":\"bob\",\"role\":\"write\",\"until\":" + (AuthWorld.START / 1_000 + 100_000) + "}");
        follow("a session");
        world.now.addAndGet(AuthWorld.MAX_AGE);
        followers.tick();
        assertEquals(List.of(), told);
        world.now.addAndGet(1);
        followers.tick();
        assertEquals(List.of(Fault.UNAVAILABLE), told);
    }

    @Test
    void recheck_asksTheBackEndAgain() throws Exception {
        answer("{\"principal\":\"bob\",\"role\":\"read\"}");
        follow("a session");
        answer("{\"principal\":\"bob\",\"role\":\"write\"}");
        followers.judgeAgain("alice", "");
        followers.judgeAgain("", "team-1/other");
        world.authenticator.forget("");
        followers.judgeAgain("alice", "");
        assertEquals(List.of(), told, "somebody else is concerned");
        followers.judgeAgain("bob", BOARD);
        assertEquals(List.of(io.keck.access.Role.WRITER.rights()), told);
        world.authenticator.forget("");
        backEnd.answers = path -> new StandIn.Answer(500, "");
        followers.judgeAgain("", "");
        assertEquals(1, told.size(), "a back end that fails ends nothing that was good");
        answer("{\"principal\":\"bob\"}");
        followers.judgeAgain("", "");
        assertEquals(Fault.FORBIDDEN, told.get(1));
        assertEquals(0, followers.size());
    }

    @Test
    void recheck_endsThoseWhomTheBackEndKnowsNoMore() throws Exception {
        answer("{\"principal\":\"bob\",\"role\":\"read\"}");
        follow("a session");
        world.authenticator.forget("");
        backEnd.answers = path -> new StandIn.Answer(401, "");
        followers.judgeAgain("", "");
        assertEquals(List.of(Fault.BAD), told);
    }

    private void advance(long millis) {
        world.now.addAndGet(millis);
        world.revocations.poll();
        followers.tick();
    }

    /** A connection must not end every quarter of an hour only because the back end gave no time. */
    @Test
    void grantOfTheBackEnd_isAskedForAgainBeforeItEnds() throws Exception {
        answer("{\"principal\":\"bob\",\"role\":\"read\"}");
        follow("a session");
        for (int i = 0; i < 5; i++) {
            advance(AuthWorld.MAX_AGE - 60_000);
        }
        assertEquals(List.of(), told);
        assertEquals(6, backEnd.asked.size());
        backEnd.answers = path -> new StandIn.Answer(403, "");
        advance(AuthWorld.MAX_AGE - 60_000);
        assertEquals(List.of(Fault.FORBIDDEN), told);
    }

    /** The time that a back end gives is the last word, and is not asked about at every tick. */
    @Test
    void grantWithAnEnd_endsThere_andTheBackEndIsAskedAFewTimes() throws Exception {
        answer("{\"principal\":\"bob\",\"role\":\"read\",\"until\":" + (AuthWorld.START / 1_000 + 600) + "}");
        follow("a session");
        for (int i = 0; i < 1_200; i++) {
            advance(500);
        }
        assertEquals(List.of(Fault.EXPIRED), told);
        org.assertj.core.api.Assertions.assertThat(backEnd.asked).hasSizeBetween(2, 12);
    }

    @Test
    void backEndThatIsAwayWhenAGrantEnds_endsIt() throws Exception {
        answer("{\"principal\":\"bob\",\"role\":\"read\"}");
        follow("a session");
        backEnd.answers = path -> new StandIn.Answer(500, "");
        for (int i = 0; i < 1_800; i++) {
            advance(500);
        }
        assertEquals(List.of(Fault.EXPIRED), told);
    }

    /** A browser sends its newest cookie when it connects again, so the end is one that clients come back from. */
    @Test
    void grantOfACookie_endsAsStale() throws Exception {
        String token = TokenForge.hmac(world.claims());
        Attempt attempt = new Attempt(
                "192.0.2.1", "192.0.2.1", new Credential(Carrier.COOKIE, token), false, name -> List.of(), 0);
        followers.add(
                attempt, null, world.authenticator.find(attempt, BOARD, null).on(BOARD), follower, Set.of(Right.READ));
        advance(600_000 + AuthWorld.SKEW);
        assertEquals(List.of(Fault.STALE), told);
    }

    /** Headers are seen once. Neither time nor a recheck makes their grant longer; the proxy has to let the client in again. */
    @Test
    void grantOfAProxy_endsAsStale_whateverIsJudgedAgain() throws Exception {
        AuthWorld behind = new AuthWorld(AuthWorld.ways(
                null, null, null, new TrustedHeaders("X-User", "10.0.0.7"), new ConfiguredRules(List.of())));
        Followers there = new Followers(behind.authenticator, Runnable::run);
        Attempt attempt = AuthWorld.attempt(null, "10.0.0.7", java.util.Map.of("X-User", List.of("alice")));
        there.add(attempt, null, behind.authenticator.find(attempt, BOARD, null).on(BOARD), follower, Set.of());
        behind.now.addAndGet(AuthWorld.MAX_AGE - 1);
        behind.revocations.poll();
        there.judgeAgain("", "");
        there.tick();
        assertEquals(0, told.stream().filter(Fault.class::isInstance).count());
        behind.now.addAndGet(1);
        there.tick();
        assertEquals(Fault.STALE, told.get(told.size() - 1));
    }

    /** The page asks for a ticket with its newer token; the socket that the older one opened goes on. */
    @Test
    void newerCredentialOfThePrincipal_makesItsConnectionsToThatDocumentLast() throws Exception {
        follow(TokenForge.hmac(world.claims()));
        Extensions extensions = new Extensions(world.store, Runnable::run);
        advance(300_000);
        Grant newer = world.find(TokenForge.hmac(world.claims()), BOARD).on(BOARD);
        for (int i = 0; i < 100; i++) {
            extensions.shown(newer);
        }
        assertEquals(1, world.store.after(0, 1_000).size(), "the same credential is no news");
        extensions.shown(
                world.find(TokenForge.hmac(world.claims()), "team-1/other").on("team-1/other"));
        world.revocations.poll().extensions().forEach(followers::extend);
        advance(600_000);
        followers.judgeAgain("", "");
        assertEquals(List.of(), told, "the older token has expired, the newer one has not");
        advance(AuthWorld.SKEW);
        assertEquals(List.of(Fault.EXPIRED), told);
    }

    @Test
    void newerCredentialForAnotherDocumentOrPrincipal_extendsNothing() throws Exception {
        follow(TokenForge.hmac(world.claims()));
        long late = world.now.get() + 10 * AuthWorld.MAX_AGE;
        followers.extend(new Revocations.Extension(new Revocations.Recheck("alice", "team-1/other"), late));
        followers.extend(new Revocations.Extension(new Revocations.Recheck("bob", BOARD), late));
        advance(600_000 + AuthWorld.SKEW);
        assertEquals(List.of(Fault.EXPIRED), told);
    }

    /** Whoever is revoked stays out, however long a credential would last. */
    @Test
    void extension_doesNotOutliveARevocation() throws Exception {
        follow(TokenForge.hmac(world.claims()));
        followers.extend(new Revocations.Extension(
                new Revocations.Recheck("alice", BOARD), world.now.get() + 10 * AuthWorld.MAX_AGE));
        world.store.revoke(Revocation.Kind.PRINCIPAL, "alice", 0);
        advance(1);
        assertEquals(List.of(Fault.REVOKED), told);
    }
}
