package io.keck;

import io.dropwizard.core.Application;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.keck.command.Commands;
import io.keck.config.ConfigurationReader;
import io.keck.http.MainPort;
import io.keck.node.AdminTasks;
import io.keck.node.BlobsFactory;
import io.keck.node.Connectors;
import io.keck.node.Instruments;
import io.keck.node.Kicks;
import io.keck.node.Node;
import io.keck.node.NodeClock;
import io.keck.node.NodeLabel;
import io.keck.node.Readiness;
import io.keck.node.RoomRuntime;
import io.keck.ops.FrontPageServlet;
import io.keck.room.Bus;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.socket.Sockets;
import io.keck.socket.UpgradeFilter;
import io.keck.storage.JdbiUpdateLog;
import io.keck.thread.OutOfMemory;
import io.keck.webhook.Webhooks;

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
        Commands.addOwn(bootstrap, KeckConfiguration.class);
    }

    @Override
    protected void onFatalError(Throwable error) {
        System.exit(Commands.exitStatus(error));
    }

    @Override
    public void run(KeckConfiguration config, Environment environment) {
        Connectors.prepare(config.getServerFactory(), config.openAccess(), BlobsFactory.paths());
        MainPort.install(environment, UpgradeFilter.CONNECTION_HEADER_MISSING);
        Node node = new Node(environment);
        Instruments instruments = Instruments.of(node);
        RoomSettings settings = config.rooms().settings();
        String label = config.nodeIdOrRandom();

        JdbiUpdateLog log = config.database().build(node, label, settings.deletedNameHold(), instruments.log());
        Bus bus = config.redis().build(node, log.nodes().cluster(), label, log.clock(), instruments.bus());
        RoomRuntime runtime = config.rooms()
                .build(
                        node,
                        log,
                        bus,
                        instruments.rooms(),
                        config.drainTimeout().toMilliseconds());
        Rooms rooms = runtime.rooms();
        if (config.hasNodeId()) {
            node.manage(new NodeLabel(log.nodes(), label));
        }
        Sockets sockets = config.socket()
                .build(
                        node,
                        rooms,
                        settings,
                        NodeClock.millis(),
                        runtime.gatekeeper(log::isResponsive),
                        instruments.connections());
        Webhooks webhooks = config.webhook()
                .build(
                        node,
                        log.cursors(),
                        log.changes(),
                        log::onCommitted,
                        log.isShared(),
                        log.clock(),
                        label,
                        instruments.feed());
        config.api().build(node, rooms, log.changes(), instruments.feed(), webhooks);
        config.blobs().build(node, log, settings.deletedNameHold());
        config.cors().build(environment);
        Kicks kicks = Kicks.build(node, rooms, sockets, bus, log);
        new AdminTasks(runtime, log, sockets, kicks).addTo(environment);
        new Readiness(runtime, log, config.readyRequiresDatabase()).addTo(environment);
        FrontPageServlet.addTo(environment, config.api().isDescribed());
    }
}
