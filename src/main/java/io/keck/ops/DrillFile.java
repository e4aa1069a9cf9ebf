package io.keck.ops;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/**
 * The result of a backup drill as a file of metrics in Prometheus's text format, which node_exporter's textfile collector reads.
 * It is a file and not a metric of a node, because drills run beside the nodes, often on another machine, and their result must be
 * visible while no node runs. Immutable.
 *
 * @param endedAt when the drill ended, in seconds since 1970
 * @param seconds its duration
 * @param status its exit status: 0 for a good backup, 1 for one with problems, 2 if something could not be examined
 * @param writtenAt of the backup, in seconds since 1970; negative where there is none
 * @param bytes of the backup
 * @param rooms that were restored
 * @param blobs that were restored
 * @param problems that were found
 */
public record DrillFile(
        double endedAt,
        double seconds,
        int status,
        double writtenAt,
        long bytes,
        long rooms,
        long blobs,
        long problems) {

    /** Replaces the file in one step, readable for the user of node_exporter. */
    public void write(Path file) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, text(), StandardCharsets.UTF_8);
        if (Files.getFileStore(fresh).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
        }
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private String text() {
        StringBuilder out = new StringBuilder();
        gauge(out, "keck_drill_timestamp_seconds", "When the last drill of a backup ended.", endedAt);
        gauge(out, "keck_drill_duration_seconds", "How long the last drill took.", seconds);
        gauge(out, "keck_drill_status", "0: the backup is good, 1: it is not, 2: it was not looked at whole.", status);
        gauge(out, "keck_drill_problems", "Problems that the last drill found.", (double) problems);
        gauge(out, "keck_drill_rooms", "Rooms that the last drill restored.", (double) rooms);
        gauge(out, "keck_drill_blobs", "Blobs that the last drill restored.", (double) blobs);
        if (writtenAt >= 0) {
            gauge(out, "keck_backup_timestamp_seconds", "When the newest backup was written.", writtenAt);
            gauge(out, "keck_backup_size_bytes", "Bytes of the newest backup.", (double) bytes);
        }
        return out.toString();
    }

    private static void gauge(StringBuilder out, String name, String help, double value) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(" gauge\n");
        out.append(name)
                .append(' ')
                .append(String.format(Locale.ROOT, "%.3f", value))
                .append('\n');
    }
}
