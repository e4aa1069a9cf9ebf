package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Allowance;
import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Rules;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What principals and tenants may take of a node. The grant without limits is the twin of each test: it takes as it likes. */
class UsageTest {
    private static final String BOARD = "team-1/board";

    private final AtomicLong now = new AtomicLong(1_000_000);
    private final FakeTenantSizes sizes = new FakeTenantSizes();

    private Usage usage(Tenants.Quota quota) {
        return new Usage(new Tenants(quota, Map.of(), sizes, now::get), now::get);
    }

    private final Usage usage = usage(Tenants.Quota.NONE);

    private static Grant grant(String principal, Limits limits, String document) {
        Principal who = principal.isEmpty() ? Principal.ANONYMOUS : new Principal(principal, "");
        return new Caller(who, "", Rules.ALL, limits, Map.of(), 0, Caller.NEVER, 0).on(document);
    }

    private static Grant free(String principal) {
        return grant(principal, Limits.NONE, BOARD);
    }

    private Allowance of(Grant grant) {
        return usage.of(grant, "192.0.2.1");
    }

    // ------------------------------------------------------------------ principals

    @Test
    void requests_areLimitedByPrincipal_andTenSecondsWorthMayComeAtOnce() {
        Caller alice = grant("alice", Limits.ofRequests(2), BOARD).caller();
        for (int i = 0; i < 20; i++) {
            assertThat(usage.request(alice, "192.0.2.1", BOARD)).isZero();
        }
        assertThat(usage.request(alice, "192.0.2.1", BOARD)).isEqualTo(1);
        Caller bob = grant("bob", Limits.ofRequests(2), BOARD).caller();
        assertThat(usage.request(bob, "192.0.2.1", BOARD)).isZero();
        now.addAndGet(500);
        assertThat(usage.request(alice, "192.0.2.1", BOARD)).isZero();
        for (int i = 0; i < 1_000; i++) {
            assertThat(usage.request(free("alice").caller(), "192.0.2.1", BOARD))
                    .isZero();
        }
    }

    /** Everybody without a credential has the same principal; one of them takes nothing from the others. */
    @Test
    void anonymousRequests_areLimitedByAddress() {
        Caller anonymous = grant("", Limits.ofRequests(1), BOARD).caller();
        for (int i = 0; i < 10; i++) {
            assertThat(usage.request(anonymous, "192.0.2.1", BOARD)).isZero();
        }
        assertThat(usage.request(anonymous, "192.0.2.1", BOARD)).isPositive();
        assertThat(usage.request(anonymous, "192.0.2.2", BOARD)).isZero();
    }

    @Test
    void connections_areCountedWhileTheyAreOpen() {
        Grant grant = grant("alice", new Limits(0, 2, 0, 0, 0).or(Limits.NONE), BOARD);
        Runnable one = Objects.requireNonNull(usage.enter(grant, "192.0.2.1"));
        assertThat(of(grant).connection()).isNull();
        Runnable two = Objects.requireNonNull(usage.enter(grant, "192.0.2.1"));
        assertThat(of(grant).connection())
                .satisfies(refused -> assertThat(refused.fault()).isEqualTo(Fault.LIMIT))
                .satisfies(refused -> assertThat(refused.retryAfterSeconds()).isPositive());
        assertThat(usage.enter(grant, "192.0.2.1")).isNull();
        Runnable free = Objects.requireNonNull(usage.enter(free("alice"), "192.0.2.1"));
        one.run();
        one.run(); // counts once
        assertThat(usage.enter(grant, "192.0.2.1"))
                .as("two and the free one are open")
                .isNull();
        free.run();
        assertThat(usage.enter(grant, "192.0.2.1")).isNotNull().satisfies(Runnable::run);
        two.run();
        assertThat(usage.connected()).as("nothing is kept of what has ended").isZero();
    }

    @Test
    void newDocuments_areLimitedByTheHour() {
        Grant grant = grant("alice", new Limits(0, 0, 3, 0, 0).or(Limits.NONE), BOARD);
        for (int i = 0; i < 3; i++) {
            assertThat(of(grant).newDocument()).isNull();
            of(grant).madeDocument();
            of(free("bob")).madeDocument();
        }
        assertThat(of(grant).newDocument())
                .satisfies(refused -> assertThat(refused.retryAfterSeconds()).isEqualTo(1_200));
        assertThat(of(free("bob")).newDocument()).isNull();
        now.addAndGet(1_200_000);
        assertThat(of(grant).newDocument()).isNull();
    }

