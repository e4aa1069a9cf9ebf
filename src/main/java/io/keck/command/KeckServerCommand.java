package io.keck.command;

import io.dropwizard.core.Application;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.cli.Cli;
import io.dropwizard.core.cli.ServerCommand;
import io.dropwizard.core.setup.Environment;
import io.keck.thread.Threads;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.sourceforge.argparse4j.inf.Namespace;
import org.eclipse.jetty.server.NetworkConnector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code server}: Dropwizard's command, except that a failed start prints its reason in a few lines. (Dropwizard logs
 * the stack trace before the command gets control.)
 */
final class KeckServerCommand<C extends Configuration> extends ServerCommand<C> {
    private static final Logger LOG = LoggerFactory.getLogger(KeckServerCommand.class);

    KeckServerCommand(Application<C> application) {
        super(application, "server", "Runs the server");
    }

    @Override
    protected void run(Environment environment, Namespace arguments, C config) throws Exception {
        Server server = config.getServerFactory().build(environment);
        try {
            server.addEventListener(new LifeCycle.Listener() {
                @Override
                public void lifeCycleStopped(LifeCycle event) {
                    cleanup();
                }
            });
            cleanupAsynchronously();
            server.start();
            sayReady(server, config);
            Threads.keepingAlive("server-awaiter", () -> join(server)).start(); // every other thread may be a daemon
        } catch (Exception e) {
            try {
                server.stop();
            } catch (Exception stop) {
                LOG.debug("Stopping the parts that had been started failed", stop);
            }
            cleanup();
            throw e;
        }
    }

    /** Returns the line that describes the running server and its addresses; it contains no password. */
    private static void sayReady(Server server, Configuration config) {
        if (config instanceof CommandSettings settings) {
            String version = KeckServerCommand.class.getPackage().getImplementationVersion();
            LOG.info(
                    "Keck {} is ready at {}; database: {}, Redis: {}",
                    version == null ? "of a build without a version" : version,
                    Stream.of(server.getConnectors())
                            .filter(NetworkConnector.class::isInstance)
                            .map(NetworkConnector.class::cast)
                            .map(c -> c.getName() + " " + (c.getHost() == null ? "*" : c.getHost()) + ":"
                                    + c.getLocalPort())
                            .collect(Collectors.joining(", ")),
                    settings.database().connections().url().place(),
                    settings.redis().doctor().isPresent() ? "configured" : "none");
        }
    }

    private static void join(Server server) {
        try {
            server.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        CommandExit.say(cli, error);
    }
}
