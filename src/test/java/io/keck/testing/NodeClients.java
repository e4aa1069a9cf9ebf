package io.keck.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Unmodified Yjs clients with unmodified y-websocket providers in one Node process; {@code src/test/js/clients.mjs} describes
 * the protocol between Java and Node. Each client has a name, by which the methods know it. Thread-safe.
 */
public final class NodeClients implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NodeScript script;

    private NodeClients(NodeScript script) {
        this.script = script;
    }

    /** Starts Node; skips the test as {@link RealYjs} says. */
    public static NodeClients start() {
        return new NodeClients(new NodeScript(RealYjs.start("clients.mjs")));
    }

    private CompletableFuture<JsonNode> ask(String op, ObjectNode request) {
        return script.ask(op, request);
    }

    private static JsonNode result(CompletableFuture<JsonNode> answer) {
        return NodeScript.result(answer);
    }

    private static ObjectNode of(String name) {
        return JSON.createObjectNode().put("name", name);
    }

    private static ObjectNode of(Collection<String> names) {
        return JSON.createObjectNode().set("names", JSON.valueToTree(names));
    }

    /** Opens a client on a room, whose name y-websocket puts into the URL unchanged. Returns its Yjs client id. */
    public long open(String name, KeckProcess keck, String rawRoom) {
        return open(name, keck.port(), rawRoom);
    }

    /** Opens a client on a room at a port of this machine. Returns its Yjs client id. */
    public long open(String name, int port, String rawRoom) {
        return open(name, port, rawRoom, "y-websocket");
    }

    /** As {@link #open(String, int, String)}, with the provider of another npm package ({@code src/test/js/package.json}). */
    public long open(String name, int port, String rawRoom, String library) {
        ObjectNode request = of(name).put("url", "ws://127.0.0.1:" + port + "/collaboration")
                .put("room", rawRoom)
                .put("library", library);
        return result(ask("open", request)).asLong();
    }

    /**
     * Runs code of the documentation that makes a provider and looks after its credential.
     *
     * @param base the address of the server, which is also the origin of the page
     * @param tokens what {@code fetchToken} of the code gets, one after the other; the last one stays
     */
    public void documented(String name, String code, String base, String library, String... tokens) {
        ObjectNode request = of(name).put("code", code).put("base", base).put("library", library);
        result(ask("documented", request.set("tokens", JSON.valueToTree(tokens))));
    }

    /** Carries out once what such code does again and again; the statuses of all its requests until then. */
    public List<Integer> repeat(String name) {
        List<Integer> statuses = new ArrayList<>();
        result(ask("repeat", of(name))).forEach(status -> statuses.add(status.asInt()));
        return statuses;
    }

    /** What such code was told of the credentials that it showed on its open connection. */
    public JsonNode shown(String name) {
        return result(ask("shown", of(name)));
    }

    /** The credential with which such a client connects next. */
    public String credential(String name) {
        return result(ask("credential", of(name))).asText();
    }

    /** Runs code of the documentation that signs a token for a user. */
    public String sign(String code, String secret, Map<String, Object> user) {
        ObjectNode request = JSON.createObjectNode().put("code", code).put("secret", secret);
        return result(ask("sign", request.set("user", JSON.valueToTree(user)))).asText();
    }

    /** As {@link #open(String, int, String)}, with parameters in the query of the address. */
    public long open(String name, int port, String rawRoom, Map<String, String> params) {
        ObjectNode request = of(name).put("url", "ws://127.0.0.1:" + port + "/collaboration")
                .put("room", rawRoom)
                .set("params", JSON.valueToTree(params));
        return result(ask("open", request)).asLong();
    }

    /** The same as a tab of a browser, which tells all other tabs on the same room of that port what it has, and is told. */
    public long openTab(String name, int port, String rawRoom, Map<String, String> params) {
        ObjectNode request = of(name).put("url", "ws://127.0.0.1:" + port + "/collaboration")
                .put("room", rawRoom)
                .put("tabs", true)
                .set("params", JSON.valueToTree(params));
        return result(ask("open", request)).asLong();
    }

    /** From now on a client connects with other parameters; its document stays. */
    public void logIn(String name, Map<String, String> params) {
        result(ask("logIn", of(name).set("params", JSON.valueToTree(params))));
    }

    /** A client finds the document of another one on its machine. */
    public void copy(String name, String from) {
        result(ask("copy", of(name).put("from", from)));
    }

    /** The sentences of the permission-denied messages that a client was sent. */
    public List<String> denied(String name) {
        List<String> denied = new ArrayList<>();
        result(ask("denied", of(name))).forEach(sentence -> denied.add(sentence.asText()));
        return denied;
    }

    /**
     * Opens a client of {@code @hocuspocus/provider} on a document. Returns its Yjs client id.
     *
     * @param library the npm package ({@code src/test/js/package.json})
     * @param socket clients that name the same one share a WebSocket
     * @param token the credential that it shows
     */
    public long openHocuspocus(String name, int port, String document, String library, String socket, String token) {
        ObjectNode request = of(name).put("url", "ws://127.0.0.1:" + port + "/hocuspocus")
                .put("room", document)
                .put("library", library)
                .put("socket", socket)
                .put("token", token);
        return result(ask("open", request)).asLong();
    }

    /**
     * Opens a client of {@code @y-sweet/client} on a document, which {@code @y-sweet/sdk} makes and gives client tokens for.
     * Returns its Yjs client id.
     *
     * @param connection the connection string
     * @param auth what is asked for in a client token
     */
    public long openYSweet(String name, String connection, String document, Map<String, Object> auth) {
        return openYSweet(name, connection, document, Map.of("auth", auth), null);
    }

    /** The same with a token that is not the one that it was given. */
    public long openYSweetWith(String name, String connection, String document, String forged) {
        return openYSweet(name, connection, document, Map.of(), forged);
    }

    private long openYSweet(String name, String connection, String document, Map<String, Object> auth, String forged) {
        ObjectNode params = JSON.valueToTree(auth);
        if (forged != null) {
            params.put("forged", forged);
        }
        ObjectNode request = of(name).put("url", connection)
                .put("room", document)
                .put("library", "@y-sweet/client")
                .set("params", params);
        return result(ask("open", request)).asLong();
    }

    /** What a client of y-sweet asks for in its next client token, and with which connection string. */
    public void reauthorize(String name, String connection, Map<String, Object> auth) {
        result(ask("reauthorize", of(name).put("connection", connection).set("auth", JSON.valueToTree(auth))));
    }

    /** The client tokens that a client of y-sweet was given, the oldest first. */
    public List<JsonNode> tokens(String name) {
        List<JsonNode> tokens = new ArrayList<>();
        result(ask("tokens", of(name))).forEach(tokens::add);
        return tokens;
    }

    /**
     * Calls a method of {@code @y-sweet/sdk}.
     *
     * @param arguments room, auth, update (base64), as the method needs them
     * @throws AssertionError if it fails, with its message
     */
    public JsonNode ysweet(String connection, String what, Map<String, Object> arguments) {
        ObjectNode request = JSON.valueToTree(arguments);
        return result(ask("ysweet", request.put("connection", connection).put("what", what)));
    }

    /**
     * Opens a client of y-partyserver or y-partykit. Returns its Yjs client id.
     *
     * @param options of its provider, such as {@code party}
     */
    public long openParty(
            String name,
            int port,
            String room,
            String library,
            Map<String, Object> options,
            Map<String, String> params) {
        ObjectNode request =
                of(name).put("url", "127.0.0.1:" + port).put("room", room).put("library", library);
        request.set("options", JSON.valueToTree(options));
        request.set("params", JSON.valueToTree(params));
        return result(ask("open", request)).asLong();
    }

    /**
     * Opens a tab on a room with text that was typed before, and kills it when its provider has dealt with so many messages of the
     * server; see {@link #awaitOver}.
     *
     * @param library the npm package; each learns what is saved in its own way
     */
    public void openMortal(String name, int port, String room, String library, String offline, int killAfter) {
        boolean isHocuspocus = library.startsWith("hocuspocus");
        boolean isParty = library.startsWith("y-party");
        String url = isParty
                ? "127.0.0.1:" + port
                : library.equals("@y-sweet/client")
                        ? "ys://127.0.0.1:" + port
                        : "ws://127.0.0.1:" + port + (isHocuspocus ? "/hocuspocus" : "/collaboration");
        ObjectNode request = of(name).put("url", url)
                .put("room", room)
                .put("library", library)
                .put("offline", offline)
                .put("killAfter", killAfter);
        if (!isHocuspocus) {
            request.putObject("params").put("saved", "1");
        }
        result(ask("open", request));
    }

    /** Waits until a tab was killed or everything of its is saved; returns whether it was killed. */
    public boolean awaitOver(String name) {
        until("over", 0, name);
        return !result(ask("killed", of(name))).isNull();
    }

    /** Whether the provider of a tab that was killed had called everything of its saved. */
    public boolean wasSaved(String name) {
        return result(ask("killed", of(name))).get("saved").asBoolean();
    }

    /** Has a client of Hocuspocus show another credential, now and when it connects again. */
    public void showToken(String name, String token) {
        result(ask("showToken", of(name).put("token", token)));
    }

    /** Has the provider of a client of Hocuspocus do something that only it can: forceSync, detach, sendStateless. */
    public void provider(String name, String what, String value) {
        result(ask("provider", of(name).put("what", what).put("value", value)));
    }

    /** Waits until the providers of these clients know that everything of theirs is saved. */
    public void awaitSaved(String... names) {
        until("saved", 0, names);
    }

    /** Whether the provider of a client knows that everything of its is saved. */
    public boolean isSaved(String name) {
        return dump(name).get("saved").asBoolean();
    }

    /** What the provider of a client of Hocuspocus was told of its credential and its end, in order. */
    public List<String> events(String name) {
        List<String> events = new ArrayList<>();
        dump(name).get("events").forEach(event -> events.add(event.asText()));
        return events;
    }

    /** Makes changes as one client. Each is an array of a name and arguments, which the script lists. */
    public void edit(String name, Object[]... changes) {
        result(ask("edit", of(name).set("changes", JSON.valueToTree(changes))));
    }

    /** The change that inserts text at an index of the shared text. */
    public static Object[] insert(int at, String text) {
        return new Object[] {"insert", at, text};
    }

    /** The change that sets a key of the shared map. */
    public static Object[] put(String key, Object value) {
        return new Object[] {"set", key, value};
    }

    /** The change that appends to the shared array. */
    public static Object[] push(Object value) {
        return new Object[] {"push", value};
    }

    /** Makes random changes as these clients. */
    public void scribble(long seed, int steps, String... names) {
        result(ask("scribble", of(List.of(names)).put("seed", (int) seed).put("steps", steps)));
    }

    /** Types that many single characters; completes when all are typed. */
    public CompletableFuture<?> type(String name, int count) {
        return ask("type", of(name).put("count", count));
    }

    /** Has each of these clients type a character every so many milliseconds, until {@link #stopTyping}. */
    public void keepTyping(int millis, List<String> names) {
        result(ask("keepTyping", of(names).put("millis", millis)));
    }

    /** Ends {@link #keepTyping}; returns how many characters each client has typed. */
    public List<Integer> stopTyping(List<String> names) {
        List<Integer> typed = new ArrayList<>();
        result(ask("stopTyping", of(names))).forEach(count -> typed.add(count.asInt()));
        return typed;
    }

    /** Sends a binary frame over the connection of a client. */
    public void sendFrame(String name, byte[] frame) {
        result(ask("sendFrame", of(name).put("hex", HexFormat.of().formatHex(frame))));
    }

    /** Sends a text frame over the connection of a client. */
    public void sendText(String name, String text) {
        result(ask("sendFrame", of(name).put("text", text)));
    }

    /** How often a client has connected successfully. */
    public int connects(String name) {
        return dump(name).get("connects").asInt();
    }

    /** How often a client has tried to connect. */
    public int tries(String name) {
        return dump(name).get("tries").asInt();
    }

    /** Waits until these clients have equal documents. */
    public void awaitEqual(String... names) {
        until("equal", 0, names);
    }

    /** Waits until these clients are synced. */
    public void awaitSynced(String... names) {
        until("synced", 0, names);
    }

    /** Waits until each of these clients sees that many clients, itself included. */
    public void awaitPresent(int clients, String... names) {
        until("present", clients, names);
    }

    /** Waits until the server has closed the connection of each of these clients that often. */
    public void awaitClosed(int times, String... names) {
        until("closed", times, names);
    }

    /** Waits until the shared text of each of these clients has that length. */
    public void awaitLength(int length, String... names) {
        until("length", length, names);
    }

    private void until(String what, int value, String... names) {
        result(ask(
                "until",
                of(List.of(names))
                        .put("what", what)
                        .put("value", value)
                        .put("seconds", KeckProcess.PATIENCE.toSeconds())));
    }

    private JsonNode dump(String name) {
        return result(ask("dump", of(name)));
    }

    /** The shared text of a client. */
    public String text(String name) {
        return dump(name).get("text").asText();
    }

    /** The shared map of a client. */
    public JsonNode map(String name) {
        return dump(name).get("map");
    }

    JsonNode array(String name) {
        return dump(name).get("array");
    }

    /** The awareness states that a client sees, its own included. */
    public List<JsonNode> states(String name) {
        List<JsonNode> states = new ArrayList<>();
        dump(name).get("states").forEach(states::add);
        return states;
    }

    /** The awareness states and clocks that a client knows, as text for the message of a failure. */
    public String awarenessOf(String name) {
        JsonNode seen = dump(name);
        return seen.get("states") + " clocks " + seen.get("clocks");
    }

    /** The codes with which the server has closed the connections of a client. */
    public List<Integer> closeCodes(String name) {
        List<Integer> codes = new ArrayList<>();
        dump(name).get("closes").forEach(close -> codes.add(close.get("code").asInt()));
        return codes;
    }

    /** Sets the awareness state of a client. */
    public void awareness(String name, Object state) {
        result(ask("awareness", of(name).set("state", JSON.valueToTree(state))));
    }

    /** Closes the connection of a client, which stays away until {@link #connect}. */
    public void disconnect(String name) {
        result(ask("disconnect", of(name)));
    }

    /** Connects a client again after {@link #disconnect}. */
    public void connect(String name) {
        result(ask("connect", of(name)));
    }

    /** Breaks the connection of a client without a close frame; the client does not connect again. */
    public void cut(String name) {
        result(ask("cut", of(name)));
    }

    /** Ends all clients; the Node process stays for the next ones. */
    public void closeClients() {
        result(ask("close", JSON.createObjectNode()));
    }

    @Override
    public void close() {
        script.close();
    }
}
