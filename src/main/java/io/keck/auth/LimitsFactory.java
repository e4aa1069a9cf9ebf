package io.keck.auth;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.util.DataSize;
import io.keck.access.Limits;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.util.HashMap;
import java.util.Map;

/** The {@code access.limits} block of the configuration: limits per principal. 0 stands for no limit. */
public class LimitsFactory {
    @Min(0)
    @JsonProperty
    private int requestsPerSecond;

    @Min(0)
    @JsonProperty
    private int connections;

    @Min(0)
    @JsonProperty
    private int newDocumentsPerHour;

    @NotNull
    @JsonProperty
    private DataSize bytesPerSecond = DataSize.bytes(0);

    @NotNull
    @JsonProperty
    private DataSize maxDocument = DataSize.bytes(0);

    Limits build() {
        return new Limits(
                        requestsPerSecond,
                        connections,
                        newDocumentsPerHour,
                        bytesPerSecond.toBytes(),
                        maxDocument.toBytes())
                .or(Limits.NONE);
    }

    /** A quota of a tenant. */
    public static class QuotaFactory {
        @Min(0)
        @JsonProperty
        private long documents;

        @NotNull
        @JsonProperty
        private DataSize bytes = DataSize.bytes(0);

        @Min(0)
        @JsonProperty
        private int connections;

        @Min(0)
        @JsonProperty
        private int requestsPerSecond;

        Tenants.Quota build() {
            return new Tenants.Quota(
                    documents == 0 ? Long.MAX_VALUE : documents,
                    bytes.toBytes() == 0 ? Long.MAX_VALUE : bytes.toBytes(),
                    connections == 0 ? Integer.MAX_VALUE : connections,
                    requestsPerSecond == 0 ? Integer.MAX_VALUE : requestsPerSecond);
        }
    }

    /** The {@code access.tenants} block: the quota of each tenant, and exceptions for named tenants. */
    public static class TenantsFactory extends QuotaFactory {
        @Valid
        @NotNull
        @JsonProperty
        private Map<String, @NotNull @Valid QuotaFactory> named = new HashMap<>();

        Map<String, Tenants.Quota> named() {
            Map<String, Tenants.Quota> quotas = new HashMap<>();
            named.forEach((tenant, quota) -> {
                if (tenant.isEmpty() || tenant.indexOf('/') >= 0) {
                    throw new IllegalArgumentException("access.tenants.named: \"" + tenant
                            + "\" is not a tenant: a tenant is the part of a name before the first slash.");
                }
                quotas.put(tenant, quota.build());
            });
            return quotas;
        }
    }
}
