package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import io.keck.blob.BlobMetrics;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;

/** Counts what happens to blobs, for {@code /metrics} on the admin port. Thread-safe. */
public final class BlobMeters implements BlobMetrics {
    private final MetricRegistry registry;
    private final Meter uploads;
    private final Meter uploadBytes;
    private final Meter duplicates;
    private final Meter downloads;
    private final Meter downloadBytes;
    private final Meter downloadsAborted;
    private final Meter deleted;
    private final Meter sweptBytes;
    private final Meter sweepFailures;
    private final Map<Refusal, Meter> refused = new EnumMap<>(Refusal.class);

    /** Registers {@code keck.blobs.*}. */
    public BlobMeters(MetricRegistry registry) {
        this.registry = registry;
        uploads = registry.meter("keck.blobs.uploads");
        uploadBytes = registry.meter("keck.blobs.upload-bytes");
        duplicates = registry.meter("keck.blobs.upload-duplicates");
        downloads = registry.meter("keck.blobs.downloads");
        downloadBytes = registry.meter("keck.blobs.download-bytes");
        downloadsAborted = registry.meter("keck.blobs.downloads-aborted");
        deleted = registry.meter("keck.blobs.deleted");
        sweptBytes = registry.meter("keck.blobs.swept-bytes");
        sweepFailures = registry.meter("keck.blobs.sweep-failures");
        for (Refusal why : Refusal.values()) {
            String name = why.name().toLowerCase(Locale.ROOT).replace('_', '-');
            refused.put(why, registry.meter("keck.blobs.refused-" + name));
        }
    }

    /** Registers what is asked for when somebody looks. */
    public void watch(IntSupplier underWay) {
        registry.register("keck.blobs.transfers", (Gauge<Integer>) underWay::getAsInt);
    }

    @Override
    public void uploaded(long bytes, boolean duplicate) {
        uploads.mark();
        uploadBytes.mark(bytes);
        if (duplicate) {
            duplicates.mark();
        }
    }

    @Override
    public void refused(Refusal why) {
        Objects.requireNonNull(refused.get(why)).mark();
    }

    @Override
    public void downloaded(long bytes) {
        downloads.mark();
        downloadBytes.mark(bytes);
    }

    @Override
    public void downloadAborted() {
        downloadsAborted.mark();
    }

    @Override
    public void deleted() {
        deleted.mark();
    }

    @Override
    public void swept(long bytes) {
        sweptBytes.mark(bytes);
    }

    @Override
    public void sweepFailed() {
        sweepFailures.mark();
    }
}
