package io.keck.node;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.keck.api.BlobLimits;
import io.keck.api.BlobsResource;
import io.keck.api.TransferFilter;
import io.keck.api.WorkspaceBlobResource;
import io.keck.ops.BlobMeters;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.wing.Host;
import jakarta.servlet.DispatcherType;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.util.EnumSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The {@code blobs} block of the configuration. Defaults are those of {@code config.yml}. */
public class BlobsFactory {
    /** The paths of blobs on the main port. */
    private static final String[] PATHS = {"/api/blobs/*", "/api/workspace/*"};

    @NotNull
    @JsonProperty
    private DataSize maxSize = DataSize.mebibytes(10);

    @Min(1)
    @JsonProperty
    private int maxTransfers = 100;

    /** Null means half of {@link #maxTransfers}. */
    @Min(1)
    @JsonProperty
    private @Nullable Integer maxTransfersPerAddress;

    @NotNull
    @JsonProperty
    private DataSize minRate = DataSize.kibibytes(1);

    @NotNull
    @JsonProperty
    private Duration keepDeleted = Duration.hours(24);

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.MINUTES)
    @JsonProperty
    private Duration abandonedAfter = Duration.hours(1);

    @NotNull
    @MinDuration(value = 10, unit = TimeUnit.MILLISECONDS)
    @JsonProperty
    private Duration sweepEvery = Duration.minutes(1);

    /** Paths whose answers are sent as stored, with their length, and therefore not compressed. */
    public static String[] paths() {
        return PATHS.clone();
    }

    /**
     * Adds blobs to the application.
     *
     * @param deletedNameHold the time after its deletion in which a document cannot be created again
     * @param keepDocuments how long a deleted document can be brought back
     */
    public void build(
            Host host, Storage storage, java.time.Duration deletedNameHold, java.time.Duration keepDocuments) {
        Environment environment = host.environment();
        BlobMeters meters = new BlobMeters(environment.metrics());
        JdbiBlobStore store = storage.blobs(
                JdbiBlobStore.Settings.DEFAULT
                        .withKeepDeleted(keepDeleted.toJavaDuration())
                        .withKeepDocuments(keepDocuments)
                        .withAbandonedAfter(abandonedAfter.toJavaDuration())
                        .withSweepEvery(sweepEvery.toJavaDuration())
                        .withDeletedNameHold(deletedNameHold),
                meters);
        host.manage(store);
        BlobLimits limits = new BlobLimits(
                maxSize.toBytes(),
                maxTransfers,
                maxTransfersPerAddress != null ? maxTransfersPerAddress : Math.max(1, maxTransfers / 2),
                minRate.toBytes());
        TransferFilter filter = new TransferFilter(limits, meters);
        meters.watch(filter::underWay);
        environment
                .servlets()
                .addFilter("blob-transfers", filter)
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, PATHS);
        environment.jersey().register(new BlobsResource(store, limits, meters));
        environment.jersey().register(new WorkspaceBlobResource(store, limits, meters));
    }
}
