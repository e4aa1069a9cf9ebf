package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.auth.NewKey;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first page of the packaged jar in a real Chromium. */
class FrontPageIT extends InChromium {
    private static final String LEFT_TEXT = ".pane:nth-child(1) .tiptap";
    private static final String RIGHT_TEXT = ".pane:nth-child(2) .tiptap";
    private static final String LEFT_MARK = ".pane:nth-child(1) .mark";

    @TempDir
    private Path dir;

    private final int port = Ports.free();

    private KeckProcess.Setup keck() {
        return KeckProcess.in(dir).brief().env("KECK_PORT", String.valueOf(port));
    }

    private static void awaitSaid(String page, String selector, String what, Predicate<List<String>> condition) {
        Eventually.await(
                page + " says " + what,
                () -> condition.test(browser.said(page, selector).texts()),
                () -> browser.said(page, "main").toString());
    }

    /**
     * Both windows of the page and another visitor who has its link see one document, with carets, tasks and an honest mark: while the
     * server is gone it says that nothing is saved, and when it is back everything is there.
     */
    @Test
    void visitors_editOneDocument_throughAKilledServer() {
        try (KeckProcess first = keck().start()) {
            browser.visit("Ann", "http://127.0.0.1:" + port + "/", 1280, 900);
            awaitSaid(
                    "Ann",
                    LEFT_MARK,
                    "that all is saved",
                    texts -> texts.toString().contains("saved"));
            browser.write("Ann", LEFT_TEXT, "from the left", "");
            awaitSaid(
                    "Ann",
                    RIGHT_TEXT,
                    "it on the right",
                    texts -> texts.toString().contains("from the left"));
            browser.visit("Bob", browser.said("Ann", "h1").url(), 390, 844);
            awaitSaid(
                    "Bob",
                    LEFT_TEXT,
                    "the text of the link",
                    texts -> texts.toString().contains("from the left"));
            awaitSaid("Bob", ".collaboration-carets__label", "carets of others", texts -> !texts.isEmpty());
            browser.write("Bob", ".pane .board input", "a task of Bob", "Enter");
            awaitSaid("Ann", ".pane:nth-child(2) .board li span", "the task", texts -> texts.contains("a task of Bob"));
            browser.write("Ann", ".pane:nth-child(1) .board li button:nth-of-type(2)", "", "");
            awaitSaid(
                    "Bob",
                    ".pane .columns > :nth-child(2) li span",
                    "the task moved",
                    texts -> texts.contains("a task of Bob"));
            assertThat(browser.barriers("Ann")).isEmpty();
            assertThat(browser.barriers("Bob")).isEmpty();
            assertThat(browser.said("Ann", "h1").errors()).isEmpty();
            first.kill();
        }
        browser.write("Ann", LEFT_TEXT, "while it was down ", "");
        awaitSaid("Ann", LEFT_MARK, "that it is not saved", texts -> texts.contains("not saved yet"));
        try (KeckProcess second = keck().start()) {
            awaitSaid(
                    "Bob",
                    LEFT_TEXT,
                    "what was typed meanwhile",
                    texts -> texts.toString().contains("while it was down"));
            awaitSaid(
                    "Ann", LEFT_MARK, "that all is saved", texts -> texts.get(0).startsWith("saved"));
            assertThat(second.port()).isEqualTo(port);
        }
    }

    /** Where a credential is needed nobody gets a document to try, and the page says how to connect. */
    @Test
    void guardedServer_hasNoDocumentToTry() throws IOException {
        Path keys = Files.writeString(
                dir.resolve("keys.jsonl"), NewKey.make("back-end", "*", "write").line() + "\n");
        try (KeckProcess guarded =
                keck().env("KECK_API_KEYS_FILE", keys.toString()).start()) {
            browser.visit("Ann", "http://127.0.0.1:" + guarded.port() + "/?lang=de", 820, 1180);
            awaitSaid(
                    "Ann",
                    ".lead",
                    "in German that it is locked",
                    texts -> texts.toString().contains("verlangt eine Anmeldung"));
            assertThat(browser.said("Ann", ".pane").texts()).isEmpty();
            assertThat(browser.said("Ann", "pre").texts().toString()).contains("params: { token }");
            assertThat(browser.barriers("Ann")).isEmpty();
            browser.visit("Docs", "http://127.0.0.1:" + guarded.port() + "/docs/access.html", 820, 1180);
            assertThat(browser.said("Docs", "h1").texts()).containsExactly("Who may do what");
            assertThat(browser.barriers("Docs")).isEmpty();
            assertThat(browser.said("Docs", "h1").errors()).isEmpty();
        }
    }
}
