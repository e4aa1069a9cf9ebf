package io.keck.auth;

import com.codahale.metrics.health.HealthCheck;
import java.util.function.BooleanSupplier;

/** Whether this node knows what was revoked. */
final class AccessHealth extends HealthCheck {
    private final BooleanSupplier healthy;

    AccessHealth(BooleanSupplier healthy) {
        this.healthy = healthy;
    }

    @Override
    protected Result check() {
        return healthy.getAsBoolean()
                ? Result.healthy()
                : Result.unhealthy("The revocations could not be read for more than "
                        + Revocations.FRESH_MILLIS / 1_000 + " s; credentials that this node does not know are refused.");
    }
}
