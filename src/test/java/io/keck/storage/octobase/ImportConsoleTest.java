package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ImportConsoleTest {
    private long now = 5_000;

    @Test
    void aLineASecond_andEachProblemAtOnce() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImportConsole console = new ImportConsole(new PrintStream(bytes, true, StandardCharsets.UTF_8), () -> now);
        ImportReport report = new ImportReport(false);
        report.totals = new SourceDatabase.Totals(9, 90, 12_345_678, 4, 5, 0);
        report.imported = 2;
        report.rows = 30;
        report.bytes = 1_260_000;
        for (int i = 0; i < 100; i++) {
            now += 25;
            console.progress(report);
        }
        console.problem("Something.");
        assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "rooms 2/9, rows 30/90, 1.3/12.3 MB, blobs 0/4, not imported: 0, 1 s",
                        "rooms 2/9, rows 30/90, 1.3/12.3 MB, blobs 0/4, not imported: 0, 2 s",
                        "Something.");
        assertThat(console.elapsed()).isEqualTo(2_500);
    }
}