    @Test
    void bytes_areReadMoreSlowlyBeyondTheRate() {
        Grant grant = grant("alice", new Limits(0, 0, 0, 100, 0).or(Limits.NONE), BOARD);
        assertThat(of(grant).received(1_000)).isZero();
        assertThat(of(grant).bytes()).isNull();
        assertThat(of(grant).received(50)).isEqualTo(500);
        assertThat(of(grant).bytes())
                .satisfies(refused -> assertThat(refused.fault()).isEqualTo(Fault.LIMIT));
        assertThat(of(free("bob")).received(1 << 20)).isZero();
        now.addAndGet(500);
        assertThat(of(grant).bytes()).isNull();
    }

    @Test
    void documents_growUpToTheLimitOfTheirWriter() {
        Grant grant = grant("alice", new Limits(0, 0, 0, 0, 500).or(Limits.NONE), BOARD);
        assertThat(of(grant).whyNotGrow(500)).isNull();
        assertThat(of(grant).whyNotGrow(501)).contains("500 bytes");
        assertThat(of(free("bob")).whyNotGrow(501)).isNull();
    }

    // ------------------------------------------------------------------ tenants

    @Test
    void tenant_isWhatStandsBeforeTheFirstSlash() {
        assertThat(Tenants.of("a/b/c")).isEqualTo("a");
        assertThat(Tenants.of("a")).isNull();
        assertThat(Tenants.of("/a")).isNull();
        assertThat(Tenants.of(null)).isNull();
    }

    @Test
    void requestsAndConnectionsOfATenant_areThoseOfAllItsPrincipals() {
        Usage shared = usage(new Tenants.Quota(Long.MAX_VALUE, Long.MAX_VALUE, 2, 1));
        for (int i = 0; i < 10; i++) {
            assertThat(shared.request(free("user-" + i).caller(), "192.0.2." + i, BOARD))
                    .isZero();
        }
        assertThat(shared.request(free("user-11").caller(), "192.0.2.11", BOARD))
                .isEqualTo(1);
        assertThat(shared.request(free("user-11").caller(), "192.0.2.11", "team-2/board"))
                .isZero();
        assertThat(shared.request(free("user-11").caller(), "192.0.2.11", "board"))
                .isZero();
        assertThat(shared.request(free("user-11").caller(), "192.0.2.11", null)).isZero();

        Runnable one = Objects.requireNonNull(shared.enter(free("alice"), "192.0.2.1"));
        Runnable two = Objects.requireNonNull(shared.enter(free("bob"), "192.0.2.1"));
        assertThat(shared.of(free("carol"), "192.0.2.1").connection()).isNotNull();
        assertThat(shared.enter(free("carol"), "192.0.2.1")).isNull();
        assertThat(shared.enter(grant("carol", Limits.NONE, "team-2/board"), "192.0.2.1"))
                .isNotNull();
        one.run();
        assertThat(shared.enter(free("carol"), "192.0.2.1")).isNotNull().satisfies(Runnable::run);
        two.run();
        assertThat(shared.connected()).isEqualTo(2); // carol and team-2
    }

    @Test
    void tenantAtItsQuota_makesNoDocumentsAndStoresNothing() {
        Usage shared = usage(new Tenants.Quota(2, 1_000, Integer.MAX_VALUE, Integer.MAX_VALUE));
        sizes.documents.put("team-1/a", 400L);
        sizes.blobs.put("team-1/a", 300L);
        sizes.documents.put("team-10/a", 5_000L);
        Allowance left = shared.of(free("alice"), "192.0.2.1");
        assertThat(left.newDocument()).isNull();
        assertThat(left.storage()).isNull();
        shared.tenants().turn();
        assertThat(left.newDocument()).isNull();
        left.madeDocument();
        assertThat(left.newDocument())
                .satisfies(refused -> assertThat(refused.fault()).isEqualTo(Fault.QUOTA));
        left.stored(299);
        assertThat(left.storage()).isNull();
        left.stored(1);
        assertThat(left.storage())
                .satisfies(refused -> assertThat(refused.fault()).isEqualTo(Fault.QUOTA));
        assertThat(left.whyNotGrow(1)).isEqualTo(Fault.QUOTA.sentence());
        assertThat(shared.of(grant("alice", Limits.NONE, "team-2/a"), "192.0.2.1")
                        .storage())
                .isNull();
    }

