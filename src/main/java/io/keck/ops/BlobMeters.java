package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import io.keck.metrics.BlobMetrics;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;

/** Counts the uploads, downloads and deletions of blobs, for {@code /metrics} on the admin port. Thread-safe. */
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
        uploads = registry.meter(MetricNames.BLOBS_UPLOADS);
        uploadBytes = registry.meter(MetricNames.BLOBS_UPLOAD_BYTES);
        duplicates = registry.meter(MetricNames.BLOBS_DUPLICATES);
        downloads = registry.meter(MetricNames.BLOBS_DOWNLOADS);
        downloadBytes = registry.meter(MetricNames.BLOBS_DOWNLOAD_BYTES);
        downloadsAborted = registry.meter(MetricNames.BLOBS_DOWNLOADS_ABORTED);
        deleted = registry.meter(MetricNames.BLOBS_DELETED);
        sweptBytes = registry.meter(MetricNames.BLOBS_SWEPT_BYTES);
        sweepFailures = registry.meter(MetricNames.BLOBS_SWEEP_FAILURES);
        for (Refusal why : Refusal.values()) {
            String name = why.name().toLowerCase(Locale.ROOT).replace('_', '-');
            refused.put(why, registry.meter(MetricNames.BLOBS_REFUSED + name));
        }
    }

    /** Registers the gauge of transfers under way, which is read at each scrape. */
    public void watch(IntSupplier underWay) {
        registry.register(MetricNames.BLOBS_TRANSFERS, (Gauge<Integer>) underWay::getAsInt);
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
