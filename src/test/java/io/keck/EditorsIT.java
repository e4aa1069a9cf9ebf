package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.auth.NewKey;
import io.keck.testing.Editors;
import io.keck.testing.KeckProcess;
import io.keck.testing.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tiptap and BlockNote in a real Chromium, each with the provider that its documentation names, against the packaged jar. */
class EditorsIT extends InChromium {
    @TempDir
    private Path dir;

    private int port;

    private KeckProcess keck() {
        port = port == 0 ? Ports.free() : port;
        return KeckProcess.in(dir)
                .brief()
                .env("KECK_PORT", String.valueOf(port))
                .env("KECK_CORS_ORIGINS", browser.origin())
                .start();
    }

    /**
     * Two people in one document, one with the provider of the editor's documentation and one with y-websocket: they type, make
     * text bold, see each other's carets, reload, type while offline and while the server is killed, and nothing is lost.
     */
    @ParameterizedTest
    @CsvSource({"tiptap,hocuspocus", "tiptap,keck", "blocknote,y-sweet", "blocknote,y-websocket"})
    void twoPeople_typeThroughReloadsAndAKilledServer(String editor, String provider) {
        try (KeckProcess first = keck()) {
            browser.open("Ann", editor, provider, port, "doc", "");
            browser.open("Bob", editor, "y-websocket", port, "doc", "");
            browser.type("Ann", "from Ann ");
            awaitShown("Bob", "Ann's text", shown -> shown.text().contains("from Ann"));
            browser.typeBold("Bob", "BOLD");
            awaitShown("Ann", "bold text", shown -> shown.html().contains("<strong>BOLD</strong>"));
            awaitShown("Ann", "Bob's caret", shown -> shown.carets().toString().contains("Bob"));
            awaitShown("Bob", "Ann's caret", shown -> shown.carets().toString().contains("Ann"));
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);

            browser.goOffline("Ann");
            browser.type("Ann", " offline");
            assertThat(browser.shown("Bob").text()).doesNotContain("offline");
            if (!provider.equals("y-websocket")) { // which does not say what is saved
                assertThat(browser.shown("Ann").isSaved()).isFalse();
            }
            browser.goOnline("Ann");
            awaitShown("Bob", "what Ann typed offline", shown -> shown.text().contains("offline"));
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            first.kill();
        }
        browser.type("Bob", " while it was down");
        try (KeckProcess second = keck()) {
            assertThat(second.port()).isEqualTo(port);
            awaitShown("Ann", "what Bob typed meanwhile", shown -> shown.text().contains("while it was down"));
            String all = browser.shown("Ann").xml();
            browser.reload("Ann");
            awaitShown("Ann", "all of it", shown -> shown.xml().equals(all));
            assertThat(browser.shown("Bob").xml()).isEqualTo(all);
            assertThat(browser.shown("Ann").errors()).isEmpty();
            assertThat(browser.shown("Bob").errors()).isEmpty();
        }
    }

    /** An unmodified application of {@code @y-sweet/react} beside one of y-websocket: its hooks show all that happens. */
    @Test
    void hooksOfReact_showTextPresenceAndWhatIsSaved_throughAKilledServer() {
        try (KeckProcess first = keck()) {
            browser.open("Ann", "react", "y-sweet-react", port, "doc", "");
            browser.open("Bea", "react", "y-sweet-react", port, "doc", "");
            browser.open("Bob", "plain", "y-websocket", port, "doc", "");
            browser.type("Ann", "from Ann, ");
            awaitShown("Bob", "Ann's text", shown -> shown.text().contains("from Ann"));
            browser.type("Bob", "from Bob");
            awaitShown("Bea", "both texts", shown -> shown.text().equals("from Ann, from Bob"));
            awaitShown("Ann", "that Bea is there", shown -> shown.carets().contains("Bea"));
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            first.kill();
        }
        browser.type("Ann", ", while it was down");
        awaitShown("Ann", "that it is not saved", shown -> !shown.isSaved());
        try (KeckProcess second = keck()) {
            assertThat(second.port()).isEqualTo(port);
            awaitShown("Bob", "what Ann typed meanwhile", shown -> shown.text().endsWith("while it was down"));
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            browser.reload("Bea");
            awaitShown("Bea", "all of it", shown -> shown.text().equals("from Ann, from Bob, while it was down"));
            assertThat(browser.shown("Ann").errors()).isEmpty();
            assertThat(browser.shown("Bea").errors()).isEmpty();
        }
    }

    /** A reader in an editor sees what others write, and what the reader types reaches nobody and is never called saved. */
    @Test
    void reader_seesAndChangesNothing() throws IOException {
        NewKey writer = NewKey.make("writer", "*", "write");
        NewKey reader = NewKey.make("reader", "*", "read");
        Path keys = Files.write(dir.resolve("keys.jsonl"), List.of(writer.line(), reader.line()));
        try (KeckProcess guarded = KeckProcess.in(dir)
                .brief()
                .env("KECK_API_KEYS_FILE", keys.toString())
                .env("KECK_CORS_ORIGINS", browser.origin())
                .start()) {
            browser.open("Writer", "tiptap", "hocuspocus", guarded.port(), "doc", writer.key());
            browser.open("Reader", "tiptap", "hocuspocus", guarded.port(), "doc", reader.key());
            browser.type("Writer", "written");
            awaitShown("Reader", "the text", shown -> shown.text().equals("written"));
            browser.type("Reader", " never");
            browser.type("Writer", " later");
            awaitShown("Reader", "what was written later", shown -> shown.text().contains("later"));
            awaitShown("Writer", "that all is saved", Editors.Shown::isSaved);
            assertThat(browser.shown("Writer").text()).isEqualTo("written later");
            assertThat(browser.shown("Reader").isSaved()).isFalse();
        }
    }
}
