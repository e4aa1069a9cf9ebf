package io.keck;

import io.dropwizard.core.Application;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.keck.api.NewRoomsFilter;
import io.keck.api.PurgeResource;
import io.keck.api.UndeleteResource;
import io.keck.auth.AccessFactory;
import io.keck.command.Commands;
import io.keck.config.ConfigurationReader;
import io.keck.http.Guard;
import io.keck.http.MainPort;
import io.keck.http.NewRooms;
import io.keck.node.AdminTasks;
import io.keck.node.BlobsFactory;
import io.keck.node.BusKeyring;
import io.keck.node.Connectors;
import io.keck.node.Instruments;
import io.keck.node.Kicks;
import io.keck.node.Node;
import io.keck.node.NodeClock;
import io.keck.node.NodeLabel;
import io.keck.node.PlainConnectorFactory;
import io.keck.node.Readiness;
import io.keck.node.RoomRuntime;
import io.keck.node.TlsConnectorFactory;
import io.keck.ops.FrontPageServlet;
import io.keck.ops.WebAssets;
import io.keck.room.Bus;
import io.keck.room.Held;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.socket.Sockets;
import io.keck.socket.UpgradeFilter;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.storage.held.JdbiHeldUpdates;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.thread.OutOfMemory;
import io.keck.webhook.Webhooks;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keck: {@code java -jar keck.jar server config.yml}. Lists the parts and starts them; knows nothing else. */
public final class KeckApplication extends Application<KeckConfiguration> {
    /** Starts the command that the arguments name. */
    public static void main(String[] args) throws Exception {
        OutOfMemory.endsTheProcess();
        new KeckApplication().run(args);
    }

    @Override
    public String getName() {
        return "keck";
    }

    @Override
    protected void addDefaultCommands(Bootstrap<KeckConfiguration> bootstrap) {
        Commands.addDefaults(bootstrap, this);
    }

    @Override
    public void initialize(Bootstrap<KeckConfiguration> bootstrap) {
        bootstrap.setConfigurationFactoryFactory(ConfigurationReader::new);
        PlainConnectorFactory.register(bootstrap.getObjectMapper());
        TlsConnectorFactory.register(bootstrap.getObjectMapper());
        Commands.addOwn(bootstrap, KeckConfiguration.class);
    }

    @Override
    protected void onFatalError(Throwable error) {
        System.exit(Commands.exitStatus(error));
    }

    @Override
    public void run(KeckConfiguration config, Environment environment) {
        Node node = new Node(environment);
        prepareConnectors(config, node);
        node.everyTick("headers", MainPort.install(environment, UpgradeFilter.CONNECTION_HEADER_MISSING)::tick);
        Instruments instruments = Instruments.of(node);
        guard(config, environment, instruments);
        RoomSettings settings = config.rooms().settings();
        String label = config.nodeIdOrRandom();
        Duration deletedNameHold = Duration.ofMillis(settings.deletedNameHold());
        Storage storage = config.database().build(node, label, deletedNameHold, instruments.log());
        Database database = storage.database();
        JdbiUpdateLog log = storage.log();
        log.onLoad(instruments.ledger()::mayLoad);
        config.access().build(node, stores(storage), label, database.clock(), NodeClock.millis());
        BusKeyring keys = BusKeyring.build(node, storage.nodes());
        Bus bus =
                config.redis().build(node, storage.nodes().cluster(), label, database.clock(), keys, instruments.bus());
        RoomRuntime runtime =
                config.rooms().build(node, log, bus, instruments, drainMillis(config), held(config, node, storage));
        Rooms rooms = runtime.rooms();
        takeLabel(config, node, storage, label);
        NewRooms newRooms = newRooms(config, environment, runtime, instruments);
        Sockets sockets = config.socket()
                .build(
                        node,
                        rooms,
                        settings,
                        NodeClock.millis(),
                        runtime.gatekeeper(database::isResponsive, newRooms),
                        instruments.connections(),
                        instruments.ledger());
        Webhooks webhooks = config.webhook()
                .build(
                        node,
                        storage.cursors(),
                        storage.changes(),
                        log::onCommitted,
                        database.isShared(),
                        database.clock(),
                        label,
                        instruments.feed(),
                        settings.document().maxSteps(),
                        rooms.clientMessages());
        config.api().build(node, rooms, storage.past(), instruments.feed(), webhooks, instruments.ledger(), settings);
        Duration keepDeleted = config.history().keepDeleted();
        var deleted = storage.deleted(keepDeleted, deletedNameHold);
        node.manage(deleted);
        environment.jersey().register(new UndeleteResource(deleted));
        environment.jersey().register(new PurgeResource(deleted));
        config.blobs().build(node, storage, deletedNameHold, keepDeleted);
        config.cors().build(environment, config.access().cookieOrigins());
        Kicks kicks = Kicks.build(node, rooms, sockets, bus, storage);
        new AdminTasks(runtime, storage, sockets, kicks).addTo(environment);
        new Readiness(runtime, database, config.readyRequiresDatabase()).addTo(environment);
        pagesForPeople(config, environment, label);
    }

    private static void pagesForPeople(KeckConfiguration config, Environment environment, String label) {
        FrontPageServlet.addTo(
                environment,
                new FrontPageServlet.Server(
                        label, !config.access().isOn(), config.api().isDescribed()));
        WebAssets.addTo(environment);
    }

    private static void takeLabel(KeckConfiguration config, Node node, Storage storage, String label) {
        if (config.hasNodeId()) {
            node.manage(new NodeLabel(storage.nodes(), label));
        }
    }

    private static void guard(KeckConfiguration config, Environment environment, Instruments instruments) {
        Guard.install(
                environment,
                config.getServerFactory(),
                Connectors.hosts(config.getServerFactory(), config.hosts()),
                pages(config),
                instruments.edge()::refused,
                NodeClock.millis());
    }

    private static void prepareConnectors(KeckConfiguration config, Node node) {
        boolean openAccess = config.openAccess() || config.access().isOn();
        Connectors.prepare(config.getServerFactory(), openAccess, BlobsFactory.paths());
        Connectors.reloadCertificates(node, config.getServerFactory());
    }

    private static long drainMillis(KeckConfiguration config) {
        return config.drainTimeout().toMilliseconds();
    }

    /** Null while access is open, since all callers are then the same principal. */
    private static @Nullable Held held(KeckConfiguration config, Node node, Storage storage) {
        if (!config.access().isOn()) {
            return null;
        }
        JdbiHeldUpdates updates = storage.held(config.access().heldLimits());
        node.manage(updates);
        return new Held(updates, config.access().isStrict());
    }

    private static AccessFactory.Stores stores(Storage storage) {
        return new AccessFactory.Stores(storage::access, storage::tenants, storage::audit);
    }

    /** The origins of pages that may write and connect from a browser. */
    private static Set<String> pages(KeckConfiguration config) {
        Set<String> pages = new HashSet<>(config.cors().allowed());
        pages.addAll(config.access().cookieOrigins());
        return pages;
    }

    private static NewRooms newRooms(
            KeckConfiguration config, Environment environment, RoomRuntime runtime, Instruments instruments) {
        Rooms rooms = runtime.rooms();
        NewRooms newRooms = new NewRooms(
                config.rooms().newPerAddress(),
                NodeClock.millis(),
                (address, room) -> rooms.isOpen(room) || runtime.exists(room));
        instruments.connections().onBeganRoom(newRooms::began);
        environment.jersey().register(new NewRoomsFilter(newRooms));
        return newRooms;
    }
}
