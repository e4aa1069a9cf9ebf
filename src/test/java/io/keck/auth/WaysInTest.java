package io.keck.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Purpose;
import io.keck.access.Revocation;
import io.keck.access.Right;
import io.keck.access.Role;
import io.keck.access.Rule;
import io.keck.access.Visit;
import io.keck.heap.Addresses;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** API keys, tickets, the operator's back end and headers of a proxy. */
class WaysInTest {
    @TempDir
    Path dir;

    private final StandIn backEnd = new StandIn();

    @AfterEach
    void close() {
        backEnd.close();
    }

    private AccessHook hook() {
        return new AccessHook(backEnd.uri("/hook"), "of-keck", new BoundedHttp(700, 64 << 10), AuthWorld.MAX_AGE);
    }

    private AuthWorld withHook() {
        return new AuthWorld(AuthWorld.ways(AuthWorld.verifier(AuthWorld.keys()), null, hook()));
    }

    private void answer(int status, String body) {
        backEnd.answers = path -> new StandIn.Answer(status, body);
    }

    // ------------------------------------------------------------------ API keys

    private Path keysFile(String... lines) throws Exception {
        return Files.write(dir.resolve("keys.jsonl"), List.of(lines));
    }

    @Test
    void apiKey_isKnownByItsHashAlone() throws Exception {
        NewKey made = NewKey.make("ci", "team-1/*", "write");
        assertFalse(made.line().contains(made.key().substring(ApiKeys.PREFIX.length())));
        AuthWorld world = AuthWorld.withKeys(keysFile("# back ends", "", made.line()));
        Caller caller = world.find(made.key(), "team-1/board");
        assertEquals("key:ci", caller.principal().id());
        assertTrue(caller.on("team-1/board").allows(Right.WRITE));
        assertFalse(caller.on("other").allows(Right.READ));
        assertEquals(Fault.BAD, world.fault(made.key() + "x"));
        assertEquals(Fault.BAD, world.fault(made.key().toUpperCase(java.util.Locale.ROOT)));
        assertEquals(Fault.BAD, world.fault(NewKey.make("ci", "*", "admin").key()));
        String hash = made.line().split("\"hash\":\"")[1].split("\"")[0];
        assertEquals(Fault.BAD, world.fault(hash), "the hash is no key");
        assertEquals(Fault.BAD, world.fault(ApiKeys.PREFIX + hash));
    }

    @Test
    void apiKeys_ofAChangedFileHoldAtOnce() throws Exception {
        NewKey one = NewKey.make("one", "*", "read");
        NewKey two = NewKey.make("two", "*", "read");
        Path file = keysFile(one.line());
        ApiKeys keys = new ApiKeys(file);
        AuthWorld world = new AuthWorld(AuthWorld.ways(null, keys, null));
        assertNull(world.fault(one.key()));
        Files.write(file, List.of(two.line()));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        keys.look();
        assertEquals(Fault.BAD, world.fault(one.key()), "also where it was cached");
        assertNull(world.fault(two.key()));
        Files.write(file, List.of("nonsense"));
        Files.setLastModifiedTime(file, FileTime.fromMillis(2));
        keys.look();
        assertNull(world.fault(two.key()), "a damaged file changes nothing");
    }

