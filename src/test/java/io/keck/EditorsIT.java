package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.auth.NewKey;
import io.keck.testing.Editors;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tiptap and BlockNote in a real Chromium, each with the provider that its documentation names, against the packaged jar. */
class EditorsIT {
    private static Editors editors;

    @TempDir
    private Path dir;

    private int port;

    @BeforeAll
    static void startChromium() {
        editors = Editors.start();
    }

    @AfterAll
    static void stopChromium() {
        editors.close();
    }

    @AfterEach
    void closePages() {
        editors.closePages();
    }

    private KeckProcess keck() {
        port = port == 0 ? Ports.free() : port;
        return KeckProcess.in(dir)
                .brief()
                .env("KECK_PORT", String.valueOf(port))
                .env("KECK_CORS_ORIGINS", editors.origin())
                .start();
    }

    private static void awaitShown(String page, String what, Predicate<Editors.Shown> condition) {
        Eventually.await(
                page + " shows " + what,
                () -> condition.test(editors.shown(page)),
                () -> editors.shown(page).toString());
    }

    /**
     * Two people in one document, one with the provider of the editor's documentation and one with y-websocket: they type, make
     * text bold, see each other's carets, reload, type while offline and while the server is killed, and nothing is lost.
     */
    @ParameterizedTest
    @CsvSource({"tiptap,hocuspocus", "tiptap,keck", "blocknote,y-sweet", "blocknote,y-websocket"})
    void twoPeople_typeThroughReloadsAndAKilledServer(String editor, String provider) {
        try (KeckProcess first = keck()) {
            editors.open("Ann", editor, provider, port, "doc", "");
            editors.open("Bob", editor, "y-websocket", port, "doc", "");
            editors.type("Ann", "from Ann ");
            awaitShown("Bob", "Ann's text", shown -> shown.text().contains("from Ann"));
            editors.typeBold("Bob", "BOLD");
            awaitShown("Ann", "bold text", shown -> shown.html().contains("<strong>BOLD</strong>"));
            awaitShown("Ann", "Bob's caret", shown -> shown.carets().toString().contains("Bob"));
            awaitShown("Bob", "Ann's caret", shown -> shown.carets().toString().contains("Ann"));
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);

            editors.goOffline("Ann");
            editors.type("Ann", " offline");
            assertThat(editors.shown("Bob").text()).doesNotContain("offline");
            if (!provider.equals("y-websocket")) { // which does not say what is saved
                assertThat(editors.shown("Ann").isSaved()).isFalse();
            }
            editors.goOnline("Ann");
            awaitShown("Bob", "what Ann typed offline", shown -> shown.text().contains("offline"));
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            first.kill();
        }
        editors.type("Bob", " while it was down");
        try (KeckProcess second = keck()) {
            assertThat(second.port()).isEqualTo(port);
            awaitShown("Ann", "what Bob typed meanwhile", shown -> shown.text().contains("while it was down"));
            String all = editors.shown("Ann").xml();
            editors.reload("Ann");
            awaitShown("Ann", "all of it", shown -> shown.xml().equals(all));
            assertThat(editors.shown("Bob").xml()).isEqualTo(all);
            assertThat(editors.shown("Ann").errors()).isEmpty();
            assertThat(editors.shown("Bob").errors()).isEmpty();
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
                .env("KECK_CORS_ORIGINS", editors.origin())
                .start()) {
            editors.open("Writer", "tiptap", "hocuspocus", guarded.port(), "doc", writer.key());
            editors.open("Reader", "tiptap", "hocuspocus", guarded.port(), "doc", reader.key());
            editors.type("Writer", "written");
            awaitShown("Reader", "the text", shown -> shown.text().equals("written"));
            editors.type("Reader", " never");
            editors.type("Writer", " later");
            awaitShown("Reader", "what was written later", shown -> shown.text().contains("later"));
            awaitShown("Writer", "that all is saved", Editors.Shown::isSaved);
            assertThat(editors.shown("Writer").text()).isEqualTo("written later");
            assertThat(editors.shown("Reader").isSaved()).isFalse();
        }
    }
}
