package io.keck.auth;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.keck.room.HeldUpdates;
import jakarta.validation.constraints.NotNull;
import java.util.concurrent.TimeUnit;

/** The {@code access.held} block: bounds of the updates that strict authorship holds. */
public class HeldFactory {
    @NotNull
    @JsonProperty
    private DataSize perDocument = DataSize.mebibytes(4);

    @NotNull
    @JsonProperty
    private DataSize perPrincipal = DataSize.mebibytes(16);

    @NotNull
    @JsonProperty
    private DataSize total = DataSize.gibibytes(1);

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.HOURS)
    @JsonProperty
    private Duration keep = Duration.days(30);

    HeldUpdates.Limits build() {
        return new HeldUpdates.Limits(
                perDocument.toBytes(), perPrincipal.toBytes(), total.toBytes(), keep.toMilliseconds());
    }
}
