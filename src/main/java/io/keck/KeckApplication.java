package io.keck;

import io.dropwizard.core.Application;
import io.dropwizard.core.cli.CheckCommand;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.keck.api.ApiFactory;
import io.keck.api.EventStreams;
import io.keck.config.ConfigurationReader;
import io.keck.feed.ChangeLog;
import io.keck.http.MainPort;
import io.keck.ops.FeedMeters;
import io.keck.ops.FrontPageServlet;
import io.keck.ops.RoomChecks;
import io.keck.room.Bus;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.room.Watcher;
import io.keck.socket.SocketFactory;
import io.keck.socket.Sockets;
import io.keck.socket.UpgradeFilter;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.webhook.Webhooks;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
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
    protected void addDefaultCommands(Bootstrap<KeckConfiguration> bootstrap) {
        bootstrap.addCommand(new KeckServerCommand(this));
        bootstrap.addCommand(new CheckCommand<>(this));
    }

    @Override
    public void initialize(Bootstrap<KeckConfiguration> bootstrap) {
        bootstrap.setConfigurationFactoryFactory(ConfigurationReader::new);
        bootstrap.addCommand(new MigrateCommand());
        bootstrap.addCommand(new ImportKeckCommand());
        bootstrap.addCommand(new DoctorCommand());
        bootstrap.addCommand(new ExportCommand());
        bootstrap.addCommand(new ImportCommand());
        bootstrap.addCommand(new BenchCommand());
    }

    /** An import that had to leave something out is not a command that failed. */
    @Override
    protected void onFatalError(Throwable error) {
        System.exit(error instanceof CommandExit exit ? exit.status() : 1);
    }

    @Override
    public void run(KeckConfiguration config, Environment environment) {
        Connectors.checkOpenAccess(config);
        Connectors.checkPorts(config);
        Connectors.acceptEncodedNames(config);
        Connectors.mapFailuresInOnePlace(config);
        MainPort.install(environment, UpgradeFilter.CONNECTION_HEADER_MISSING);
        Connectors.sendAsTheyAre(config, BlobsFactory.paths());
        environment.getApplicationContext().getServletHandler().setDecodeAmbiguousURIs(true);
        environment.jersey().setUrlPattern("/api/*");
        // an answer without a body has none: not the servlet container's page about its status
        environment.jersey().property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);

        RoomSettings settings = config.rooms().settings();
        String label = config.nodeIdOrRandom();
        Instruments instruments = Instruments.of(environment);
        Duration deletedNameHold = Duration.ofMillis(settings.deletedNameHold());
        Storage storage = config.database().build(environment, label, deletedNameHold, instruments.log());
        Database database = storage.database();
        JdbiUpdateLog log = storage.log();
        instruments.log().watch(database::answers, config.database().embedded());
        Bus bus = config.redis()
                .build(environment, storage.nodes().cluster(), label, database.clock(), instruments.bus());
        instruments.bus().watch(bus != Bus.NONE, bus::isHealthy);
        RoomRuntime runtime = new RoomRuntime(
                log,
                bus,
                settings,
                instruments.rooms(),
                config.rooms().documentHeap(),
                config.drainTimeout().toMilliseconds());
        instruments.rooms().watch(runtime.rooms(), config.rooms().documentHeap(), settings.maxOverlays());
        RoomChecks.register(environment.healthChecks(), runtime.rooms(), instruments.rooms());
        if (log.isShared()) {
            runtime.tail(settings.tailAlone());
        }
        environment.lifecycle().manage(runtime);
        environment.lifecycle().addEventListener(runtime);

        runtime.everyTick(database::probe);
        if (config.hasNodeId()) {
            environment.lifecycle().manage(new NodeLabel(storage.nodes(), label));
        }
        SocketFactory.Gatekeeper gatekeeper = new SocketFactory.Gatekeeper() {
            @Override
            public boolean isHeld(String room) {
                return runtime.isHeld(room);
            }

            @Override
            public boolean accepts(String room) {
                return !runtime.isDraining() && (runtime.rooms().isOpen(room) || database.isResponsive());
            }
        };
        Sockets sockets = config.socket()
                .build(
                        environment,
                        runtime.rooms(),
                        settings,
                        RoomRuntime.clock(),
                        gatekeeper,
                        instruments.connections());
        instruments.connections().watch(sockets::size, sockets::slow, sockets::held, sockets::backlogBytes);
        runtime.everyTick(sockets::tick);
        runtime.beforeDrain(sockets::restart);
        addFeed(
                config,
                environment,
                storage,
                label,
                runtime,
                new FeedMeters(environment.metrics(), instruments.prometheus()));
        Kicks kicks = new Kicks(sockets, bus, storage.kicks(), database::isResponsive);
        runtime.rooms().onKick(kicks::told);
        if (log.isShared()) {
            runtime.everyTick(kicks::tick);
        }
        new AdminTasks(runtime, log, sockets, kicks).addTo(environment);
        config.blobs().build(environment, storage, deletedNameHold);
        config.cors().build(environment);

        new Readiness(runtime, database, config.readyRequiresDatabase()).addTo(environment);
        environment
                .servlets()
                .addServlet("front", new FrontPageServlet(config.api().isDescribed()))
                .addMapping("", FrontPageServlet.ICON);
    }

    private static EventStreams.Rooms following(Rooms rooms) {
        return new EventStreams.Rooms() {
            @Override
            public Runnable watch(String room, Watcher watcher) {
                return rooms.watch(room, watcher);
            }

            @Override
            public CompletionStage<Boolean> find(String room) {
                return rooms.find(room);
            }
        };
    }

    /** The HTTP interface, and all who follow changes. */
    private static void addFeed(
            KeckConfiguration config,
            Environment environment,
            Storage storage,
            String label,
            RoomRuntime runtime,
            FeedMeters meters) {
        ChangeLog changes = storage.changes();
        Database database = storage.database();
        Webhooks webhooks = config.webhook()
                .build(environment, storage.cursors(), changes, database.isShared(), database.clock(), label, meters);
        storage.log().onCommitted(webhooks::written);
        Rooms rooms = runtime.rooms();
        EventStreams streams = config.api()
                .build(
                        environment,
                        rooms.documents(),
                        new ApiFactory.Feed(following(rooms), changes, meters, webhooks));
        runtime.everyTick(streams::tick);
        meters.watch(streams::size, webhooks::backlog, webhooks::oldestSeconds);
    }
}
