package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.AuditEntry;
import io.keck.access.AuditStore;
import io.keck.access.AuditStoreContract;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the audit log says, and its table. */
class AuditTest extends AuditStoreContract {
    private static final String BOARD = "team-1/board";
    private static final long KEEP = 90L * 24 * 3_600_000;

    private final AuthWorld world = AuthWorld.withJwt();
    private final FakeAuditStore store = new FakeAuditStore();
    private final AuditTable table = new AuditTable(store, KEEP, world.now::get);
    private final Audit audit = new Audit(world.now::get, "n1", table);
    private final Followers followers = new Followers(world.authenticator, Runnable::run);

    @AfterEach
    void stop() throws Exception {
        table.stop();
    }

    @Override
    protected AuditStore audit() {
        return store;
    }

    private Visit visit(String credential) {
        return new RequestVisit(
                world.authenticator,
                followers,
                new Extensions(world.store, Runnable::run),
                new Usage(world.tenants(), world.now::get),
                audit,
                AuthWorld.attempt(credential));
    }

    private Visit alice() {
        return visit(TokenForge.hmac(world.claims()));
    }

    private List<String> lines() {
        table.turn();
        return store.before(Long.MAX_VALUE, null, null, 1_000).stream()
                .map(AuditEntry::line)
                .toList();
    }

    @Test
    void deletions_sayWhoDeletedWhat() {
        Visit visit = alice();
        visit.on(BOARD, null);
        visit.done(Right.DELETE, "", 204);
        visit.done(Right.REPLACE, "", 200);
        visit.done(Right.BLOB_DELETE, "the-id", 404);
        visit.done(Right.PURGE, "", 200);
        assertThat(lines())
                .containsExactly(
                        "{\"event\":\"purged\",\"principal\":\"alice\",\"document\":\"team-1/board\",\"status\":200,"
                                + "\"address\":\"192.0.2.1\"}",
                        "{\"event\":\"blob-deleted\",\"principal\":\"alice\",\"document\":\"team-1/board\","
                                + "\"what\":\"the-id\",\"status\":404,\"address\":\"192.0.2.1\"}",
                        "{\"event\":\"replaced\",\"principal\":\"alice\",\"document\":\"team-1/board\",\"status\":200,"
                                + "\"address\":\"192.0.2.1\"}",
                        "{\"event\":\"deleted\",\"principal\":\"alice\",\"document\":\"team-1/board\",\"status\":204,"
                                + "\"address\":\"192.0.2.1\"}");
    }

    @Test
    void refusals_sayWhoLacksWhichRight() {
        alice().demand(BOARD, null, Right.READ, Right.DELETE);
        world.now.addAndGet(1_000);
        alice().onServer(Right.ADMIN);
        world.now.addAndGet(1_000);
        visit("nonsense").on(BOARD, null);
        assertThat(lines())
                .containsExactly(
                        "{\"event\":\"refused\",\"fault\":\"BAD\",\"document\":\"team-1/board\","
                                + "\"address\":\"192.0.2.1\",\"unsaid\":0}",
                        "{\"event\":\"refused\",\"fault\":\"FORBIDDEN\",\"principal\":\"alice\",\"right\":\"admin\","
                                + "\"address\":\"192.0.2.1\",\"unsaid\":0}",
                        "{\"event\":\"refused\",\"fault\":\"FORBIDDEN\",\"principal\":\"alice\",\"right\":\"delete\","
                                + "\"document\":\"team-1/board\",\"address\":\"192.0.2.1\",\"unsaid\":0}");
    }

    /** Strangers fill neither the log nor the table. */
    @Test
    void refusalsBeyondAFewASecond_areCounted() {
        for (int i = 0; i < 1_000; i++) {
            alice().demand(BOARD, null, Right.DELETE);
        }
        world.now.addAndGet(100);
        alice().demand(BOARD, null, Right.DELETE);
        assertThat(lines()).hasSize(2).first().asString().contains("\"unsaid\":999");
    }

