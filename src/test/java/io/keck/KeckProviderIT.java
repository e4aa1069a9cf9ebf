package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Editors;
import io.keck.testing.KeckProcess;
import io.keck.testing.Tokens;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KeckProvider in a real Chromium against the packaged jar. {@link EditorsIT} has it below an editor. */
class KeckProviderIT extends InChromium {
    @TempDir
    private Path dir;

    private KeckProcess.Setup keck() {
        return KeckProcess.in(dir).brief().env("KECK_CORS_ORIGINS", browser.origin());
    }

    /** A page without a bundler imports the provider and Yjs from the server. */
    @Test
    void pageWithoutABundler_importsBothFromTheServer() {
        try (KeckProcess node = keck().start()) {
            browser.openServed("Ann", node.port(), "doc");
            browser.type("Ann", "imported");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            browser.openPlain("Bob", node.port(), "doc", false, "", 0);
            awaitShown("Bob", "the text", shown -> shown.text().equals("imported"));
        }
    }

    private static void call(KeckProcess node, String method, String path, String json) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path))
                .timeout(KeckProcess.PATIENCE)
                .header("Content-Type", "application/json")
                .method(method, json.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(json))
                .build();
        assertThat(KeckProcess.HTTP.send(request, BodyHandlers.ofString()).statusCode())
                .isLessThan(300);
    }

    private static void replace(KeckProcess node, String text) throws Exception {
        call(node, "POST", "/api/block/doc/init?force=true", "");
        call(node, "POST", "/api/block/doc/text/t", "{\"action\":\"insert\",\"index\":0,\"value\":\"" + text + "\"}");
    }

    /**
     * A document is replaced while a page is offline with unsaved edits: the page gets the new one, not both, and its edit stands in it
     * where the text around it is the same. Where it is not, the edit is left over and told.
     */
    @Test
    void documentReplacedUnderAPage_getsItsEdits_orTheyAreLeftOver() throws Exception {
        try (KeckProcess node = keck().start()) {
            browser.openPlain("Ann", node.port(), "doc", false, "", 0);
            browser.type("Ann", "the text of the first life");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            browser.goOffline("Ann");
            browser.type("Ann", ", edited");
            replace(node, "the text of the first life");
            browser.goOnline("Ann");
            awaitShown(
                    "Ann",
                    "the edit in the new document",
                    shown -> shown.isSaved() && shown.text().equals("the text of the first life, edited"));
            assertThat(browser.shown("Ann").leftOver()).isEmpty();

            browser.goOffline("Ann");
            browser.type("Ann", ", again");
            replace(node, "nothing of that");
            browser.goOnline("Ann");
            awaitShown(
                    "Ann",
                    "the new document",
                    shown -> shown.isSaved() && shown.text().equals("nothing of that"));
            assertThat(browser.shown("Ann").leftOver().toString()).contains("\"inserted\":\", again\"");
        }
    }

    /** As above, for a page that was closed in between: IndexedDB has its edits, and what of them was saved. */
    @Test
    void documentReplacedWhileAPageWasClosed_getsItsEdits() throws Exception {
        try (KeckProcess node = keck().start()) {
            browser.openPlain("Ann", node.port(), "doc", true, "", 0);
            browser.type("Ann", "the text of the first life");
            awaitShown("Ann", "that all is saved and marked", shown -> shown.isSaved() && shown.isMarked());
            browser.goOffline("Ann");
            browser.type("Ann", ", edited offline");
            replace(node, "the text of the first life");
            browser.reload("Ann");
            awaitShown(
                    "Ann",
                    "the edit in the new document",
                    shown -> shown.isSaved() && shown.text().equals("the text of the first life, edited offline"));
            assertThat(browser.shown("Ann").leftOver()).isEmpty();
            browser.reload("Ann");
            awaitShown(
                    "Ann",
                    "it once",
                    shown -> shown.isSaved() && shown.text().equals("the text of the first life, edited offline"));
        }
    }

    /** A page asks for a token before the old one ends, and shows it on the connection that it has. */
    @Test
    void tokensThatEnd_areRenewedOnTheOpenConnection() {
        try (KeckProcess guarded = keck().env("KECK_JWT_SECRET", Tokens.SECRET).start()) {
            browser.openPlain("Ann", guarded.port(), "doc", false, "write", 4);
            browser.type("Ann", "with the first");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            awaitShown("Ann", "that it asked for three tokens", shown -> shown.fetched() >= 3);
            browser.type("Ann", ", with the third");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            assertThat(browser.shown("Ann").events()).containsExactly("connected");
        }
    }

    /** A reader is told so, and what it typed comes in when its next token lets it write. */
    @Test
    void reader_becomesAWriter_andLosesNothing() {
        try (KeckProcess guarded = keck().env("KECK_JWT_SECRET", Tokens.SECRET).start()) {
            browser.openPlain("Writer", guarded.port(), "doc", false, "write", 600);
            browser.type("Writer", "written ");
            awaitShown("Writer", "that all is saved", Editors.Shown::isSaved);
            browser.openPlain("Reader", guarded.port(), "doc", false, "read", 4);
            awaitShown(
                    "Reader", "the text, for reading", shown -> shown.text().equals("written ") && shown.isReadOnly());
            browser.type("Reader", "as a reader");
            assertThat(browser.shown("Reader").isSaved()).isFalse();
            browser.sign("Reader", "write");
            awaitShown("Reader", "that all is saved", Editors.Shown::isSaved);
            assertThat(browser.shown("Reader").isReadOnly()).isFalse();
            awaitShown("Writer", "what the reader typed", shown -> shown.text().equals("written as a reader"));
        }
    }

    /** Whoever is refused is told why, and the provider stays away. */
    @Test
    void refusedToken_endsIt() {
        try (KeckProcess guarded =
                keck().env("KECK_JWT_SECRET", Tokens.SECRET + "2").start()) {
            browser.openPlain("Mallory", guarded.port(), "doc", false, "write", 60);
            awaitShown("Mallory", "that it is over", shown -> shown.events().contains("4401"));
            assertThat(browser.shown("Mallory").isSaved()).isFalse();
        }
    }
}
