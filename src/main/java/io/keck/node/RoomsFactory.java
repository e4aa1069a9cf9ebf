package io.keck.node;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.keck.ops.RoomChecks;
import io.keck.ops.RoomMeters;
import io.keck.room.Bus;
import io.keck.room.DocumentLimits;
import io.keck.room.Held;
import io.keck.room.RoomSettings;
import io.keck.room.UpdateLog;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The {@code rooms} block of the configuration: limits and times of rooms. */
public class RoomsFactory {
    @NotNull
    @JsonProperty
    private DataSize maxBacklog = DataSize.mebibytes(2);

    @NotNull
    @JsonProperty
    private DataSize maxInbound = DataSize.mebibytes(8);

    @NotNull
    @JsonProperty
    private DataSize maxUnsaved = DataSize.mebibytes(64);

    @JsonProperty
    private @Nullable DataSize maxUnsavedTotal;

    @JsonProperty
    private @Nullable DataSize documentHeap;

    @NotNull
    @JsonProperty
    private DataSize maxAwarenessState = DataSize.kibibytes(64);

    @Min(1)
    @JsonProperty
    private int maxAwarenessStates = 100;

    @JsonProperty
    private @Nullable DataSize maxDocument;

    @Min(1)
    @JsonProperty
    private int maxDocumentClients = DocumentLimits.DEFAULT.maxClients();

    @Min(1)
    @JsonProperty
    private long maxDocumentStructs = DocumentLimits.DEFAULT.maxStructs();

    @Min(1_000_000)
    @JsonProperty
    private long maxDocumentSteps = DocumentLimits.DEFAULT.maxSteps();

    @Min(1)
    @JsonProperty
    private int newPerAddress = 10_000;

    @NotNull
    @JsonProperty
    private Duration saveTimeout = Duration.seconds(2);

    @NotNull
    @JsonProperty
    private Duration retryAfter = Duration.milliseconds(500);

    @NotNull
    @JsonProperty
    private Duration keepAlive = Duration.seconds(20);

    @NotNull
    @JsonProperty
    private Duration stuckAfter = Duration.seconds(60);

    @NotNull
    @JsonProperty
    private Duration unloadAfter = Duration.seconds(30);

    @NotNull
    @JsonProperty
    private Duration deletedNameHold = Duration.seconds(60);

    @NotNull
    @JsonProperty
    private Duration compareEvery = Duration.seconds(3);

    @NotNull
    @MinDuration(value = 10, unit = TimeUnit.MILLISECONDS)
    @JsonProperty
    private Duration compareEveryWithoutBus = Duration.milliseconds(200);

    /** The settings of rooms. */
    public RoomSettings settings() {
        return RoomSettings.builder()
                .maxBacklog(maxBacklog.toBytes())
                .maxInbound(maxInbound.toBytes())
                .maxUnsaved(maxUnsaved.toBytes())
                .maxUnsavedTotal(
                        maxUnsavedTotal == null ? Runtime.getRuntime().maxMemory() / 4 : maxUnsavedTotal.toBytes())
                .maxAwarenessState(Math.toIntExact(maxAwarenessState.toBytes()))
                .maxAwarenessStates(maxAwarenessStates)
                .saveTimeout(saveTimeout.toMilliseconds())
                .retryAfter(retryAfter.toMilliseconds())
                .keepAlive(keepAlive.toMilliseconds())
                .stuckAfter(stuckAfter.toMilliseconds())
                .unloadAfter(unloadAfter.toMilliseconds())
                .deletedNameHold(deletedNameHold.toMilliseconds())
                .compareEvery(compareEvery.toMilliseconds())
                .compareEveryWithoutBus(compareEveryWithoutBus.toMilliseconds())
                .document(new DocumentLimits(maxDocument(), maxDocumentClients, maxDocumentStructs, maxDocumentSteps))
                .build();
    }

    /** The largest document, in bytes, that this node can load again. */
    private long maxDocument() {
        return maxDocument != null
                ? maxDocument.toBytes()
                : Math.min(
                        DocumentLimits.DEFAULT.maxBytes(), Runtime.getRuntime().maxMemory() / 12);
    }

    /**
     * Builds the rooms of a node, with their gauges and health checks.
     *
     * @param drainMillis how long a shutdown waits for pending updates to be committed
     * @param held holds updates under another principal's client ids; null where authorship is only recorded
     */
    public RoomRuntime build(
            Node node, UpdateLog log, Bus bus, Instruments instruments, long drainMillis, @Nullable Held held) {
        RoomMeters meters = instruments.rooms();
        RoomSettings settings = settings();
        RoomRuntime runtime = new RoomRuntime(
                node, log, bus, settings, meters, documentHeap(), drainMillis, instruments.ledger(), held);
        meters.watch(runtime.rooms(), documentHeap(), settings.maxUnsavedTotal());
        RoomChecks.register(node.environment().healthChecks(), runtime.rooms(), meters);
        node.manage(runtime);
        node.environment().lifecycle().addEventListener(runtime);
        return runtime;
    }

    /** The number of documents that one address may create in an hour. */
    public int newPerAddress() {
        return newPerAddress;
    }

    /** The most heap that the documents of back ends may take together, in bytes. */
    private long documentHeap() {
        return documentHeap != null
                ? documentHeap.toBytes()
                : Runtime.getRuntime().maxMemory() / 4;
    }
}
