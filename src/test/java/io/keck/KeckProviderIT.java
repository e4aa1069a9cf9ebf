package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Editors;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Tokens;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KeckProvider in a real Chromium against the packaged jar. {@link EditorsIT} has it below an editor. */
class KeckProviderIT {
    private static Editors editors;

    @TempDir
    private Path dir;

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

    private KeckProcess.Setup keck() {
        return KeckProcess.in(dir).brief().env("KECK_CORS_ORIGINS", editors.origin());
    }

    private static void awaitShown(String page, String what, Predicate<Editors.Shown> condition) {
        Eventually.await(
                page + " shows " + what,
                () -> condition.test(editors.shown(page)),
                () -> editors.shown(page).toString());
    }

    /** A page without a bundler imports the provider and Yjs from the server. */
    @Test
    void pageWithoutABundler_importsBothFromTheServer() {
        try (KeckProcess node = keck().start()) {
            editors.openServed("Ann", node.port(), "doc");
            editors.type("Ann", "imported");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            editors.openPlain("Bob", node.port(), "doc", false, "", 0);
            awaitShown("Bob", "the text", shown -> shown.text().equals("imported"));
        }
    }

    /** A page asks for a token before the old one ends, and shows it on the connection that it has. */
    @Test
    void tokensThatEnd_areRenewedOnTheOpenConnection() {
        try (KeckProcess guarded = keck().env("KECK_JWT_SECRET", Tokens.SECRET).start()) {
            editors.openPlain("Ann", guarded.port(), "doc", false, "write", 4);
            editors.type("Ann", "with the first");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            awaitShown("Ann", "that it asked for three tokens", shown -> shown.fetched() >= 3);
            editors.type("Ann", ", with the third");
            awaitShown("Ann", "that all is saved", Editors.Shown::isSaved);
            assertThat(editors.shown("Ann").events()).containsExactly("connected");
        }
    }

    /** A reader is told so, and what it typed comes in when its next token lets it write. */
    @Test
    void reader_becomesAWriter_andLosesNothing() {
        try (KeckProcess guarded = keck().env("KECK_JWT_SECRET", Tokens.SECRET).start()) {
            editors.openPlain("Writer", guarded.port(), "doc", false, "write", 600);
            editors.type("Writer", "written ");
            awaitShown("Writer", "that all is saved", Editors.Shown::isSaved);
            editors.openPlain("Reader", guarded.port(), "doc", false, "read", 4);
            awaitShown(
                    "Reader", "the text, for reading", shown -> shown.text().equals("written ") && shown.isReadOnly());
            editors.type("Reader", "as a reader");
            assertThat(editors.shown("Reader").isSaved()).isFalse();
            editors.sign("Reader", "write");
            awaitShown("Reader", "that all is saved", Editors.Shown::isSaved);
            assertThat(editors.shown("Reader").isReadOnly()).isFalse();
            awaitShown("Writer", "what the reader typed", shown -> shown.text().equals("written as a reader"));
        }
    }

    /** Whoever is refused is told why, and the provider stays away. */
    @Test
    void refusedToken_endsIt() {
        try (KeckProcess guarded =
                keck().env("KECK_JWT_SECRET", Tokens.SECRET + "2").start()) {
            editors.openPlain("Mallory", guarded.port(), "doc", false, "write", 60);
            awaitShown("Mallory", "that it is over", shown -> shown.events().contains("4401"));
            assertThat(editors.shown("Mallory").isSaved()).isFalse();
        }
    }
}