    @Test
    void apiKey_endsByTimeAndByRevocation() throws Exception {
        NewKey made = NewKey.make("ci", "*", "read");
        AuthWorld world =
                AuthWorld.withKeys(keysFile(made.line().replaceFirst("\\{", "{\"until\":\"2027-01-15T08:10:00Z\",")));
        assertNull(world.fault(made.key()));
        world.store.revoke(Revocation.Kind.PRINCIPAL, "key:ci", 0);
        world.revocations.poll();
        assertEquals(Fault.REVOKED, world.fault(made.key()));
        world.now.set(java.time.Instant.parse("2027-01-15T08:10:00Z").toEpochMilli());
        world.revocations.poll();
        assertEquals(Fault.EXPIRED, world.fault(made.key()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "{}",
                "{\"name\":\"a\"}",
                "{\"name\":\"a\",\"hash\":\"sha256:AA\",\"documents\":[]}",
                "{\"name\":\"a\",\"hash\":\"HASH\"}",
                "{\"name\":\"a\",\"hash\":\"HASH\",\"documents\":[{\"match\":\"*\",\"role\":\"root\"}]}",
                "{\"name\":\"a\",\"hash\":\"HASH\",\"documents\":[{\"match\":\"*\"}]}",
                "{\"name\":\"a\",\"name\":\"b\",\"hash\":\"HASH\",\"documents\":[]}"
            })
    void malformedLine_isNamedByItsNumber(String line) throws Exception {
        Path file = keysFile("# one", line.replace("HASH", "sha256:" + "A".repeat(43)));
        String message = assertThrows(IllegalArgumentException.class, () -> new ApiKeys(file))
                .getMessage();
        assertTrue(message.contains("Line 2 "), message);
    }

    // ------------------------------------------------------------------ limits

    private static final Limits USUAL = new Limits(50, 9, 8, 7, 6);

    private static AuthWorld limited(@Nullable JwtVerifier jwt, @Nullable ApiKeys keys, @Nullable AccessHook hook) {
        return new AuthWorld(new Authenticator.Ways(
                jwt, keys, hook, null, null, new ConfiguredRules(List.of()), USUAL, 30_000, AuthWorld.MAX_AGE));
    }

    private static String limits(String json, String more) {
        return json.replace("\"name\":", "\"limits\":{" + more + "},\"name\":");
    }

    /** What a credential says of its limits holds; of what it does not mention, the configuration. A ticket passes them on. */
    @Test
    void limits_areThoseOfTheCredential_andElseOfTheConfiguration() throws Exception {
        AuthWorld world = limited(AuthWorld.verifier(AuthWorld.keys()), null, null);
        assertEquals(USUAL, world.find(TokenForge.hmac(world.claims()), BOARD).limits());
        String claims = limits(world.claims(), "\"connections\":2,\"maxDocument\":5000000000");
        Caller caller = world.find(TokenForge.hmac(claims), BOARD);
        Limits expected = new Limits(50, 2, 8, 7, 5_000_000_000L);
        assertEquals(expected, caller.limits());
        String ticket = world.tickets
                .make(caller.on(BOARD), Purpose.SOCKET, false, world.now.get())
                .text();
        assertEquals(
                expected,
                world.authenticator
                        .find(AuthWorld.attempt(ticket), BOARD, Purpose.SOCKET)
                        .limits());
    }

    @Test
    void limits_ofAnApiKeyStandInItsLine() throws Exception {
        NewKey made = NewKey.make("ci", "*", "write");
        String line = limits(made.line(), "\"requestsPerSecond\":1,\"newDocumentsPerHour\":2");
        AuthWorld world = limited(null, new ApiKeys(keysFile(line)), null);
        assertEquals(new Limits(1, 9, 2, 7, 6), world.find(made.key(), BOARD).limits());
    }

    @Test
    void limits_ofTheHooksAnswerComeBeforeThoseOfTheToken() throws Exception {
        AuthWorld world = limited(AuthWorld.verifier(AuthWorld.keys()), null, hook());
        String claims = limits(world.claims(), "\"requestsPerSecond\":4,\"connections\":4")
                .replaceFirst("\"documents\":\\[[^]]*],", "");
        answer(200, "{\"role\":\"write\",\"limits\":{\"connections\":3}}");
        assertEquals(
                new Limits(4, 3, 8, 7, 6),
                world.find(TokenForge.hmac(claims), BOARD).limits());
        answer(200, "{\"principal\":\"eve\",\"role\":\"write\",\"limits\":{\"conections\":3}}");
        assertEquals(Fault.UNAVAILABLE, world.fault("other"), "a misspelt limit is not taken for none");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"conections\":2",
                "\"connections\":0",
                "\"connections\":-1",
                "\"connections\":1.5",
                "\"connections\":\"2\"",
                "\"connections\":3000000000",
                "\"bytesPerSecond\":1e30"
            })
    void malformedLimit_makesTheCredentialInvalid(String limit) {
        AuthWorld world = limited(AuthWorld.verifier(AuthWorld.keys()), null, null);
        assertEquals(Fault.BAD, world.fault(TokenForge.hmac(limits(world.claims(), limit))));
    }

