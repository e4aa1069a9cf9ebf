package io.keck;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.keck.room.RoomSettings;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The {@code rooms} block of the configuration: what a room may spend. */
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

    /** The block as the rooms take it. */
    RoomSettings settings() {
        return new RoomSettings(
                maxBacklog.toBytes(),
                maxInbound.toBytes(),
                maxUnsaved.toBytes(),
                maxUnsavedTotal == null ? Runtime.getRuntime().maxMemory() / 4 : maxUnsavedTotal.toBytes(),
                Math.toIntExact(maxAwarenessState.toBytes()),
                maxAwarenessStates,
                saveTimeout.toMilliseconds(),
                retryAfter.toMilliseconds(),
                keepAlive.toMilliseconds(),
                stuckAfter.toMilliseconds(),
                unloadAfter.toMilliseconds(),
                deletedNameHold.toMilliseconds(),
                compareEvery.toMilliseconds(),
                compareEveryWithoutBus.toMilliseconds());
    }

    /** Documents that one address may begin in an hour. */
    int newPerAddress() {
        return newPerAddress;
    }

    /** Bytes of heap that the documents of back ends may take, of all rooms together. */
    long documentHeap() {
        return documentHeap != null
                ? documentHeap.toBytes()
                : Runtime.getRuntime().maxMemory() / 4;
    }
}
