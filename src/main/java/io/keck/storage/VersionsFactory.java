package io.keck.storage;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.dropwizard.validation.ValidationMethod;
import io.keck.storage.history.VersionSettings;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.util.concurrent.TimeUnit;

/** The {@code history.versions} block of the configuration: when Keck makes versions without a request. */
public class VersionsFactory {
    @JsonProperty
    private boolean automatic = true;

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.MINUTES)
    @JsonProperty
    private Duration afterIdle = Duration.minutes(5);

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.MINUTES)
    @JsonProperty
    private Duration every = Duration.minutes(10);

    @NotNull
    @JsonProperty
    private DataSize afterBytes = DataSize.kibibytes(256);

    @NotNull
    @JsonProperty
    private Duration afterPause = Duration.minutes(2);

    @NotNull
    @JsonProperty
    private Duration hourlyAfter = Duration.days(1);

    @NotNull
    @JsonProperty
    private Duration dailyAfter = Duration.days(7);

    @Min(1)
    @Max(10_000)
    @JsonProperty
    private int maxAutomatic = 1_000;

    /** Whether versions first become hourly and then daily. */
    @JsonIgnore
    @ValidationMethod(message = "dailyAfter must not be shorter than hourlyAfter")
    public boolean isHourlyBeforeDaily() {
        return dailyAfter.toMilliseconds() >= hourlyAfter.toMilliseconds();
    }

    VersionSettings settings() {
        return new VersionSettings(
                automatic,
                afterIdle.toJavaDuration(),
                every.toJavaDuration(),
                afterBytes.toBytes(),
                afterPause.toJavaDuration(),
                hourlyAfter.toJavaDuration(),
                dailyAfter.toJavaDuration(),
                maxAutomatic);
    }
}
