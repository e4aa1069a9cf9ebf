package io.keck.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Real editors (Tiptap, BlockNote) with the unmodified providers of their documentation in pages of a real Chromium, without a
 * window; {@code src/test/browser} has what runs there. Each page has a name, by which the methods know it.
 */
public final class Editors implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NodeScript script;
    private final int pagePort;

    private Editors(NodeScript script, int pagePort) {
        this.script = script;
        this.pagePort = pagePort;
    }

    /** Starts Chromium; skips the test where it, Node or the npm packages are missing, and fails there with {@code CI=true}. */
    public static Editors start() {
        String chromium = Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElse(null);
        int port = Ports.free();
        Process process = chromium == null
                ? RealYjs.missing("Chromium is not installed")
                : RealYjs.start(
                        "browser", "editors.mjs", Map.of("CHROMIUM", chromium, "PAGE_PORT", String.valueOf(port)));
        return new Editors(new NodeScript(process), port);
    }

    /** The origin of the pages, which the server has to allow. */
    public String origin() {
        return "http://localhost:" + pagePort;
    }

    /**
     * What a page shows.
     *
     * @param events of KeckProvider: its status, codes with which it was closed for good, and refusals
     * @param leftOver what KeckProvider found no place for in a document that replaced the page's, as JSON
     * @param transport of KeckProvider: {@code websocket}, {@code http}, or empty
     * @param isMarked whether KeckProvider has noted in IndexedDB what is saved
     * @param fetched how many tokens the page has asked for
     */
    public record Shown(
            String text,
            String html,
            boolean isSaved,
            List<String> carets,
            String xml,
            List<String> errors,
            List<String> events,
            List<String> leftOver,
            String transport,
            boolean isReadOnly,
            boolean isMarked,
            int fetched) {}

    private JsonNode ask(String op, ObjectNode request) {
        return NodeScript.result(script.ask(op, request));
    }

    private static ObjectNode of(String page) {
        return JSON.createObjectNode().put("name", page);
    }

    /**
     * Opens a page with an editor on a document.
     *
     * @param editor {@code tiptap} or {@code blocknote}
     * @param provider {@code hocuspocus}, {@code y-sweet}, {@code y-websocket} or {@code
     *     keck}
     * @param user the name at the caret that others see; the page has it, too
     * @param token the credential, or empty
     */
    public void open(String user, String editor, String provider, int port, String document, String token) {
        ask(
                "open",
                of(user).put("editor", editor)
                        .put("provider", provider)
                        .put("host", "127.0.0.1:" + port)
                        .put("document", document)
                        .put("user", user)
                        .put("token", token));
    }

    /**
     * Opens a page with KeckProvider and no editor: {@link #type} adds to the text {@code t}.
     *
     * @param isKept whether the page keeps the document in IndexedDB
     * @param role what the tokens of the page allow, or empty for a page without tokens
     * @param seconds how long each of them is good
     */
    public void openPlain(String user, int port, String document, boolean isKept, String role, int seconds) {
        ObjectNode request = of(user).put("editor", "plain")
                .put("provider", "keck")
                .put("host", "127.0.0.1:" + port)
                .put("document", document)
                .put("user", user)
                .put("kept", isKept)
                .put("token", "");
        if (!role.isEmpty()) {
            request.putObject("signer")
                    .put("secret", Tokens.SECRET)
                    .put("subject", user)
                    .put("role", role)
                    .put("seconds", seconds);
        }
        ask("open", request);
    }

    /** As {@link #openPlain}, with the provider and the Yjs that the server offers under {@code /client/}. */
    public void openServed(String user, int port, String document) {
        ask(
                "open",
                of(user).put("editor", "plain")
                        .put("provider", "served")
                        .put("host", "127.0.0.1:" + port)
                        .put("document", document)
                        .put("user", user)
                        .put("token", ""));
    }

    /** From now on the tokens of a page allow something else. */
    public void sign(String page, String role) {
        ask("sign", of(page).put("role", role));
    }

    /** Types on the keyboard, at the end of the line. */
    public void type(String page, String text) {
        ask("type", of(page).put("text", text));
    }

    /** As {@link #type}, in bold. */
    public void typeBold(String page, String text) {
        ask("type", of(page).put("text", text).put("bold", true));
    }

    /** Loads the page again: it forgets all that the server does not have. */
    public void reload(String page) {
        ask("reload", of(page));
    }

    /** Has the provider of a page disconnect. */
    public void goOffline(String page) {
        ask("go", of(page).put("online", false));
    }

    /** Has the provider of a page connect. */
    public void goOnline(String page) {
        ask("go", of(page).put("online", true));
    }

    public Shown shown(String page) {
        JsonNode dump = ask("dump", of(page));
        return new Shown(
                dump.get("text").asText(),
                dump.get("html").asText(),
                dump.get("saved").asBoolean(),
                texts(dump.get("carets")),
                dump.get("xml").asText(),
                texts(dump.get("errors")),
                texts(dump.get("events")),
                texts(dump.get("leftOver")),
                dump.get("transport").asText(),
                dump.get("readOnly").asBoolean(),
                dump.get("marked").asBoolean(),
                dump.get("fetched").asInt());
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.isContainerNode() ? text.toString() : text.asText()));
        return texts;
    }

    /** Opens a page of the server itself, in a window of this size. */
    public void visit(String page, String url, int width, int height) {
        ask("visit", of(page).put("url", url).put("width", width).put("height", height));
    }

    /** Clicks the first element of a visited page that a CSS selector finds, types there, and presses a key at last, unless it is empty. */
    public void write(String page, String selector, String text, String key) {
        ask("write", of(page).put("selector", selector).put("text", text).put("key", key));
    }

    /**
     * What a visited page says.
     *
     * @param texts the text of each element that the selector finds
     * @param errors exceptions and errors in its console
     * @param url its address
     */
    public record Said(List<String> texts, List<String> errors, String url) {}

    /** What a visited page says in the elements that a CSS selector finds. */
    public Said said(String page, String selector) {
        JsonNode said = ask("texts", of(page).put("selector", selector));
        return new Said(
                texts(said.get("texts")),
                texts(said.get("errors")),
                said.get("url").asText());
    }

    /** What axe finds in a visited page that keeps people out, of serious or critical weight. */
    public List<String> barriers(String page) {
        return texts(ask("axe", of(page)));
    }

    /** Closes all pages; Chromium stays for the next ones. */
    public void closePages() {
        ask("close", JSON.createObjectNode());
    }

    @Override
    public void close() {
        script.close();
    }
}
