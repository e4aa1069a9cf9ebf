package io.keck.linearizability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The twin of {@link LinearizabilityIT}: histories that were recorded on servers that lacked a safeguard. Each file begins with
 * the kind of finding that it has to give. The same calls with right answers give none.
 */
class RecordedHistoriesTest {
    private static final Path FOLDER = Path.of("src/test/resources/io/keck/linearizability");

    static Stream<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.sorted().toList().stream();
        }
    }

    private static List<Finding.Kind> kinds(List<String> lines) {
        return Analysis.of(History.of(lines)).stream().map(Finding::kind).toList();
    }

    @ParameterizedTest
    @MethodSource("files")
    void faultyHistory_isRefused(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        Finding.Kind expected = Finding.Kind.valueOf(lines.get(0).substring(2));
        assertThat(kinds(lines)).as(lines.get(1)).contains(expected);
    }

    @Test
    void thereIsAHistoryOfEachKindThatServersHaveShown() throws IOException {
        List<String> kinds = new ArrayList<>();
        for (Path file : files().toList()) {
            kinds.add(Files.readAllLines(file).get(0).substring(2));
        }
        assertThat(kinds)
                .contains(
                        "NOT_LINEARIZABLE",
                        "SERVER_ERROR",
                        "FORCE_KEPT",
                        "ANSWER_OF_ANOTHER_LIFE",
                        "REFUSED_BUT_APPLIED",
                        "APPLIED_TWICE",
                        "PHANTOM",
                        "ORDER",
                        "TWO_ORDERS",
                        "UNEXPECTED_STATUS");
    }

    /** What a history looks like when everything is right: with writes, lives, refusals and outcomes that are unknown. */
    @Test
    void rightHistory_isTaken() {
        List<String> lines = List.of(
                line(0, 10, "CREATE", "", "", "DONE", 200, ""),
                line(11, 20, "WRITE", "m/k", "v1", "DONE", 200, "m/k=v1"),
                line(21, 30, "WRITE", "m/k", "v2", "REFUSED", 503, ""),
                line(31, 40, "READ_MAP", "", "", "DONE", 200, "m/k=v1"),
                line(41, 50, "WRITE", "m/k", "v3", "UNKNOWN", 503, ""),
                line(51, 60, "READ_MAP", "", "", "DONE", 200, "m/k=v1"),
                line(61, 70, "READ_ALL", "", "", "DONE", 200, "m/k=v3"),
                line(71, 80, "FORCE", "", "m/life=L1", "DONE", 200, "m/life=L1"),
                line(72, 79, "READ_MAP", "", "", "DONE", 200, "m/k=v3"),
                line(81, 90, "READ_ALL", "", "", "DONE", 200, "m/life=L1"),
                line(91, 95, "ADD", "a", "e1", "DONE", 200, "a=e1"),
                line(96, 99, "ADD", "a", "e2", "DONE", 200, "a=e1,e2"),
                line(100, 110, "DELETE", "", "", "DONE", 204, ""),
                line(111, 120, "READ_MAP", "", "", "DONE", 404, "!"),
                line(121, 130, "INIT", "", "m/life=L2", "DONE", 200, "m/life=L2"),
                line(131, 140, "READ", "a", "", "DONE", 200, "a="));
        assertThat(Analysis.of(History.of(lines))).isEmpty();
        assertThat(History.of(lines).calls().stream().map(Call::line)).containsExactlyElementsOf(lines);
    }

    private static String line(
            long from, long to, String kind, String cell, String value, String outcome, int status, String answer) {
        return String.join(
                "\t",
                String.valueOf(from),
                String.valueOf(to),
                "c0",
                "0",
                "d",
                kind,
                cell,
                value,
                "-",
                outcome,
                String.valueOf(status),
                answer);
    }
}
