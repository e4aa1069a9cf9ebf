package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.failure.Refused;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLogContract;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The contract over a real PostgreSQL, and what several nodes can do to each other. */
class PostgresUpdateLogTest extends JdbiUpdateLogContract {
    PostgresUpdateLogTest() {
        super(FreshDatabase.postgres());
    }

    /** Groups of many rooms in every order, from several nodes at once: with a fixed order of locks none waits in a ring. */
    @Test
    void severalNodes_appendToTheSameRoomsWithoutDeadlock() throws Exception {
        int rooms = 40;
        int each = 60;
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < rooms; i++) {
            ids.add(await(log.open("room" + i)).roomId());
        }
        List<Storage> nodes = List.of(storage, db.another(), db.another());
        List<CompletionStage<UpdateLog.Appended>> stages = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < each; i++) {
            for (Storage node : nodes) {
                Collections.shuffle(ids, random);
                for (long id : ids) {
                    stages.add(
                            node.log().append(id, UUID.randomUUID(), 1 + random.nextInt(1_000_000), update(i), false));
                }
            }
        }
        stages.forEach(UpdateLogContract::await);

        for (long id : ids) {
            UpdateLog.Contents contents = await(log.read(id, 0));
            assertThat(contents.rows()).hasSize(each * nodes.size());
            assertThat(contents.head().link())
                    .isEqualTo(contents.rows().get(contents.rows().size() - 1).link());
        }
        assertThat(deadlocks()).isZero();
    }

    private long deadlocks() {
        return db.jdbi()
                .withHandle(
                        h -> h.createQuery("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                                .mapTo(Long.class)
                                .one());
    }

    @Test
    void severalNodes_withOneKeyForSeveralRequests_carryOneOut() throws Exception {
        JdbiUpdateLog other = db.another().log();
        assertThat(doneUnderOneKey(List.of(log, other), 30)).isEqualTo(30);
        assertThat(deadlocks()).isZero();
    }

    /** The twin: nothing in the database makes keys unique. How those fail that are not carried out is undefined then. */
    @Test
    void severalNodes_withoutUniqueKeys_carrySeveralOut() throws Exception {
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE name_keys DROP CONSTRAINT name_keys_pk"));
        JdbiUpdateLog other = db.another().log();
        assertThat(doneUnderOneKey(List.of(log, other), 5, failure -> {})).isGreaterThan(5);
    }

    /** A node of the release before this one knows keys by the ids of rooms alone. */
    @Test
    void nodeOfTheReleaseBefore_sharesTheKeysOfEdits() {
        long a = await(log.open("a")).roomId();
        RequestKey key = new RequestKey("its own", "1 this");
        RequestKey other = new RequestKey("its own", "1 other");
        db.jdbi()
                .useHandle(h -> h.execute(
                        "INSERT INTO room_keys (room_id, idempotency_key, request, created_at) VALUES (?, 'its own', '1 this', 1)",
                        a));
        for (int i = 0; i < 2; i++) {
            assertThat(used(log.append(a, UUID.randomUUID(), 1, update(0), false, other)))
                    .isTrue();
            assertThat(used(log.append(a, UUID.randomUUID(), 1, update(0), false, key)))
                    .isFalse();
        }
        assertThat(used(log.delete("a", other))).as("the name has the key now").isTrue();

        await(log.append(a, UUID.randomUUID(), 1, update(0), false, new RequestKey("ours", "1 ours")));
        String told = db.jdbi()
                .withHandle(h -> h.createQuery(
                                "SELECT request FROM room_keys WHERE room_id = ? AND idempotency_key = 'ours'")
                        .bind(0, a)
                        .mapTo(String.class)
                        .one());
        assertThat(told).isEqualTo("1 ours");
    }

    /** Whether a key was used for another request. */
    private static boolean used(CompletionStage<?> stage) {
        try {
            await(stage);
            throw new AssertionError("the key was free");
        } catch (CompletionException e) {
            return ((Refused) e.getCause()).isOfAnotherRequest();
        }
    }

    /** What each node is told of the row before its own is what is there. */
    @Test
    void severalNodes_areToldTheLinkBefore() throws Exception {
        long a = await(log.open("a")).roomId();
        JdbiUpdateLog other = db.another().log();
        List<CompletionStage<UpdateLog.Appended>> stages = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            stages.add((i % 2 == 0 ? log : other).append(a, UUID.randomUUID(), 1 + i, update(i), false));
        }
        List<UpdateLog.Appended> told =
                stages.stream().map(UpdateLogContract::await).toList();
        List<UpdateLog.Row> rows = await(log.read(a, 0)).rows();
        for (UpdateLog.Appended at : told) {
            assertThat(rows.get((int) at.seq() - 1).link()).isEqualTo(at.link());
            assertThat(at.before())
                    .isEqualTo(at.seq() == 1 ? 0 : rows.get((int) at.seq() - 2).link());
        }
    }

    /** One of two has to wait for the other, whose life it then ends in turn: a forced init is never kept out. */
    @Test
    void severalNodes_replaceTheSameRoomAtOnce() throws Exception {
        JdbiUpdateLog other = db.another().log();
        await(log.open("a"));
        for (int i = 0; i < 30; i++) {
            var one = log.init("a", UUID.randomUUID(), LINK, update(0), true);
            var two = other.init("a", UUID.randomUUID(), LINK, update(0), true);
            var three = i % 3 == 0 ? other.delete("a") : log.create("a");
            UpdateLog.Begun first = await(one).orElseThrow();
            UpdateLog.Begun second = await(two).orElseThrow();
            await(three);
            assertThat(first.roomId()).isNotEqualTo(second.roomId());
            assertThat(first.ended()).noneMatch(second.ended()::contains);
        }
    }

    /** A name that two nodes make at once is one room; a deletion lets the next begin. */
    @Test
    void severalNodes_openAndDeleteTheSameName() throws Exception {
        JdbiUpdateLog other = db.another().log();
        for (int life = 0; life < 10; life++) {
            var one = log.open("a");
            var two = other.open("a");
            assertThat(await(one).roomId()).isEqualTo(await(two).roomId());
            assertThat(await(other.delete("a"))).isPresent();
        }
    }
}