    // ------------------------------------------------------------------ tickets

    private static final String BOARD = "team-1/board";

    private final AuthWorld world = AuthWorld.withJwt();

    private Visit.Ticket ticket(Purpose purpose, boolean once) throws RefusedException {
        Caller caller = world.find(TokenForge.hmac(world.claims("\"jti\":\"t-1\"")), BOARD);
        return world.tickets.make(caller.on(BOARD), purpose, once, world.now.get());
    }

    @Test
    void ticket_isForOneDocumentAndPurpose() throws Exception {
        Visit.Ticket ticket = ticket(Purpose.SOCKET, false);
        Caller caller = world.authenticator.find(AuthWorld.attempt(ticket.text()), BOARD, Purpose.SOCKET);
        assertEquals("alice", caller.principal().id());
        assertEquals(Role.WRITER.rights(), caller.on(BOARD).rights());
        assertEquals(Set.of(), caller.on("team-1/other").rights());
        assertEquals(Set.of(), caller.onServer());
        assertEquals(AuthWorld.START + 600_000 + AuthWorld.SKEW, caller.expiresAt(), "the grant outlives the ticket");
        for (String document : List.of("team-1/other", "team-1/Board", "team-1", "team-1/board/")) {
            assertEquals(Fault.BAD, world.fault(ticket.text(), document, Purpose.SOCKET), document);
        }
        for (@Nullable Purpose purpose : new Purpose[] {Purpose.EVENTS, Purpose.BLOB, null}) {
            assertEquals(Fault.BAD, world.fault(ticket.text(), BOARD, purpose));
        }
        assertNull(world.fault(ticket.text(), BOARD, Purpose.SOCKET), "any number of times");
    }

    @Test
    void ticket_endsAfterItsTime() throws Exception {
        Visit.Ticket ticket = ticket(Purpose.SOCKET, false);
        Visit.Ticket stream = ticket(Purpose.EVENTS, false);
        assertEquals(AuthWorld.START + AuthWorld.TTL, ticket.expiresAt());
        assertEquals(AuthWorld.START + 600_000 + AuthWorld.SKEW, stream.expiresAt());
        world.now.addAndGet(AuthWorld.TTL);
        world.revocations.poll();
        assertEquals(Fault.EXPIRED, world.fault(ticket.text(), BOARD, Purpose.SOCKET));
        assertNull(world.fault(stream.text(), BOARD, Purpose.EVENTS), "EventSource comes back with its old address");
        world.now.set(stream.expiresAt());
        world.revocations.poll();
        assertEquals(Fault.EXPIRED, world.fault(stream.text(), BOARD, Purpose.EVENTS));
    }

    @Test
    void ticketForOnce_isNotReplayed() throws Exception {
        Visit.Ticket ticket = ticket(Purpose.SOCKET, true);
        assertEquals(Fault.BAD, world.fault(ticket.text(), "team-1/other", Purpose.SOCKET));
        assertNull(world.fault(ticket.text(), BOARD, Purpose.SOCKET));
        assertEquals(Fault.BAD, world.fault(ticket.text(), BOARD, Purpose.SOCKET));
        AuthWorld otherNode = AuthWorld.withJwt();
        assertNull(otherNode.fault(ticket.text(), BOARD, Purpose.SOCKET), "another database has the same key here");
        Visit.Ticket second = ticket(Purpose.SOCKET, true);
        world.store.isDown = true;
        assertEquals(Fault.UNAVAILABLE, world.fault(second.text(), BOARD, Purpose.SOCKET), "fails closed");
    }

    @Test
    void ticket_endsWithTheCredentialItWasMadeFrom() throws Exception {
        Visit.Ticket ticket = ticket(Purpose.EVENTS, false);
        world.store.revoke(Revocation.Kind.TOKEN, "t-1", 0);
        world.revocations.poll();
        assertEquals(Fault.REVOKED, world.fault(ticket.text(), BOARD, Purpose.EVENTS));
    }

    @Test
    void tamperedTicket_isRefused() throws Exception {
        String good = ticket(Purpose.SOCKET, false).text();
        for (int i = 0; i < good.length(); i++) {
            char c = good.charAt(i);
            String bad = good.substring(0, i) + (c == 'A' ? 'B' : 'A') + good.substring(i + 1);
            assertNotEquals(null, AuthWorld.withJwt().fault(bad, BOARD, Purpose.SOCKET), "character " + i);
        }
    }

