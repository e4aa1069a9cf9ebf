package io.keck;

import io.dropwizard.configuration.EnvironmentVariableSubstitutor;
import io.dropwizard.configuration.SubstitutingSourceProvider;
import io.dropwizard.core.Application;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.db.PooledDataSourceFactory;
import io.dropwizard.migrations.MigrationsBundle;
import io.keck.ops.BusMeters;
import io.keck.ops.ConnectionMeters;
import io.keck.ops.FrontPageServlet;
import io.keck.ops.HealthServlet;
import io.keck.ops.HealthServlet.Status;
import io.keck.ops.PrometheusEndpoint;
import io.keck.ops.RoomMeters;
import io.keck.room.Bus;
import io.keck.room.RoomSettings;
import io.keck.socket.SocketFactory;
import io.keck.socket.Sockets;
import io.keck.storage.JdbiUpdateLog;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.glassfish.jersey.server.ServerProperties;

/** Keck: {@code java -jar keck.jar server config.yml}. Lists the parts and starts them; knows nothing else. */
public final class KeckApplication extends Application<KeckConfiguration> {
    /** Starts the command that the arguments name. */
    public static void main(String[] args) throws Exception {
        new KeckApplication().run(args);
    }

    @Override
    public String getName() {
        return "keck";
    }

    @Override
    public void initialize(Bootstrap<KeckConfiguration> bootstrap) {
        bootstrap.setConfigurationSourceProvider(new SubstitutingSourceProvider(
                bootstrap.getConfigurationSourceProvider(), new EnvironmentVariableSubstitutor(false)));
        bootstrap.addBundle(new MigrationsBundle<>() {
            @Override
            public PooledDataSourceFactory getDataSourceFactory(KeckConfiguration configuration) {
                return configuration.database();
            }
        });
        bootstrap.addCommand(new ImportKeckCommand());
        bootstrap.addCommand(new DoctorCommand());
        bootstrap.addCommand(new ExportCommand());
        bootstrap.addCommand(new ImportCommand());
        bootstrap.addCommand(new BenchCommand());
    }

    /** An import that had to leave something out is not a command that failed. */
    @Override
    protected void onFatalError(Throwable error) {
        System.exit(
                error instanceof CommandExit exit
                        ? exit.status()
                        : error instanceof ImportKeckCommand.IncompleteException ? 2 : 1);
    }

    @Override
    public void run(KeckConfiguration config, Environment environment) {
        Connectors.checkOpenAccess(config);
        Connectors.acceptEncodedNames(config);
        Connectors.sendAsTheyAre(config, BlobsFactory.paths());
        environment.getApplicationContext().getServletHandler().setDecodeAmbiguousURIs(true);
        environment.jersey().setUrlPattern("/api/*");
        // an answer without a body has none: not the servlet container's page about its status
        environment.jersey().property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);

        RoomSettings settings = config.rooms().settings();
        String label = config.nodeIdOrRandom();
        JdbiUpdateLog log = config.database().build(environment, label, settings.holdDeleted());
        BusMeters busMeters = new BusMeters(environment.metrics());
        Bus bus = config.redis().build(environment, log.nodes().cluster(), label, busMeters);
        busMeters.watch(bus::isHealthy);
        PrometheusRegistry prometheus = PrometheusEndpoint.addTo(environment);
        RoomMeters meters = new RoomMeters(environment.metrics(), prometheus);
        RoomRuntime runtime = new RoomRuntime(
                log,
                bus,
                settings,
                meters,
                config.rooms().documentHeap(),
                config.drainTimeout().toMilliseconds());
        meters.watch(runtime.rooms());
        if (log.isShared()) {
            runtime.tail(settings.tailAlone());
        }
        environment.lifecycle().manage(runtime);
        environment.lifecycle().addEventListener(runtime);

        runtime.everyTick(log::probe);
        if (config.hasNodeId()) {
            environment.lifecycle().manage(new NodeLabel(log.nodes(), label));
        }
        ConnectionMeters connections = new ConnectionMeters(environment.metrics(), prometheus);
        SocketFactory.Gatekeeper gatekeeper = new SocketFactory.Gatekeeper() {
            @Override
            public boolean isHeld(String room) {
                return runtime.rooms().isHeld(room);
            }

            @Override
            public boolean accepts(String room) {
                return !runtime.isDraining() && (runtime.rooms().isOpen(room) || log.isHealthy());
            }
        };
        Sockets sockets = config.socket()
                .build(environment, runtime.rooms(), settings, RoomRuntime.clock(), gatekeeper, connections);
        connections.watch(sockets::size);
        runtime.everyTick(sockets::tick);
        runtime.beforeDrain(sockets::restart);
        Kicks kicks = new Kicks(sockets, bus, log.kicks(), log::isHealthy);
        runtime.rooms().onKick(kicks::told);
        if (log.isShared()) {
            runtime.everyTick(kicks::tick);
        }
        new AdminTasks(runtime, log, sockets, kicks).addTo(environment);
        config.api().build(environment, runtime.rooms().documents());
        config.blobs().build(environment, log, settings.holdDeleted());
        config.cors().build(environment);

        environment
                .servlets()
                .addServlet("health", new HealthServlet(() -> status(runtime, log)))
                .addMapping("/health");
        environment.servlets().addServlet("front", new FrontPageServlet()).addMapping("");
    }

    private static Status status(RoomRuntime runtime, JdbiUpdateLog log) {
        if (runtime.isDraining()) {
            return Status.DRAINING;
        }
        return log.isHealthy() ? Status.OK : Status.DEGRADED;
    }
}
