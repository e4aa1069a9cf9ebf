package io.keck.testing;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts Node processes that run the real Yjs with a script of a folder of {@code src/test}. Where Node or the npm packages are
 * missing, the test is skipped; with {@code CI=true} it fails.
 */
public final class RealYjs {
    private static final Path TESTS = Path.of("src", "test");

    private RealYjs() {}

    /** Starts a script of {@code src/test/js}, or skips the test. Its stderr goes to the stderr of this JVM. */
    public static Process start(String script, String... arguments) {
        return start("js", script, Map.of(), arguments);
    }

    /** As {@link #start(String, String...)}, in another folder of {@code src/test} and with these variables of the environment. */
    static Process start(String folder, String script, Map<String, String> environment, String... arguments) {
        Path home = TESTS.resolve(folder);
        if (!Files.isDirectory(home.resolve("node_modules").resolve("yjs"))) {
            return missing("no Yjs in " + home + "/node_modules: run npm ci there");
        }
        try {
            List<String> command = new ArrayList<>(List.of("node", script));
            command.addAll(List.of(arguments));
            ProcessBuilder node =
                    new ProcessBuilder(command).directory(home.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
            node.environment().putAll(environment);
            return node.start();
        } catch (IOException e) {
            return missing("Node cannot be started: " + e.getMessage());
        }
    }

    /** Starts the tests of KeckProvider that need no server; what they print goes to the output of the process. */
    public static Process startClientTests() {
        Path home = Path.of("src", "main", "client");
        if (!Files.isRegularFile(home.resolve("dist").resolve("index.js"))) {
            return missing(home + " was not built");
        }
        try {
            return new ProcessBuilder("npm", "test", "--silent")
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            return missing("npm cannot be started: " + e.getMessage());
        }
    }

    static Process missing(String why) {
        return "true".equals(System.getenv("CI")) ? fail(why) : abort(why);
    }
}