    // ------------------------------------------------------------------ the operator's back end

    @Test
    void hook_saysWhoAndWhat() throws Exception {
        AuthWorld world = withHook();
        answer(
                200,
                "{\"principal\":\"bob\",\"name\":\"Bob\",\"role\":\"read\",\"until\":" + (AuthWorld.START / 1_000 + 90)
                        + ",\"attributes\":{\"org\":\"7\"}}");
        Caller caller = world.find("a session id", "board");
        assertEquals("bob", caller.principal().id());
        assertEquals(Map.of("org", "7"), caller.attributes());
        assertEquals(Role.READ_ONLY.rights(), caller.on("board").rights());
        assertEquals(Set.of(), caller.on("other").rights(), "a role is for the document that was asked about");
        assertEquals(AuthWorld.START + 90_000, caller.expiresAt());
        assertEquals("/hook {\"token\":\"a session id\",\"document\":\"board\"}", backEnd.asked.get(0));
        assertEquals("Bearer of-keck", backEnd.authorizations.get(0));
        assertEquals(caller, world.find("a session id", "board"));
        assertEquals(1, backEnd.asked.size(), "kept");
        world.find("a session id", "other");
        assertEquals(2, backEnd.asked.size(), "by document");
        world.now.addAndGet(30_000);
        world.revocations.poll();
        world.find("a session id", "board");
        assertEquals(3, backEnd.asked.size(), "for half a minute");
    }

    @Test
    void hook_completesATokenWithoutRules() throws Exception {
        AuthWorld world = withHook();
        answer(200, "{\"rights\":[\"read\",\"delete\"]}");
        String token = TokenForge.hmac(world.claims().replaceFirst(",\"keck\":\\{.*\\}\\}", "}"));
        Caller caller = world.find(token, "board");
        assertEquals("alice", caller.principal().id());
        assertEquals(Set.of(Right.READ, Right.DELETE), caller.on("board").rights());
        assertTrue(backEnd.asked.get(0).contains("\"principal\":\"alice\""));
    }

    @Test
    void hook_isNotAskedAboutABadToken() {
        AuthWorld world = withHook();
        answer(200, "{\"principal\":\"bob\",\"role\":\"admin\"}");
        assertEquals(Fault.BAD, world.fault(TokenForge.hmac(TokenForge.header("HS256"), world.claims(), new byte[32])));
        assertEquals(List.of(), backEnd.asked);
    }

    @Test
    void hook_failsClosed() {
        AuthWorld world = withHook();
        answer(401, "");
        assertEquals(Fault.BAD, world.fault("a"));
        answer(403, "");
        assertEquals(Fault.FORBIDDEN, world.fault("b"));
        for (String body : List.of(
                "",
                "[]",
                "{\"role\":\"read\"}",
                "{\"principal\":\"key:ci\",\"role\":\"read\"}",
                "{\"principal\":\"bob\",\"role\":\"root\"}",
                "{\"principal\":\"bob\",\"role\":\"read\",\"until\":\"soon\"}",
                "{\"principal\":\"bob\",\"documents\":{}}",
                "x".repeat(65 << 10))) {
            answer(200, body);
            assertEquals(Fault.UNAVAILABLE, world.fault("c"), body.substring(0, Math.min(60, body.length())));
        }
        for (int status : new int[] {204, 302, 404, 500}) {
            answer(status, "");
            assertEquals(Fault.UNAVAILABLE, world.fault("d"));
        }
        answer(200, null);
        assertEquals(Fault.UNAVAILABLE, world.fault("e"), "no answer in time");
        answer(200, "{\"principal\":\"bob\"}");
        assertNull(world.fault("f"));
    }

