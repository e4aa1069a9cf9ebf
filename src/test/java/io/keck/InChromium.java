package io.keck;

import io.keck.testing.Editors;
import io.keck.testing.Eventually;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** Tests in one real Chromium for the class; each test has pages of its own. */
abstract class InChromium {
    protected static Editors browser;

    @BeforeAll
    static void startChromium() {
        browser = Editors.start();
    }

    @AfterAll
    static void stopChromium() {
        browser.close();
    }

    @AfterEach
    void closePages() {
        browser.closePages();
    }

    /** Waits until the page of a user shows something. */
    protected static void awaitShown(String page, String what, Predicate<Editors.Shown> condition) {
        Eventually.await(
                page + " shows " + what,
                () -> condition.test(browser.shown(page)),
                () -> browser.shown(page).toString());
    }
}