    @Test
    void connections_areAdmitted_andDownloadsAreNot() {
        Visit visit = alice();
        var grant = ((io.keck.access.Decision.Admitted) visit.on(BOARD, Purpose.SOCKET)).grant();
        visit.follow(grant, new Ended(false), Right.READ);
        visit.follow(grant, new Ended(true), Right.READ);
        assertThat(lines()).hasSize(1).first().asString().contains("\"event\":\"admitted\",\"principal\":\"alice\"");
    }

    private record Ended(boolean isConnection) implements Visit.Follower {
        @Override
        public void ended(io.keck.access.Fault fault) {}

        @Override
        public void changed(io.keck.access.Grant grant) {}
    }

    @Test
    void changedFileOfKeys_isSaidByTheirNames(@TempDir Path dir) throws Exception {
        NewKey one = NewKey.make("one", "*", "read");
        NewKey two = NewKey.make("two", "*", "read");
        NewKey three = NewKey.make("three", "*", "read");
        Path file = Files.write(dir.resolve("keys.jsonl"), List.of(one.line(), two.line()));
        ApiKeys keys = new ApiKeys(file, audit::keys);
        Files.write(file, List.of(three.line(), two.line().replaceFirst("\\{", "{\"limits\":{\"connections\":1},")));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        keys.look();
        assertThat(lines()).hasSize(1);
        assertThat(StrictJson.object(lines().get(0).getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isEqualTo(StrictJson.object(
                        "{\"event\":\"keys\",\"added\":[\"three\"],\"changed\":[\"two\"],\"removed\":[\"one\"]}"
                                .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        Files.writeString(file, Files.readString(file) + "# a comment\n");
        Files.setLastModifiedTime(file, FileTime.fromMillis(2));
        keys.look();
        assertThat(lines()).as("no key has changed").hasSize(1);
    }

    // ------------------------------------------------------------------ the table

    @Test
    void entries_areKeptWhileTheDatabaseIsAway_upToABound() {
        store.isDown = true;
        audit.operated("ops", "/tasks/first", 200);
        assertThatThrownBy(table::turn).isInstanceOf(UncheckedIOException.class);
        for (int i = 0; i < AuditTable.MAX_WAITING + 1_000; i++) {
            audit.operated("ops", "/tasks/rooms", 200);
        }
        assertThatThrownBy(table::turn).isInstanceOf(UncheckedIOException.class);
        store.isDown = false;
        for (int i = 0; i < 5; i++) {
            table.turn();
        }
        List<AuditEntry> all = store.before(Long.MAX_VALUE, "ops", null, Integer.MAX_VALUE);
        assertThat(all).hasSizeBetween(AuditTable.MAX_WAITING, AuditTable.MAX_WAITING + AuditTable.BATCH);
        assertThat(all.get(all.size() - 1).line()).contains("first");
        assertThat(all.get(0).node()).isEqualTo("n1");
        assertThat(all.get(0).at()).isEqualTo(world.now.get());
    }

    @Test
    void entries_areForgottenAfterTheirTime_inBoundedSteps() {
        for (int i = 0; i < 2 * AuditTable.FORGET + 1; i++) {
            audit.operated("ops", "/tasks/rooms", 200);
        }
        assertThat(lines()).isNotEmpty();
        world.now.addAndGet(KEEP + AuditTable.FORGET_EVERY_MILLIS);
        audit.operated("ops", "/tasks/young", 200);
        table.turn();
        assertThat(count()).isEqualTo(AuditTable.FORGET + 2);
        table.turn();
        table.turn();
        assertThat(count()).isEqualTo(1);
        assertThat(lines()).first().asString().contains("young");
    }

    private int count() {
        return store.before(Long.MAX_VALUE, null, null, Integer.MAX_VALUE).size();
    }
}
