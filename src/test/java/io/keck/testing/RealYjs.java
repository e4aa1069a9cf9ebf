package io.keck.testing;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Starts Node processes that run the real Yjs with a script of {@code src/test/js}. Where Node or the npm packages are
 * missing, the test is skipped; with {@code CI=true} it fails.
 */
public final class RealYjs {
    private static final Path HOME = Path.of("src", "test", "js");

    private RealYjs() {}

    /** Starts a script, or skips the test. Its stderr goes to the stderr of this JVM. */
    public static Process start(String script) {
        if (!Files.isDirectory(HOME.resolve("node_modules").resolve("yjs"))) {
            return missing("no Yjs in src/test/js/node_modules: run src/test/js/install.sh");
        }
        try {
            return new ProcessBuilder("node", script)
                    .directory(HOME.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            return missing("Node cannot be started: " + e.getMessage());
        }
    }

    private static Process missing(String why) {
        return "true".equals(System.getenv("CI")) ? fail(why) : abort(why);
    }
}