    /** An answer that forgot to look which document was asked about gives no rights on the server. */
    @Test
    void hookRole_isNeverForTheServer() throws Exception {
        AuthWorld world = withHook();
        answer(200, "{\"principal\":\"bob\",\"role\":\"admin\"}");
        Caller caller = world.authenticator.find(AuthWorld.attempt("a session"), null, null);
        assertEquals(Set.of(), caller.onServer());
        answer(200, "{\"principal\":\"eve\",\"documents\":[{\"match\":\"*\",\"role\":\"admin\"}]}");
        assertTrue(world.authenticator
                .find(AuthWorld.attempt("another session"), null, null)
                .onServer()
                .contains(Right.ADMIN));
    }

    // ------------------------------------------------------------------ headers of a proxy

    private static final Map<String, List<String>> ALICE =
            Map.of("X-User", List.of("alice"), "X-Name", List.of("Alice"), "X-Groups", List.of("staff, team-1"));

    private static AuthWorld withHeaders() {
        return new AuthWorld(AuthWorld.ways(
                AuthWorld.verifier(AuthWorld.keys()),
                null,
                null,
                new TrustedHeaders("X-User,X-Name,X-Groups", "10.0.0.0/8, 2001:db8::/32"),
                new ConfiguredRules(List.of(
                        new ConfiguredRules.Entry("", "team-1", new Rule("team-1/*", Role.WRITER.rights())),
                        new ConfiguredRules.Entry("root", "", new Rule("*", Role.ADMINISTRATOR.rights()))))));
    }

    private static @Nullable Caller from(AuthWorld world, String peer, Map<String, List<String>> headers)
            throws RefusedException {
        return world.authenticator.find(AuthWorld.attempt(null, peer, headers), BOARD, null);
    }

    @Test
    void headers_areHeardFromTrustedPeersOnly() throws Exception {
        AuthWorld world = withHeaders();
        for (String peer : List.of("10.1.2.3", "2001:db8::7", "::ffff:10.1.2.3", "[2001:db8:ffff::1]")) {
            Caller caller = from(world, peer, ALICE);
            assertEquals("alice", caller.principal().id());
            assertTrue(caller.on(BOARD).allows(Right.WRITE));
            assertFalse(caller.on("team-2/board").allows(Right.READ));
        }
        for (String peer : List.of("11.0.0.1", "192.0.2.1", "2001:db9::1", "::1", "", "10.1.2.3.evil.example")) {
            RefusedException refused = assertThrows(RefusedException.class, () -> from(world, peer, ALICE), peer);
            assertEquals(Fault.MISSING, refused.fault(), "as if they were not there");
        }
    }

    @Test
    void headersThatAClientAdded_areRefused() {
        AuthWorld world = withHeaders();
        for (Map<String, List<String>> headers : List.of(
                Map.of("X-User", List.of("root", "alice")),
                Map.of("X-User", List.of("key:ci")),
                Map.of("X-User", List.of("a\u0007b")),
                Map.of("X-User", List.of("alice"), "X-Groups", List.of("a", "team-1")))) {
            assertEquals(
                    Fault.BAD,
                    assertThrows(RefusedException.class, () -> from(world, "10.0.0.1", headers))
                            .fault());
        }
    }

    @Test
    void proxyThatNamesNobody_leavesTheCredential() throws Exception {
        AuthWorld world = withHeaders();
        String token = TokenForge.hmac(world.claims());
        assertEquals(
                "alice",
                world.authenticator
                        .find(AuthWorld.attempt(token, "10.0.0.1", Map.of("X-User", List.of(""))), BOARD, null)
                        .principal()
                        .id());
        assertEquals(
                Fault.MISSING,
                assertThrows(RefusedException.class, () -> from(world, "10.0.0.1", Map.of()))
                        .fault());
    }

    @Test
    void addressesOfOneHousehold_countAsOne() {
        assertEquals(Addresses.network("2001:db8:1:2::1"), Addresses.network("2001:db8:1:2:ffff::2"));
        assertNotEquals(Addresses.network("2001:db8:1:2::1"), Addresses.network("2001:db8:1:3::1"));
        assertNotEquals(Addresses.network("192.0.2.1"), Addresses.network("192.0.2.2"));
    }

    @Test
    void tablesOfAddresses_areBounded() {
        Throttle throttle = new Throttle(() -> 0);
        for (int i = 0; i < 20_000; i++) {
            throttle.failed("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255));
        }
        assertEquals(10_000, throttle.size());
    }
}
