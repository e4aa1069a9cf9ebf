package io.keck.storage;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.keck.storage.history.HistorySettings;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The {@code history} block of the configuration: whether and for how long the rows of documents are kept, and where. */
public class HistoryFactory {
    private static final String FILES = "filesystem";

    @JsonProperty
    private boolean enabled = true;

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.HOURS)
    @JsonProperty
    private Duration maxAge = Duration.days(30);

    @Min(1_000)
    @JsonProperty
    private long maxRows = 10_000_000;

    @NotNull
    @JsonProperty
    private DataSize maxBytes = DataSize.mebibytes(256);

    @NotNull
    @JsonProperty
    private DataSize maxTenantBytes = DataSize.bytes(0);

    @NotNull
    @JsonProperty
    private Duration keepDeleted = Duration.days(7);

    @NotNull
    @Pattern(regexp = "|database|" + FILES, message = "must be database or filesystem")
    @JsonProperty
    private String store = "database";

    @Valid
    @NotNull
    @JsonProperty
    private VersionsFactory versions = new VersionsFactory();

    /** Null or empty for the directory beside an embedded database; YAML reads an empty value as null. */
    @JsonProperty
    private @Nullable String directory;

    /** How long a deleted document can be brought back. */
    public java.time.Duration keepDeleted() {
        return keepDeleted.toJavaDuration();
    }

    /**
     * The settings.
     *
     * @param embedded the directory of an embedded database; null for PostgreSQL
     * @throws IllegalArgumentException if files have no directory
     */
    HistorySettings settings(@Nullable Path embedded) {
        boolean toFiles = store.equals(FILES);
        Path files = directory == null || directory.isBlank() ? null : Path.of(directory.strip());
        if (files == null && toFiles) {
            if (embedded == null) {
                throw new IllegalArgumentException("history.store is filesystem, but history.directory"
                        + " (KECK_HISTORY_DIRECTORY) names no directory that all nodes share.");
            }
            files = embedded.resolve("history");
        }
        return new HistorySettings(
                enabled,
                maxAge.toJavaDuration(),
                maxRows,
                maxBytes.toBytes(),
                maxTenantBytes.toBytes(),
                HistorySettings.DEFAULT.smallRows(),
                HistorySettings.DEFAULT.smallBytes(),
                files,
                toFiles,
                versions.settings());
    }
}
