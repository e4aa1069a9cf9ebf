package io.keck.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.util.DataSize;
import io.keck.access.Grant;
import io.keck.feed.ChangeLog;
import io.keck.feed.Hooks;
import io.keck.heap.AddressFlow;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.history.HistoryPorts;
import io.keck.history.PastStates;
import io.keck.metrics.FeedMetrics;
import io.keck.room.DocumentLimits;
import io.keck.room.Documents;
import io.keck.room.Exports;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.room.Watcher;
import io.keck.thread.Threads;
import io.keck.wing.Host;
import jakarta.servlet.DispatcherType;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.component.LifeCycle;
import org.glassfish.jersey.server.ServerProperties;
import org.jspecify.annotations.Nullable;

/** The {@code api} block of the configuration: limits of requests. Builds the HTTP interface. */
public class ApiFactory {
    private static final int FEED_THREADS = 2;
    /** Threads that write whole documents down. */
    private static final int EXPORT_THREADS = 2;
    /** The number of threads that build documents of the past and prepare restorations. */
    private static final int HISTORY_THREADS = 2;
    /** Calls that read history or wait for one of these threads: of all addresses, and of one. */
    private static final int HISTORY_CALLS = 64;

    private static final int HISTORY_CALLS_PER_ADDRESS = 8;

    @NotNull
    @JsonProperty
    private DataSize maxBody = DataSize.mebibytes(2);

    @NotNull
    @JsonProperty
    private DataSize maxUpdate = DataSize.mebibytes(64);

    /** A body wraps a value in one more level; documents accept no deeper values. */
    @Min(1)
    @Max(1000)
    @JsonProperty
    private int maxJsonDepth = 100;

    @NotNull
    @JsonProperty
    private DataSize minRate = DataSize.kibibytes(1);

    @JsonProperty
    private boolean docs = true;

    @Min(1)
    @JsonProperty
    private int maxStreams = 1_000;

    /** Null for half of {@code maxStreams}. */
    @Min(1)
    @JsonProperty
    private @Nullable Integer maxStreamsPerAddress;

    @Min(1)
    @JsonProperty
    private int maxSlowBodies = 256;

    /** Null for a quarter of {@code maxSlowBodies}. */
    @Min(1)
    @JsonProperty
    private @Nullable Integer maxSlowBodiesPerAddress;

    /** A folder for answers that are too large for memory; empty for the JVM's temporary files. */
    @JsonProperty
    private @Nullable String spool;

    @NotNull
    @JsonProperty
    private DataSize maxSpooled = DataSize.mebibytes(512);

    /** Null for half of {@code maxSpooled}. */
    @JsonProperty
    private @Nullable DataSize maxSpooledPerAddress;

    /** Bytes per second sent to one address; 0 for no limit. */
    @NotNull
    @JsonProperty
    private DataSize sentPerSecond = DataSize.bytes(0);

    /** Where clients reach this server; empty for the address that a request names. */
    @Pattern(
            regexp = "(https?://[A-Za-z0-9.:\\[\\]_-]+(/[A-Za-z0-9._~-]+)*/?)?",
            message = "must be http(s)://host[:port][/path], or empty")
    @JsonProperty
    private @Nullable String publicUrl;

    /** Whether the description at {@code /api/docs/} is served. */
    public boolean isDescribed() {
        return docs;
    }

    /**
     * The sources of changes.
     *
     * @param rooms follows rooms
     * @param past the logs of rooms, and the history that is kept
     * @param ledger the ledger of the heap
     * @param maxSteps the steps of integration that the document of an event stream may take
     */
    record Feed(
            EventStreams.Rooms rooms,
            HistoryPorts past,
            FeedMetrics metrics,
            Hooks hooks,
            HeapLedger ledger,
            long maxSteps) {
        /** Creates a feed with an unlimited heap. */
        Feed(EventStreams.Rooms rooms, HistoryPorts past, FeedMetrics metrics, Hooks hooks) {
            this(rooms, past, metrics, hooks, HeapLedger.unlimited(), DocumentLimits.DEFAULT.maxSteps());
        }
    }

