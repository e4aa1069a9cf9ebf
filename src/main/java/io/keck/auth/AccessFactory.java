package io.keck.auth;

import com.codahale.metrics.Gauge;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.MinDuration;
import io.keck.access.AccessStore;
import io.keck.access.AuditStore;
import io.keck.access.Rule;
import io.keck.access.Rules;
import io.keck.access.TenantSizes;
import io.keck.access.Visit;
import io.keck.room.HeldUpdates;
import io.keck.thread.Threads;
import io.keck.wing.Host;
import jakarta.servlet.DispatcherType;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code access} block of the configuration: the ways to sign in. Defaults are those of {@code config.yml}. */
public class AccessFactory {
    private static final Logger LOG = LoggerFactory.getLogger(AccessFactory.class);
    private static final int MAX_HOOK_BYTES = 256 << 10;

    /** The {@code access.hook} block: the operator's own back end. */
    public static class HookFactory {
        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String url = "";

        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String secret = "";

        @NotNull
        @MinDuration(value = 100, unit = TimeUnit.MILLISECONDS)
        @JsonProperty
        private Duration timeout = Duration.seconds(3);

        @NotNull
        @JsonProperty
        private Duration keep = Duration.seconds(30);
    }

    /** The {@code access.trustedHeaders} block: a proxy that has authenticated the user. */
    public static class HeadersFactory {
        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String names = "";

        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String peers = "127.0.0.1,::1";
    }

    /** A rule of the configuration. */
    public static class RuleFactory {
        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String principal = "";

        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String group = "";

        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String match = "";

        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String role = "";

        ConfiguredRules.Entry build() {
            return new ConfiguredRules.Entry(
                    principal, group, new Rule(match, RuleReader.role(role).rights()));
        }
    }

    @Valid
    @NotNull
    @JsonProperty
    private JwtFactory jwt = new JwtFactory();

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String apiKeysFile = "";

    @Valid
    @NotNull
    @JsonProperty
    private HookFactory hook = new HookFactory();

    @Valid
    @NotNull
    @JsonProperty
    private HeadersFactory trustedHeaders = new HeadersFactory();

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String cookie = "";

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String cookieOrigins = "";

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String anonymous = "";

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String signedIn = "";

    @Valid
    @NotNull
    @JsonProperty
    private List<RuleFactory> rules = new ArrayList<>();

    @NotNull
    @MinDuration(value = 1, unit = TimeUnit.SECONDS)
    @JsonProperty
    private Duration ticketTtl = Duration.seconds(60);

    @NotNull
    @MinDuration(value = 10, unit = TimeUnit.SECONDS)
    @JsonProperty
    private Duration maxAge = Duration.minutes(15);

    @Valid
    @NotNull
    @JsonProperty
    private LimitsFactory limits = new LimitsFactory();

    @Valid
    @NotNull
    @JsonProperty
    private LimitsFactory.TenantsFactory tenants = new LimitsFactory.TenantsFactory();

    /** The {@code access.audit} block: whether the audit log is also kept in the database. */
    public static class AuditFactory {
        @JsonProperty
        private boolean table;

        @NotNull
        @MinDuration(value = 1, unit = TimeUnit.HOURS)
        @JsonProperty
        private Duration keep = Duration.days(90);
    }

    @Valid
    @NotNull
    @JsonProperty
    private AuditFactory audit = new AuditFactory();

    @NotNull
    @Pattern(regexp = "|record|strict", message = "is record or strict")
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String authorship = "record";

    @Valid
    @NotNull
    @JsonProperty
    private HeldFactory held = new HeldFactory();

    /** Whether updates under another principal's client id are held instead of applied. */
    @JsonIgnore
    public boolean isStrict() {
        return authorship.equals("strict");
    }

    /** Returns the bounds of what strict authorship holds. */
    public HeldUpdates.Limits heldLimits() {
        return held.build();
    }

    /** Whether any way to sign in is configured. If none is, access is open. */
    @JsonIgnore
    public boolean isOn() {
        return jwt.isOn()
                || !apiKeysFile.isEmpty()
                || !hook.url.isEmpty()
                || !trustedHeaders.names.isEmpty()
                || !anonymous.isEmpty();
    }

    private static void fresh(Host host, BooleanSupplier isFresh) {
        host.environment().metrics().register("keck.access.fresh", (Gauge<Integer>)
                () -> isFresh.getAsBoolean() ? 1 : 0);
    }

