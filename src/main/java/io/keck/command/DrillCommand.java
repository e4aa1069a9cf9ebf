package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.node.NodeClock;
import io.keck.ops.DoctorReport;
import io.keck.ops.DrillFile;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.jspecify.annotations.Nullable;

/**
 * {@code drill}: restores the newest backup into a scratch database and examines the result. Exits with 0 if the backup is good,
 * 1 if it is not or the drill could not run, 2 if something could not be examined.
 */
final class DrillCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    private static final int UNKNOWN = 2;
    private static final double MILLIS = 1_000;

    DrillCommand(Class<C> configuration) {
        super(configuration, "drill", "Restores the newest backup into a scratch database and examines it");
    }

    @Override
    public void configure(Subparser parser) {
        super.configure(parser);
        parser.addArgument("--from")
                .dest("from")
                .metavar("PATH")
                .required(true)
                .help(
                        "a backup, or a folder with backups that end in .keck (export), .dump (pg_dump -Fc) or .db (SQLite)");
        parser.addArgument("--metrics")
                .dest("metrics")
                .metavar("FILE")
                .help("a file for the result, for node_exporter's textfile collector: its name ends in .prom");
        flag(parser, "--json", "print one JSON object at the end instead of lines");
        flag(parser, "--no-live", "do not compare with the rooms of the live database");
        flag(
                parser,
                "--restored",
                "the backup was restored into the scratch database of the configuration already; leave that as it is");
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        DoctorReport report = new DoctorReport(out, arguments.getBoolean("--json"), () -> {});
        long began = NodeClock.millis().getAsLong();
        BackupDrill drill =
                new BackupDrill(bootstrap, config, config.database(), !arguments.getBoolean("--no-live"), report);
        BackupDrill.Result result = new BackupDrill.Result(null, 0, 0, 0);
        boolean isDone = false;
        try {
            result = drill.run(
                    Path.of(arguments.getString("from")).toAbsolutePath(), arguments.getBoolean("--restored"));
            isDone = true;
        } finally {
            String metrics = arguments.getString("metrics");
            if (metrics != null) {
                file(result, report, isDone ? report.status() : UNKNOWN, began)
                        .write(Path.of(metrics).toAbsolutePath());
            }
        }
        report.end("The backup is good.");
        if (report.status() != 0) {
            throw new CommandExit(report.status());
        }
    }

    private static DrillFile file(BackupDrill.Result result, DoctorReport report, int status, long began) {
        @Nullable Instant writtenAt = result.writtenAt();
        return new DrillFile(
                Clock.systemUTC().millis() / MILLIS,
                (NodeClock.millis().getAsLong() - began) / MILLIS,
                status,
                writtenAt == null ? -1 : writtenAt.toEpochMilli() / MILLIS,
                result.size(),
                result.rooms(),
                result.blobs(),
                report.problems());
    }
}