    /**
     * Registers all resources, the answers to failures, the description of the interface unless it is off, and the
     * ticks and gauges of event streams.
     */
    public void build(
            Host host,
            Rooms rooms,
            HistoryPorts ports,
            FeedMetrics metrics,
            Hooks hooks,
            HeapLedger ledger,
            RoomSettings settings) {
        Feed feed = new Feed(
                following(rooms),
                ports,
                metrics,
                hooks,
                ledger,
                settings.document().maxSteps());
        build(host, rooms.documents(), feed, System::currentTimeMillis, System::nanoTime);
    }

    private static EventStreams.Rooms following(Rooms rooms) {
        return new EventStreams.Rooms() {
            @Override
            public Runnable watch(Grant grant, Watcher watcher) {
                return rooms.watch(grant, watcher);
            }

            @Override
            public CompletionStage<Boolean> find(Grant grant) {
                return rooms.find(grant);
            }
        };
    }

    /**
     * As the other {@code build}, with clocks.
     *
     * @param clock milliseconds since 1970
     * @param nanos a steady clock
     */
    void build(Host host, Documents documents, Feed feed, LongSupplier clock, LongSupplier nanos) {
        Environment environment = host.environment();
        // resolved at run time: the server's threads write answers, as if they had waited for them
        Executor writers = task ->
                environment.getApplicationContext().getServer().getThreadPool().execute(task);
        ApiLimits limits = new ApiLimits(
                Math.toIntExact(maxBody.toBytes()),
                Math.toIntExact(maxUpdate.toBytes()),
                maxJsonDepth,
                minRate.toBytes());
        Spools spools = spools();
        AddressFlow sent = new AddressFlow(sentPerSecond.toBytes(), () -> nanos.getAsLong() / 1_000_000);
        feed.metrics().watchAnswers(spools::bytes, spools::refused, sent::held);
        DocumentCalls calls = new DocumentCalls(
                documents, writers, new Bodies(limits, nanos), feed.ledger(), spools, exports(environment));
        var jersey = environment.jersey();
        // an answer without a body stays empty instead of getting the servlet container's error page
        jersey.property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        EventStreams streams = streams(environment, feed, sent, nanos);
        host.everyTick("streams", streams::tick);
        feed.metrics().watchStreams(streams::size);
        components(calls, streams, feed.past().logs().history(), feed.hooks(), clock, nanos)
                .forEach(jersey::register);
        history(documentHistory(environment, calls, feed, spools, nanos)).forEach(jersey::register);
        bodies(environment, feed.ledger());
        jersey.register(new GrantedAnswers());
        jersey.register(new LargeAnswers(
                feed.ledger(), waiting(), writing(), new AnswerRates(sent, Thread::sleep), limits.minRate(), nanos));
        environment
                .servlets()
                .addFilter("content-type", new ContentTypeFilter())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/api/*");
    }

    /** Files for answers that are too large for memory. */
    private Spools spools() {
        Path folder = Path.of(spool == null || spool.isEmpty() ? System.getProperty("java.io.tmpdir") : spool);
        long most = maxSpooled.toBytes();
        return new Spools(folder, most, maxSpooledPerAddress == null ? most / 2 : maxSpooledPerAddress.toBytes());
    }

    private static Exports exports(Environment environment) {
        return new Exports(pool(environment, "export", EXPORT_THREADS), EXPORT_THREADS);
    }

    /** Threads that end with the server. */
    private static ExecutorService pool(Environment environment, String name, int size) {
        ExecutorService threads = Threads.pool(name, size);
        environment.lifecycle().addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStopped(LifeCycle event) {
                threads.shutdown();
            }
        });
        return threads;
    }

    private static DocumentHistory documentHistory(
            Environment environment, DocumentCalls calls, Feed feed, Spools spools, LongSupplier nanos) {
        Executor threads = pool(environment, "history", HISTORY_THREADS);
        AddressShares places = new AddressShares(HISTORY_CALLS, HISTORY_CALLS_PER_ADDRESS);
        HistoryWork work = new HistoryWork(threads, places, feed.ledger(), spools, feed.maxSteps());
        PastCache past = new PastCache(new PastStates(feed.past().reader()), feed.ledger(), nanos);
        return new DocumentHistory(calls, work, past, feed.past().versions());
    }

    /** The components for one document, now and in the past. */
    List<Object> history(DocumentHistory past) {
        return List.of(
                new DocumentResource(past.calls(), past),
                new DocumentChangesResource(past),
                new DocumentDiffResource(past),
                new DocumentVersionsResource(past),
                new RestoreResource(past));
    }

    private AddressShares streamShares() {
        int each = maxStreamsPerAddress != null ? maxStreamsPerAddress : Math.max(1, maxStreams / 2);
        return new AddressShares(maxStreams, each);
    }

    /** The places for threads that wait for slow clients. */
    private AddressShares waiting() {
        int each = maxSlowBodiesPerAddress != null ? maxSlowBodiesPerAddress : Math.max(1, maxSlowBodies / 4);
        return new AddressShares(maxSlowBodies, each);
    }

    /**
     * The places for threads that write small answers. An honest client occupies one for some microseconds, so one
     * address may have half of them. Together with the places for bodies and large answers they are three quarters of
     * the server's threads, which leaves the rest for WebSockets and health checks.
     */
    private AddressShares writing() {
        return new AddressShares(maxSlowBodies, Math.max(1, maxSlowBodies / 2));
    }

    private void bodies(Environment environment, HeapLedger ledger) {
        environment
                .servlets()
                .addFilter("bodies", new BodyFilter(waiting(), ledger))
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/api/*", "/collaboration/*");
    }

    /**
     * Builds the event streams, which end when the server begins to stop, because a connector waits for running calls.
     */
    private EventStreams streams(Environment environment, Feed feed, AddressFlow sent, LongSupplier nanos) {
        ExecutorService turns = Threads.pool("feed", FEED_THREADS);
        EventStreams streams = new EventStreams(
                feed.rooms(),
                feed.past().logs().live(),
                feed.metrics(),
                turns,
                () -> nanos.getAsLong() / 1_000_000,
                maxStreams,
                streamShares(),
                feed.ledger(),
                sent,
                feed.maxSteps());
        environment.lifecycle().addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStopping(LifeCycle event) {
                streams.close();
            }

            @Override
            public void lifeCycleStopped(LifeCycle event) {
                turns.shutdown();
            }
        });
        return streams;
    }

    /** All components registered with Jersey. */
    List<Object> components(
            DocumentCalls calls,
            EventStreams streams,
            ChangeLog history,
            Hooks hooks,
            LongSupplier clock,
            LongSupplier nanos) {
        List<Object> all = new ArrayList<>(List.of(
                new RawPathFilter(),
                new NeedsFilter(),
                new KeyFilter(calls.bodies()),
                new UnreadBodyFilter(calls.bodies()),
                new UnwantedBodyFilter(calls.bodies()),
                new Failures(),
                new DocumentsResource(calls),
                new UpdatesResource(calls),
                new StateVectorResource(calls),
                new DiffResource(calls),
                new RootsResource(calls),
                new PresenceResource(calls),
                new WorkspaceResource(calls),
                new InitResource(calls),
                new ExportResource(calls),
                new BlocksResource(calls),
                new FlavourResource(calls),
                new KeysResource(calls),
                new HistoryResource(calls, history, streams::execute),
                new ClientResource(calls),
                new ClientsResource(calls),
                new SseResource(streams),
                new SubscribeResource(calls, hooks),
                new HookResource(calls),
                new BlockResource(calls, clock),
                new MapResource(calls),
                new ArrayResource(calls),
                new TextResource(calls),
                new XmlResource(calls),
                new MessageResource(calls, () -> nanos.getAsLong() / 1_000_000),
                new YSweetResource(calls, new PublicAddress(publicUrl == null ? "" : publicUrl))));
        if (calls.documents().held() != null) {
            all.add(new HeldResource(calls));
        }
        if (docs) {
            all.add(new OpenApiResource());
            all.add(new DocsResource());
        }
        return all;
    }

    /** Sets limits of large answers, for tests. */
    void spool(String folder, long most, long perAddress) {
        spool = folder;
        maxSpooled = DataSize.bytes(most);
        maxSpooledPerAddress = DataSize.bytes(perAddress);
    }

    /** Sets limits of bodies, for tests. */
    void limit(int body, int update, int jsonDepth, long rate, boolean described) {
        maxBody = DataSize.bytes(body);
        maxUpdate = DataSize.bytes(update);
        maxJsonDepth = jsonDepth;
        minRate = DataSize.bytes(rate);
        docs = described;
    }
}