    /**
     * Gives every request on both ports its visit. With open access every request has all rights.
     *
     * @param stores the tables of access; opened only if the configuration needs them
     * @param node the label of this node
     * @param clock milliseconds since 1970 by the database's clock
     * @param steady milliseconds of a steady clock
     * @throws IllegalArgumentException if the block contradicts itself; the message says how
     */
    public void build(Host host, Stores stores, String node, Clock clock, LongSupplier steady) {
        Audit log = audit(host, stores, node, clock, steady);
        host.environment()
                .admin()
                .addFilter("access", new AdminGate(log))
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
        if (!isOn()) {
            fresh(host, () -> true);
            install(host, request -> Visit.OPEN);
            return;
        }
        Access access = access(
                stores.access().get(),
                stores.tenants().get(),
                log,
                node,
                clock::millis,
                steady,
                Threads.pool("access-keys", 1));
        host.manage(access);
        host.environment().jersey().register(new AccessResource(access));
        host.healthCheck("access", access::health);
        fresh(host, () -> access.health().isHealthy());
        install(host, access::visit);
    }

    /** What access stores in the database. Each is opened when it is first needed. */
    public record Stores(Supplier<AccessStore> access, Supplier<TenantSizes> tenants, Supplier<AuditStore> audit) {}

    private Audit audit(Host host, Stores stores, String node, Clock clock, LongSupplier steady) {
        if (!audit.table) {
            return new Audit(steady, node, null);
        }
        AuditTable table = new AuditTable(stores.audit().get(), audit.keep.toMilliseconds(), clock::millis);
        host.manage(table);
        return new Audit(steady, node, table);
    }

    /** Builds the parts without registering them with a server. */
    Access access(
            AccessStore store,
            TenantSizes sizes,
            Audit log,
            String node,
            LongSupplier clock,
            LongSupplier steady,
            ExecutorService fetcher) {
        long maxAgeMillis = maxAge.toMilliseconds();
        ApiKeys keys = apiKeysFile.isEmpty() ? null : new ApiKeys(Path.of(apiKeysFile), log::keys);
        Authenticator.Ways ways = new Authenticator.Ways(
                jwt.isOn() ? jwt.build(maxAgeMillis, fetcher, steady) : null,
                keys,
                hook(maxAgeMillis),
                trustedHeaders.names.isEmpty() ? null : new TrustedHeaders(trustedHeaders.names, trustedHeaders.peers),
                anonymous.isEmpty() ? null : everywhere(anonymous),
                configured(),
                limits.build(),
                hook.keep.toMilliseconds(),
                maxAgeMillis);
        LOG.info("Accepted credentials: {}", String.join(", ", Authenticator.names(ways)));
        Authenticator authenticator = new Authenticator(
                ways,
                new Tickets(store, ticketTtl.toMilliseconds()),
                new Revocations(store, node, steady, maxAgeMillis),
                new Throttle(steady),
                clock);
        return new Access(
                authenticator,
                store,
                keys,
                new Attempt.CookieRule(cookie, new Origins(cookieOrigins)),
                log,
                new Tenants(tenants.build(), tenants.named(), sizes, steady),
                steady);
    }

    private @Nullable AccessHook hook(long maxAgeMillis) {
        if (hook.url.isEmpty()) {
            return null;
        }
        return new AccessHook(
                BoundedHttp.address("access.hook.url", hook.url),
                hook.secret,
                new BoundedHttp(hook.timeout.toMilliseconds(), MAX_HOOK_BYTES),
                maxAgeMillis);
    }

    private static Rules everywhere(String role) {
        return new Rules(List.of(new Rule("*", RuleReader.role(role).rights())));
    }

    private ConfiguredRules configured() {
        List<ConfiguredRules.Entry> entries = new ArrayList<>();
        if (!signedIn.isEmpty()) {
            entries.add(new ConfiguredRules.Entry(
                    "", "", new Rule("*", RuleReader.role(signedIn).rights())));
        }
        rules.forEach(rule -> entries.add(rule.build()));
        return new ConfiguredRules(entries);
    }

    private static void install(Host host, Function<Request, Visit> visits) {
        host.environment().lifecycle().addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStarting(LifeCycle event) {
                if (event instanceof Server server) {
                    server.insertHandler(new VisitHandler(visits));
                }
            }
        });
    }

    /** Returns the origins whose pages may use the cookie, in lower case; empty if no cookie is configured. */
    public Set<String> cookieOrigins() {
        return cookie.isEmpty() ? Set.of() : new Origins(cookieOrigins).allowed();
    }
}
