package io.keck.command;

import com.sun.management.UnixOperatingSystemMXBean;
import io.dropwizard.configuration.ConfigurationException;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.keck.check.Findings;
import io.keck.node.Connectors;
import io.keck.node.NodeClock;
import io.keck.ops.DoctorReport;
import io.keck.ops.ProgressBar;
import io.keck.storage.doctor.DatabaseDoctor;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;

/**
 * {@code doctor}: examines the configuration, the database, Redis, clocks, limits and all stored data. Changes nothing
 * without {@code --repair}. Exits with 0 if it found nothing wrong, 1 if it found problems, 2 if it could not examine
 * something.
 */
final class DoctorCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    private static final long FILES = 4_096;
    private static final int COULD_NOT_LOOK = 2;

    DoctorCommand(Class<C> configuration) {
        super(configuration, "doctor", "Examines the configuration, the database, Redis and all stored data");
    }

    @Override
    public void configure(Subparser parser) {
        super.configure(parser);
        parser.addArgument("--room").dest("room").metavar("NAME").help("examine the stored data of this room only");
        parser.addArgument("--purged")
                .dest("purged")
                .metavar("TEXT")
                .nargs("?")
                .setConst("")
                .help("show that nothing is left of purged documents, and that this text of theirs is found nowhere");
        flag(parser, "--json", "print one JSON object at the end instead of lines");
        flag(parser, "--no-scrub", "do not examine stored data");
        flag(parser, "--no-blobs", "do not read blobs");
        flag(
                parser,
                "--repair",
                "move damaged data into the table room_damage and make its rooms writable again;"
                        + " SQLite: only while no server runs");
    }

    /** Reports a configuration that cannot be read as a finding. */
    @Override
    public void run(Bootstrap<?> bootstrap, Namespace arguments) throws Exception {
        try {
            super.run(bootstrap, arguments);
        } catch (ConfigurationException | IOException e) {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            DoctorReport report = new DoctorReport(out, arguments.getBoolean("--json"), () -> {});
            report.unknown("config", String.valueOf(e.getMessage()).strip(), "Correct the configuration.");
            report.end();
            throw new CommandExit(COULD_NOT_LOOK);
        }
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        ProgressBar bar = new ProgressBar(err, NodeClock.millis(), ProgressBar.isTerminal());
        DoctorReport report = new DoctorReport(out, arguments.getBoolean("--json"), bar::clear);
        lookAtConfig(config, report);
        lookAtLimits(report);
        DatabaseDoctor database = config.database().doctor();
        boolean readable = database.look(report);
        config.redis()
                .doctor()
                .ifPresentOrElse(
                        redis -> redis.look(report),
                        () -> report.ok(
                                "redis",
                                "Redis is not configured: this is the only node, or nodes exchange updates"
                                        + " through the database."));
        String purged = arguments.getString("purged");
        if (readable && purged != null) {
            database.purged(purged, report);
        } else if (readable && !arguments.getBoolean("--no-scrub")) {
            scrub(database, arguments, report, bar);
        }
        report.end();
        if (report.status() != 0) {
            throw new CommandExit(report.status());
        }
    }

    private static void scrub(DatabaseDoctor database, Namespace arguments, DoctorReport report, ProgressBar bar) {
        String only = arguments.getString("room");
        long total = only == null ? database.total() : 0;
        database.scrub(
                only,
                !arguments.getBoolean("--no-blobs"),
                report,
                (rooms, blobs, rows, bytes) -> bar.at(
                        rooms + blobs, total, "rooms and blobs, " + rows + " rows, " + ProgressBar.bytes(bytes)));
        if (arguments.getBoolean("--repair") && !report.damage().isEmpty()) {
            try {
                database.repair(report.damage(), report);
            } catch (IllegalStateException e) {
                report.unknown(
                        "repair",
                        "Nothing was repaired. " + e.getMessage(),
                        "Solve this, then run doctor" + " --repair again.");
            }
        }
    }

    private void lookAtConfig(C config, Findings findings) {
        findings.ok("config", "The configuration is valid.");
        try {
            Connectors.checkOpenAccess(config.getServerFactory(), config.openAccess());
        } catch (IllegalStateException e) {
            findings.problem(
                    "config",
                    "The server would not start: " + e.getMessage(),
                    "Change the configuration" + " as the message says.");
        }
        for (HttpConnectorFactory connector : Connectors.http(config.getServerFactory())) {
            boolean local = Connectors.isLoopback(connector.getBindHost());
            String where = (local ? "only this machine" : "others") + " can connect to port " + connector.getPort();
            if (!local && connector.isUseForwardedHeaders()) {
                findings.hint(
                        "proxy",
                        "useForwardedHeaders is on, and " + where + ": a client that connects directly can claim"
                                + " any address.",
                        "Let only the proxy reach the port, or set useForwardedHeaders: false"
                                + " (KECK_FORWARDED_HEADERS).");
            } else if (local && !connector.isUseForwardedHeaders()) {
                findings.hint(
                        "proxy",
                        "useForwardedHeaders is off, and " + where
                                + ": behind a proxy here all clients have one address and share its limits.",
                        "Behind a proxy that sets X-Forwarded-For: KECK_FORWARDED_HEADERS=true. Without one: leave"
                                + " it.");
            } else {
                findings.ok(
                        "proxy",
                        "useForwardedHeaders is " + (connector.isUseForwardedHeaders() ? "on" : "off") + ", and "
                                + where + ".");
            }
        }
    }

    private static void lookAtLimits(Findings findings) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            long most = unix.getMaxFileDescriptorCount();
            if (most < FILES) {
                findings.problem(
                        "limits",
                        "A process of this user may open only " + most + " files, and each connection needs one.",
                        "Raise the soft limit: ulimit -n 65536 here, LimitNOFILE=65536 for systemd, --ulimit for"
                                + " Docker.");
            } else {
                findings.ok("limits", "A process of this user may open " + most + " files; each connection needs one.");
            }
        }
    }
}
