package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawHttp;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every fault that a credential can have against every endpoint that the server says that it has, and against the addresses of
 * sockets; tricks with names; and what a refusal tells of documents. The server logs all that it can: {@link KeckProcess#close}
 * looks for credentials in it.
 */
class AttacksIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    /** Without {@code -Dkeck.campaign=true} each endpoint meets one in so many faults, and others with another seed. */
    private static final int PART = 4;

    private static final String ISSUER = "https://id.example";
    private static final String BOARD = "team%2Fboard";
    private static final String MARKER = "marker-of-somebody-else";
    private static final Pattern ENDPOINT = Pattern.compile("(GET|POST|PUT|DELETE) +(/api/\\S*) \\(io\\.keck");
    /** Addresses of this machine, so that no attempt is slowed down for another one. */
    private static int address;

    @TempDir
    private static Path dir;

    private static final StandIn STAND_IN = new StandIn();
    private static KeckProcess keck;
    private static NewKey operator;

    @BeforeAll
    static void start() throws IOException {
        STAND_IN.answers = path -> new StandIn.Answer(200, JwksKeysTest.set(JwksKeysTest.jwk("one", TokenForge.RSA)));
        operator = NewKey.make("operator", "*", "admin");
        Path keys = Files.writeString(dir.resolve("keys.jsonl"), operator.line() + "\n");
        keck = KeckProcess.in(dir)
                .brief()
                .env("KECK_LOG_LEVEL", "ALL")
                .env("KECK_API_KEYS_FILE", keys.toString())
                .env("KECK_JWT_SECRET", TokenForge.SECRET)
                .env("KECK_JWKS_URL", STAND_IN.uri("/keys").toString())
                .env("KECK_JWT_ISSUER", ISSUER)
                .env("KECK_JWT_AUDIENCE", "keck")
                .env("KECK_TRUSTED_HEADERS", "X-Forwarded-User")
                .env("KECK_TRUSTED_PEERS", "192.0.2.0/24")
                .with("access.ticketTtl", "1s")
                .with("logging.loggers.io\\.dropwizard\\.jersey\\.DropwizardResourceConfig", "INFO")
                .start();
        for (String name : List.of("team%2Fboard", "team%2Fother", "team%2Fgone")) {
            assertThat(asOperator("POST", "/api/block/" + name, "").status()).isEqualTo(200);
        }
        assertThat(asOperator("DELETE", "/api/block/team%2Fgone", "").status()).isEqualTo(204);
        assertThat(ask("GET", "/api/documents/" + BOARD, bearer(good("alice")), "")
                        .status())
                .as("the credential without a fault")
                .isEqualTo(200);
    }

    @AfterAll
    static void stop() {
        STAND_IN.close();
        if (keck != null) {
            keck.close();
        }
    }

    /** One request from an address of its own. */
    private static RawHttp ask(String method, String path, String headers, String body) {
        address++;
        return askFrom("127.1." + address / 250 + "." + (1 + address % 250), method, path, headers, body);
    }

    private static RawHttp askFrom(String from, String method, String path, String headers, String body) {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
            socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), keck.port()));
            String type = body.isEmpty() ? "" : "Content-Type: application/json\r\n";
            return RawHttp.ask(socket, method, path, headers + type, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String bearer(String credential) {
        return credential.isEmpty() ? "" : "Authorization: Bearer " + credential + "\r\n";
    }

    private static RawHttp asOperator(String method, String path, String body) {
        return ask(method, path, bearer(operator.key()), body);
    }

    private static String claims(String subject, long from, long to, String match) {
        long now = System.currentTimeMillis() / 1_000;
        return "{\"iss\":\"" + ISSUER + "\",\"aud\":\"keck\",\"sub\":\"" + subject + "\",\"nbf\":" + (now + from)
                + ",\"iat\":" + (now + Math.min(0, from)) + ",\"exp\":" + (now + to)
                + ",\"keck\":{\"documents\":[{\"match\":\""
                + match + "\",\"role\":\"admin\"}]}}";
    }

    private static String claims(String subject) {
        return claims(subject, 0, 600, "*");
    }

    private static String good(String subject) {
        return TokenForge.hmac(claims(subject));
    }

    private static String ticket(String document, String body) {
        String answer = ask("POST", "/collaboration/" + document, bearer(good("alice")), body)
                .body();
        return answer.replaceAll(".*\"ticket\":\"([^\"]+)\".*", "$1");
    }

    /** Credentials with one fault each, by what it is. */
    private static Map<String, String> faults() {
        Map<String, String> faults = new LinkedHashMap<>();
        String signed = good("alice");
        byte[] publicKey = TokenForge.RSA.getPublic().getEncoded();
        faults.put("none at all", "");
        faults.put("nonsense", "nonsense");
        faults.put("expired", TokenForge.hmac(claims("alice", -700, -60, "*")));
        faults.put("not yet", TokenForge.hmac(claims("alice", 120, 600, "*")));
        faults.put("wrong secret", TokenForge.hmac(TokenForge.header("HS256"), claims("alice"), new byte[40]));
        faults.put(
                "wrong key",
                TokenForge.signed(
                        TokenForge.header("RS256", "one"), claims("alice"), TokenForge.OTHER_RSA.getPrivate()));
        faults.put(
                "alg none",
                TokenForge.base64(TokenForge.header("none")) + "." + TokenForge.base64(claims("alice")) + ".");
        faults.put("key confusion", TokenForge.hmac(TokenForge.header("HS256", "one"), claims("alice"), publicKey));
        faults.put(
                "embedded key",
                TokenForge.hmac(
                        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
                        claims("alice"),
                        TokenForge.SECRET.getBytes(StandardCharsets.UTF_8)));
        faults.put("wrong issuer", TokenForge.hmac(claims("alice").replace("id.example", "evil.example")));
        faults.put("wrong audience", TokenForge.hmac(claims("alice").replace("\"aud\":\"keck\"", "\"aud\":\"mail\"")));
        faults.put("tampered", signed.substring(0, signed.length() - 4) + "AAAA");
        faults.put("revoked", good("revoked"));
        faults.put("unknown API key", "keck_" + "A".repeat(43));
        faults.put("ticket of another document", ticket("team/other", "{}"));
        faults.put("ticket that was tampered with", ticket("team/board", "{}") + "A");
        String expired = ticket("team/board", "{}");
        faults.put("expired ticket", expired);
        String upgrade = "/collaboration/team/board?token=" + expired;
        Eventually.await(
                "the ticket is over",
                () -> ask("GET", upgrade, RawHttp.UPGRADE, "").status() == 401);
        assertThat(asOperator("POST", "/api/access/revoke", "{\"principal\":\"revoked\"}")
                        .status())
                .isEqualTo(200);
        return faults;
    }

    /** What the server says that it has, for a document; without what is open to everybody. */
    private static List<String> endpoints(String document) {
        List<String> endpoints = ENDPOINT.matcher(keck.log())
                .results()
                .map(at -> at.group(1) + " "
                        + at.group(2)
                                .replaceAll("\\{(?:workspace|document)(:[^}]*)?}", document)
                                .replaceAll("\\{[^}]*}", "1"))
                .filter(call -> !call.contains("/api/docs")
                        && !call.endsWith("/api/jwst.json")
                        && !call.contains("check_store"))
                .distinct()
                .collect(Collectors.toCollection(ArrayList::new));
        assertThat(endpoints).hasSizeGreaterThan(50);
        String plain = document.replace("%2F", "/");
        endpoints.add("GET /api/documents/" + document + "?at=0");
        endpoints.add("POST /api/block/" + document + "/init?force=true");
        endpoints.add("POST /collaboration/" + plain);
        endpoints.add("POST /doc/" + document + "/auth");
        endpoints.add("GET /d/" + document + "/as-update");
        endpoints.add("POST /d/" + document + "/update");
        return endpoints;
    }

    private static List<String> sockets(String document) {
        String plain = document.replace("%2F", "/");
        return List.of(
                "/collaboration/" + plain,
                "/collaboration/" + document,
                "/d/" + document + "/ws/" + document,
                "/parties/" + plain,
                "/party/" + document);
    }

    private static RawHttp call(String endpoint, String headers) {
        String[] words = endpoint.split(" ");
        return ask(words[0], words[1], headers, words[0].equals("GET") ? "" : "{}");
    }

    @Test
    void everyFaultOfACredential_isRefusedByEveryEndpoint() {
        List<String> endpoints = endpoints(BOARD);
        int turn = CAMPAIGN ? 0 : (int) Long.remainderUnsigned(Seeds.next("AttacksIT"), PART);
        int[] number = {0};
        faults().forEach((fault, credential) -> {
            number[0]++;
            for (int i = 0; i < endpoints.size(); i++) {
                if (CAMPAIGN || (i + number[0] + turn) % PART == 0) {
                    String endpoint = endpoints.get(i);
                    RawHttp answer = call(endpoint, bearer(credential));
                    assertThat(answer.status())
                            .as("%s, %s: %s", fault, endpoint, answer.body())
                            .isEqualTo(401);
                }
            }
            for (String socket : sockets(BOARD)) {
                String query = credential.isEmpty() ? "" : "?token=" + credential;
                assertThat(ask("GET", socket + query, RawHttp.UPGRADE, "").status())
                        .as("%s, %s", fault, socket)
                        .isEqualTo(401);
                assertThat(ask("GET", socket, RawHttp.UPGRADE + bearer(credential), "")
                                .status())
                        .as("%s, %s, in a header", fault, socket)
                        .isEqualTo(401);
            }
        });
        assertThat(asOperator("GET", "/api/documents/" + BOARD, "").status()).isEqualTo(200);
    }

    @Test
    void identityHeadersOfStrangers_areNotHeard() {
        String spoofed = "X-Forwarded-User: alice\r\nX-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\n"
                + "X-Real-IP: 192.0.2.7\r\n";
        for (String endpoint : endpoints(BOARD)) {
            assertThat(call(endpoint, spoofed).status()).as(endpoint).isEqualTo(401);
        }
        for (String socket : sockets(BOARD)) {
            assertThat(ask("GET", socket, RawHttp.UPGRADE + spoofed, "").status())
                    .as(socket)
                    .isEqualTo(401);
        }
    }

    /** A ticket opens the one kind of address that it is for, also while it is good; one for a single use only once. */
    @Test
    void ticketForEventStreams_opensNothingElse_andASingleUseIsOne() {
        String ticket = ticket("team/board", "{\"purpose\":\"events\"}");
        String stream = "/api/block/" + BOARD + "/subscribe/sse";
        assertThat(ask("GET", stream + "?token=" + ticket, "", "").status())
                .as("what it is for")
                .isEqualTo(200);
        for (String endpoint : endpoints(BOARD)) {
            if (!endpoint.equals("GET " + stream)) {
                assertThat(call(endpoint, bearer(ticket)).status()).as(endpoint).isEqualTo(401);
            }
        }
        for (String socket : sockets(BOARD)) {
            assertThat(ask("GET", socket + "?token=" + ticket, RawHttp.UPGRADE, "")
                            .status())
                    .as(socket)
                    .isEqualTo(401);
        }
        assertThat(ask("GET", stream + "?token=" + ticket, "", "").status())
                .as("it is still good")
                .isEqualTo(200);

        String once = ticket("team/board", "{\"purpose\":\"events\",\"once\":true}");
        assertThat(ask("GET", stream + "?token=" + once, "", "").status()).isEqualTo(200);
        assertThat(ask("GET", stream + "?token=" + once, "", "").status())
                .as("replayed")
                .isEqualTo(401);
    }

    /** What needs no credential answers alike with and without one, and names no document. */
    @Test
    void openPages_doNotListenToCredentials() {
        for (String page : List.of("/", "/health", "/api/docs/", "/client/", "/docs/", "/client/../api/documents")) {
            RawHttp plain = ask("GET", page, "", "");
            for (String credential : List.of("nonsense", TokenForge.hmac(claims("alice", -700, -60, "*")))) {
                RawHttp other = ask("GET", page, bearer(credential), "");
                assertThat(other.status()).as(page).isEqualTo(plain.status());
                assertThat(other.body()).as(page).isEqualTo(plain.body());
            }
            assertThat(plain.body()).as(page).doesNotContain("team/board").doesNotContain("team%2Fboard");
        }
    }

    /** Guessing is slowed for the address that guesses, on every way in, and for nobody else. */
    @Test
    void failedAttempts_areSlowedForTheirAddress() {
        String guesser = "127.2.0.1";
        String known = bearer(good("alice"));
        String path = "/api/documents/" + BOARD;
        assertThat(askFrom(guesser, "GET", path, known, "").status()).isEqualTo(200);
        RawHttp refused = askFrom(guesser, "GET", path, bearer("guess"), "");
        int attempts = 1;
        for (; refused.status() == 401 && attempts < 1_000; attempts++) {
            refused = askFrom(guesser, "GET", path, bearer("guess" + attempts), "");
        }
        assertThat(refused.status()).as("after %d attempts", attempts).isEqualTo(429);
        assertThat(Integer.parseInt(refused.headers().get("Retry-After"))).isPositive();
        assertThat(attempts).isGreaterThanOrEqualTo(Throttle.ATTEMPTS);
        for (String way : List.of(path, "/collaboration/team/board?token=guess", "/d/" + BOARD + "/as-update")) {
            String headers = way.startsWith("/coll") ? RawHttp.UPGRADE : bearer("guess");
            Eventually.await(
                    way + " is slowed",
                    () -> askFrom(guesser, "GET", way, headers, "").status() == 429);
        }
        assertThat(askFrom(guesser, "GET", path, known, "").status())
                .as("a credential that was verified before")
                .isEqualTo(200);
        assertThat(askFrom("127.2.1.1", "GET", path, bearer("guess"), "").status())
                .as("another address")
                .isEqualTo(401);
    }

    /** Who may not read gets one answer, whether there is a document, was one, or never was. */
    @Test
    void refusals_tellNothingOfDocuments() {
        String stranger = bearer(TokenForge.hmac(claims("stranger", 0, 600, "elsewhere/*")));
        List<String> there = endpoints(BOARD);
        List<String> gone = endpoints("team%2Fgone");
        List<String> absent = endpoints("team%2Fabsent");
        for (int i = 0; i < there.size(); i++) {
            RawHttp one = call(there.get(i), stranger);
            boolean ofEach = there.get(i).equals("GET /api/documents");
            assertThat(one.status()).as(there.get(i)).isEqualTo(ofEach ? 200 : 403);
            for (RawHttp other : List.of(call(gone.get(i), stranger), call(absent.get(i), stranger))) {
                assertThat(other.status()).as(there.get(i)).isEqualTo(one.status());
                assertThat(other.body()).as(there.get(i)).isEqualTo(one.body());
                assertThat(other.headers().keySet())
                        .as(there.get(i))
                        .isEqualTo(one.headers().keySet());
            }
            assertThat(one.body()).as(there.get(i)).doesNotContain("board");
        }
        for (int i = 0; i < sockets(BOARD).size(); i++) {
            for (String document : List.of(BOARD, "team%2Fgone", "team%2Fabsent")) {
                RawHttp refused = ask("GET", sockets(document).get(i), RawHttp.UPGRADE + stranger, "");
                assertThat(refused.status()).as(document).isEqualTo(403);
                assertThat(refused.body()).isEqualTo("The credential does not allow this.\n");
            }
        }
    }

    /** Names that look like the one that a token opens, or that a careless server would take for it. */
    @Test
    void namesThatLookAlike_areOtherNames() {
        List<String> others = List.of(
                "Team%2Fboard",
                "team%2FBoard",
                "team%2Fboard.",
                "team%2Fboard2",
                "team%2Fboar%64%2F",
                "team%2F%2Fboard",
                "team%252Fboard",
                "te%D0%B0m%2Fboard",
                "team%2Fb%EF%BD%8Fard",
                "team%EF%BC%8Fboard",
                "team%2Fboa%CC%8Ard",
                "team");
        for (String name : others) {
            RawHttp made = asOperator("POST", "/api/block/" + name, "");
            if (made.status() == 200) {
                assertThat(asOperator("POST", "/api/block/" + name + "/map/m", "{\"a\":\"" + MARKER + "\"}")
                                .status())
                        .as(name)
                        .isEqualTo(200);
            }
        }
        String token = bearer(TokenForge.hmac(claims("one-board", 0, 600, "team/board")));
        assertThat(ask("GET", "/api/block/te%61m%2fboard", token, "").status())
                .as("another spelling of the very name")
                .isEqualTo(200);
        List<String> tricks = new ArrayList<>(others);
        tricks.addAll(List.of(
                "team%2F.%2Fboard",
                "team%2Fx%2F..%2Fboard",
                "team%2Fboard%2F..%2Fother",
                "..%2Fteam%2Fother",
                "team%2Fboard%00",
                "team%2Fboard%20",
                "%20team%2Fboard",
                "team%2Fboard%0A",
                "team%5Cboard",
                "team%c0%afboard",
                "team/board/../other",
                "team%2Fboard/../team%2Fother",
                "team%2Fother;team%2Fboard",
                "team%2Fother%3Fx=team%2Fboard",
                "*",
                "team%2F*"));
        for (String name : tricks) {
            List<String> addresses = new ArrayList<>(sockets(name));
            for (String path :
                    List.of("/api/documents/" + name, "/api/block/" + name + "/map/m", "/d/" + name + "/as-update")) {
                RawHttp answer = ask("GET", path, token, "");
                assertThat(answer.status()).as(path).isIn(400, 403, 404);
                assertThat(answer.body()).as(path).doesNotContain(MARKER);
            }
            for (String address : addresses) {
                assertThat(ask("GET", address, RawHttp.UPGRADE + token, "").status())
                        .as(address)
                        .isIn(400, 403, 404);
            }
        }
    }
}