    @Test
    void whatIsDeleted_makesRoomWithTheNextMeasurement() {
        Usage shared = usage(new Tenants.Quota(1, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
        sizes.documents.put("team-1/a", 1L);
        Allowance left = shared.of(free("alice"), "192.0.2.1");
        left.newDocument(); // the tenant is in use
        shared.tenants().turn();
        assertThat(left.newDocument()).isNotNull();
        sizes.documents.clear();
        shared.tenants().turn();
        assertThat(left.newDocument()).as("measured a moment ago").isNotNull();
        now.addAndGet(Tenants.MEASURE_AGAIN_MILLIS);
        shared.tenants().turn();
        assertThat(left.newDocument()).isNull();
    }

    /** Deleting and filling again gets nobody more than the quota: the bytes are still stored. */
    @Test
    void whatIsDeleted_countsWhileItIsStored() {
        Usage shared = usage(new Tenants.Quota(1, 1_000, Integer.MAX_VALUE, Integer.MAX_VALUE));
        sizes.deletedDocuments.put("team-1/a", 600L);
        sizes.deletedBlobs.put("team-1/a", 399L);
        Allowance left = shared.of(free("alice"), "192.0.2.1");
        assertThat(left.storage()).isNull(); // the tenant is in use
        shared.tenants().turn();
        assertThat(left.newDocument()).as("they are no documents").isNull();
        assertThat(left.storage()).isNull();
        left.stored(1);
        assertThat(left.storage()).isNotNull();
        sizes.deletedDocuments.clear(); // purged
        now.addAndGet(Tenants.MEASURE_AGAIN_MILLIS);
        shared.tenants().turn();
        assertThat(left.storage()).isNull();
    }

    /** However much a tenant has, a turn asks a bounded number of times, and no request asks at all. */
    @Test
    void measurement_goesOnFromTurnToTurn() {
        Usage shared = usage(new Tenants.Quota(5_000, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
        for (int i = 0; i < 5_000; i++) {
            sizes.documents.put("team-1/" + i, 1L);
        }
        Allowance left = shared.of(free("alice"), "192.0.2.1");
        assertThat(left.newDocument()).isNull();
        assertThat(sizes.questions).isZero();
        shared.tenants().turn();
        assertThat(sizes.questions).isEqualTo(Tenants.PAGES_PER_TURN);
        assertThat(left.newDocument()).as("not known yet").isNull();
        shared.tenants().turn();
        shared.tenants().turn();
        assertThat(left.newDocument()).isNotNull();
        int asked = sizes.questions;
        shared.tenants().turn();
        assertThat(sizes.questions).as("nothing is due").isEqualTo(asked);
        now.addAndGet(Tenants.MEASURE_AGAIN_MILLIS);
        shared.tenants().turn();
        shared.tenants().turn();
        shared.tenants().turn();
        now.addAndGet(Tenants.MEASURE_AGAIN_MILLIS);
        int before = sizes.questions;
        shared.tenants().turn();
        assertThat(sizes.questions)
                .as("a tenant that nobody uses is not measured")
                .isEqualTo(before);
    }

    @Test
    void measurement_keepsTheLastFiguresWhileTheDatabaseIsAway() {
        Usage shared = usage(new Tenants.Quota(1, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
        sizes.documents.put("team-1/a", 1L);
        Allowance left = shared.of(free("alice"), "192.0.2.1");
        left.newDocument();
        shared.tenants().turn();
        now.addAndGet(Tenants.MEASURE_AGAIN_MILLIS);
        assertThat(left.newDocument()).isNotNull();
        sizes.isDown = true;
        shared.tenants().turn();
        assertThat(left.newDocument()).isNotNull();
        sizes.isDown = false;
        sizes.documents.clear();
        shared.tenants().turn();
        assertThat(left.newDocument()).isNull();
    }
}
