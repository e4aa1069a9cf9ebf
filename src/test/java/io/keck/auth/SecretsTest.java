package io.keck.auth;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.keck.access.Caller;
import io.keck.access.Purpose;
import io.keck.access.Role;
import io.keck.access.Rule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No object that holds a credential prints it, whatever logs or concatenates it. */
class SecretsTest {
    @TempDir
    Path dir;

    @Test
    void objectsThatHoldCredentials_doNotPrintThem() throws Exception {
        AuthWorld world = AuthWorld.withJwt();
        String token = TokenForge.hmac(world.claims());
        Caller caller = world.find(token, "team-1/board");
        var ticket = world.tickets.make(caller.on("team-1/board"), Purpose.SOCKET, true, world.now.get());
        ApiKeys.Made made = ApiKeys.make("ci", new Rule("*", Role.WRITER.rights()), Instant.EPOCH, new SecureRandom());
        Path file = Files.write(dir.resolve("keys"), List.of(made.line()));
        List<Object> objects = List.of(
                new Credential(Carrier.QUERY, token),
                AuthWorld.attempt(token),
                VerificationKey.ofSecret("kid", TokenForge.SECRET),
                caller,
                caller.on("team-1/board"),
                ticket,
                made,
                NewKey.make("ci", "*", "read"),
                new ApiKeys(file),
                world.tickets,
                world.authenticator);
        List<String> secrets = List.of(token, TokenForge.SECRET, ticket.text(), made.key());
        for (Object object : objects) {
            for (String secret : secrets) {
                assertFalse(
                        object.toString().contains(secret), object.getClass().getName());
            }
        }
        RefusedException refused = org.junit.jupiter.api.Assertions.assertThrows(
                RefusedException.class, () -> world.find(token + "x", "team-1/board"));
        assertFalse(refused.toString().contains(token.substring(0, 20)));
    }

    /** The hashes that are remembered are those of the very texts, however many share a slot. */
    @Test
    void rememberedHashes_areThoseOfTheirTexts() {
        Credential.Recent recent = new Credential.Recent();
        // texts with one hash code, and so one slot: Aa and BB
        for (String text : List.of("AaAa", "BBBB", "AaBB", "AaAa", "BBAa", "BBBB")) {
            org.junit.jupiter.api.Assertions.assertEquals(Credential.hash(text), recent.of(text));
        }
        String huge = "x".repeat(Credential.Recent.MAX_KEPT + 1);
        org.junit.jupiter.api.Assertions.assertEquals(Credential.hash(huge), recent.of(huge));
    }
}
