package io.keck.thread;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exhausts the memory of real, small JVMs. */
class OutOfMemoryIT {
    private record Outcome(int status, String out, String err) {}

    private static Outcome run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx24m",
                "-XX:MaxDirectMemorySize=4m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Exhausted.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.PIPE)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Outcome(process.exitValue(), out, err);
    }

    @ParameterizedTest
    @ValueSource(strings = {"thread", "foreign", "pool", "mailbox", "loop"})
    void directMemory_thatIsExhausted_endsTheProcess(String where) throws Exception {
        Outcome outcome = run("on", "direct", where);
        assertThat(outcome.status).as(outcome.err).isEqualTo(OutOfMemory.EXIT_STATUS);
        assertThat(outcome.out).doesNotContain("alive");
        assertThat(outcome.err).containsPattern("ERROR OutOfMemory: .*direct buffer memory.*ends with status 3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"thread", "foreign", "pool", "mailbox", "loop"})
    void heap_thatIsExhausted_endsTheProcess(String where) throws Exception {
        Outcome outcome = run("on", "heap", where);
        assertThat(outcome.status).as(outcome.err).isEqualTo(OutOfMemory.EXIT_STATUS);
        assertThat(outcome.out).doesNotContain("alive");
        assertThat(outcome.err).contains("ERROR OutOfMemory: Java heap space; the process ends with status 3");
    }

    /** The twin: without the handler these very programs go on. */
    @ParameterizedTest
    @ValueSource(strings = {"direct", "heap"})
    void exhaustion_withoutTheHandler_endsNothing(String what) throws Exception {
        Outcome outcome = run("off", what, "loop");
        assertThat(outcome.status).as(outcome.err).isZero();
        assertThat(outcome.out).contains("alive 0");
    }

    @Test
    void arrayThatIsTooLarge_isCountedAndEndsNothing() throws Exception {
        Outcome outcome = run("on", "array", "loop");
        assertThat(outcome.status).as(outcome.err).isZero();
        assertThat(outcome.out).contains("alive 1");
    }
}
