package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Caller;
import io.keck.access.Revocation;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a revocation is answered. No thread waits for it. */
class AccessTest {
    private final AuthWorld world = AuthWorld.withJwt();
    private final Access access = new Access(
            world.authenticator,
            world.store,
            null,
            new Attempt.CookieRule("", new Origins("")),
            new Audit(world.now::get, "node", null),
            world.tenants(),
            world.now::get);

    @AfterEach
    void stop() {
        access.stop();
    }

    private CompletableFuture<List<String>> revoke() {
        return access.revoke(Caller.OPEN, Revocation.Kind.PRINCIPAL, "alice", 0);
    }

    @Test
    void revocation_isAnsweredAtOnce_whereThisNodeIsTheOnlyOne() {
        assertThat(revoke()).isCompletedWithValue(List.of());
    }

    @Test
    void revocation_isAnsweredWhenTheOtherNodesHaveCarriedItOut() {
        world.store.confirm("other", 0);
        CompletableFuture<List<String>> answer = revoke();
        access.tick();
        assertThat(answer).isNotDone();
        world.store.confirm("other", 1);
        access.tick();
        assertThat(answer).isCompletedWithValue(List.of());
    }

    /** A node that hangs is named after five seconds; it is not waited for until its supervisor finds it. */
    @Test
    void revocation_namesNodesThatHaveNotCarriedItOutInTime() {
        world.store.confirm("other", 0);
        CompletableFuture<List<String>> answer = revoke();
        world.now.addAndGet(4_999);
        access.tick();
        assertThat(answer).isNotDone();
        world.now.addAndGet(1);
        access.tick();
        assertThat(answer).isCompletedWithValue(List.of("other"));
    }

    @Test
    void revocation_failsWhereTheDatabaseGoesAway() {
        world.store.confirm("other", 0);
        CompletableFuture<List<String>> answer = revoke();
        world.store.isDown = true;
        access.tick();
        assertThat(answer).isCompletedExceptionally();
    }

    /** Each waiting request costs a query in every turn of the loop. */
    @Test
    void revocationBeyondTheBound_isAnsweredAtOnceWithTheNodesThatAreBehind() {
        world.store.confirm("other", 0);
        for (int i = 0; i < Access.MAX_UNCONFIRMED; i++) {
            assertThat(revoke()).isNotDone();
        }
        assertThat(revoke()).isCompletedWithValue(List.of("other"));
    }

    /** A node that stops does not wait for requests that only its loop would answer. */
    @Test
    void stop_endsTheRequestsThatWait() {
        world.store.confirm("other", 0);
        CompletableFuture<List<String>> answer = revoke();
        access.stop();
        assertThat(answer).isCompletedExceptionally();
    }
}
