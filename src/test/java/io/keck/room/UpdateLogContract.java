package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.NameRange;
import io.keck.access.Origin;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Contents;
import io.keck.testing.Eventually;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every log promises. A subclass opens one over an empty database before each test. */
public abstract class UpdateLogContract extends RequestKeyContract {
    private long append(long room, byte[] payload) {
        return await(log().append(room, UUID.randomUUID(), LINK, payload, false))
                .seq();
    }

    /** Forgetting a room is not waited for, and another lane of the log may carry it out. */
    private boolean isMissing(String name) {
        return log().find(name)
                .handle((contents, error) -> Replica.cause(error) instanceof RoomMissing)
                .toCompletableFuture()
                .join();
    }

    @Test
    void roomThatClientsMeetIn_isMadeByItsFirstContent_andForgottenUntilThen() {
        long a = await(log().open("a")).roomId();
        assertThat(await(log().open("a")).isMade()).isFalse();
        assertThat(await(log().find("a")).isMade()).isFalse();
        assertThat(await(log().read(a, 0)).isMade()).isFalse();
        await(log().append(a, UUID.randomUUID(), 1, new byte[] {0, 0}, false));
        assertThat(await(log().find("a")).isMade()).isTrue();
        assertThat(await(log().read(a, 0)).isMade()).isTrue();
        log().forget(a);
        assertThat(await(log().create("a"))).as("it is there").isEmpty();

        long b = await(log().open("b")).roomId();
        log().forget(b);
        Eventually.await("the end of a room that was never made", () -> isMissing("b"));
        long next = await(log().create("b")).orElseThrow();
        assertThat(next).isNotEqualTo(b);
        log().forget(next);
        assertThat(await(log().find("b")).isMade()).as("a back end has made it").isTrue();
    }

    @Test
    void names_areInOrderOfCodePoints_andOnlyOfRoomsThatLive() {
        List<String> sorted =
                List.of("a", "a b", "a/1", "a/\uffee", "a/\ud83d\ude00", "b", "\u00e9", "\ue000", "\ud83d\ude00");
        for (int i : new int[] {8, 3, 0, 5, 1, 7, 2, 4, 6}) {
            await(log().create(sorted.get(i)));
        }
        await(log().create("a/gone"));
        await(log().delete("a/gone"));
        await(log().open("a/only met"));
        long first = await(log().find("a")).roomId();
        append(first, new byte[] {0, 0});

        List<UpdateLog.Named> all = await(log().names(List.of(NameRange.ALL), "", 100));
        assertThat(all).extracting(UpdateLog.Named::name).isEqualTo(sorted);
        assertThat(all.get(0).roomId()).isEqualTo(first);
        assertThat(all).extracting(UpdateLog.Named::seq).startsWith(1L, 0L);
        assertThat(names(NameRange.of("a/"), "", 100)).containsExactlyElementsOf(sorted.subList(2, 5));
        assertThat(names(NameRange.of("a/"), "a/1", 1)).containsExactly("a/\uffee");
        assertThat(names(NameRange.of("a/"), "a/\ud83d\ude00", 9)).isEmpty();
        assertThat(await(log().names(List.of(NameRange.of("a/"), NameRange.of("c")), "a/1", 2)))
                .extracting(UpdateLog.Named::name)
                .containsExactlyElementsOf(sorted.subList(3, 5));
        assertThat(await(log().names(List.of(NameRange.of("a b"), NameRange.of("b"), NameRange.of("\ue000")), "a", 9)))
                .extracting(UpdateLog.Named::name)
                .containsExactly("a b", "b", "\ue000");
    }

    private List<String> names(NameRange range, String after, int limit) {
        return await(log().names(List.of(range), after, limit)).stream()
                .map(UpdateLog.Named::name)
                .toList();
    }

    @Test
    void roomThatClientsMeetIn_isMadeByABackEnd_andKeepsItsId() {
        long a = await(log().open("a")).roomId();
        assertThat(await(log().create("a"))).contains(a);
        assertThat(await(log().find("a")).isMade()).isTrue();
        assertThat(await(log().create("a"))).isEmpty();

        long b = await(log().open("b")).roomId();
        assertThat(await(log().init("b", UUID.randomUUID(), 5, new byte[] {0, 0}, false)))
                .contains(new UpdateLog.Begun(b, List.of()));
        assertThat(await(log().read(b, 0)).rows()).hasSize(1);
        assertThat(await(log().init("b", UUID.randomUUID(), 6, new byte[] {0, 0}, false)))
                .isEmpty();

        long c = await(log().open("c")).roomId();
        assertThat(await(log().init("c", UUID.randomUUID(), 7, new byte[] {0, 0}, true)))
                .contains(new UpdateLog.Begun(c, List.of()));
        assertThat(await(log().init("c", UUID.randomUUID(), 8, new byte[] {0, 0}, true))
                        .orElseThrow()
                        .ended())
                .containsExactly(c);
    }

    @Test
    void open_createsOnce() {
        Contents first = await(log().open("a"));
        Contents second = await(log().open("a"));

        assertThat(second.roomId()).isEqualTo(first.roomId());
        assertThat(first.rows()).isEmpty();
        assertThat(first.snapshot()).isNull();
        assertThat(first.snapshotSeq()).isZero();
    }

    @Test
    void open_byManyAtOnceCreatesOnce() {
        List<CompletionStage<Contents>> stages = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            stages.add(log().open("a"));
        }
        assertThat(stages.stream().map(s -> await(s).roomId()).distinct()).hasSize(1);
    }

    @Test
    void open_takesNamesExactly() {
        String[] names = {"room", "Room", "room ", "röom", "ro\u0308om", "😀", "%", "_", "'; --", "日本", "\uffff"};
        List<Long> ids = new ArrayList<>();
        for (String name : names) {
            ids.add(await(log().open(name)).roomId());
        }
        assertThat(ids).doesNotHaveDuplicates();
        for (int i = 0; i < names.length; i++) {
            assertThat(await(log().open(names[i])).roomId()).isEqualTo(ids.get(i));
        }
    }

    @Test
    void ids_areNotUsedAgain() throws Exception {
        List<Long> ids = new ArrayList<>();
        for (int life = 0; life < 4; life++) {
            long id = await(log().open("a")).roomId();
            append(id, update(life));
            ids.add(id);
            await(log().delete("a"));
        }
        assertThat(ids).doesNotHaveDuplicates();
        assertThat(await(log().open("a")).rows()).isEmpty();
    }

    @Test
    void append_countsFromOneWithoutGaps() {
        long a = await(log().open("a")).roomId();
        long b = await(log().open("b")).roomId();
        for (int i = 1; i <= 20; i++) {
            assertThat(append(a, update(i))).isEqualTo(i);
            if (i % 4 == 0) {
                assertThat(append(b, update(i))).isEqualTo(i / 4);
            }
        }
        assertThat(await(log().read(a, 0)).rows())
                .extracting(UpdateLog.Row::seq)
                .hasSize(20);
    }

    @Test
    void append_ofTheSameBatchGivesTheSameSeqAndOneRow() {
        long a = await(log().open("a")).roomId();
        UUID batch = UUID.randomUUID();
        long first = await(log().append(a, batch, LINK, update(0), false)).seq();
        append(a, update(1));
        long again = await(log().append(a, batch, LINK, update(0), true)).seq();

        assertThat(again).isEqualTo(first);
        assertThat(await(log().read(a, 0)).rows()).hasSize(2);
        assertThat(append(a, update(2))).isEqualTo(3);
    }

    @Test
    void append_ofTheSameBatchTwiceAtOnceMakesOneRow() {
        long a = await(log().open("a")).roomId();
        long b = await(log().open("b")).roomId();
        UUID batch = UUID.randomUUID();
        List<CompletionStage<Appended>> stages = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            stages.add(log().append(a, batch, LINK, update(0), i > 0));
            stages.add(log().append(b, UUID.randomUUID(), LINK, update(i), false));
        }
        List<Long> seqs = stages.stream().map(stage -> await(stage).seq()).toList();

        assertThat(seqs).contains(1L, 10L);
        assertThat(await(log().read(a, 0)).rows()).hasSize(1);
        assertThat(await(log().read(b, 0)).rows()).hasSize(10);
    }

    @Test
    void find_givesWhatIsThere_andMakesNothing() {
        assertThat(failure(log().find("a"))).isInstanceOf(RoomMissing.class);
        assertThat(failure(log().find("a"))).isInstanceOf(RoomMissing.class);
        long a = await(log().open("a")).roomId();
        append(a, update(0));
        assertThat(await(log().find("a")).roomId()).isEqualTo(a);
        assertThat(await(log().find("a")).rows()).hasSize(1);
    }

    @Test
    void init_makesARoomWithContent_orNothing_orReplaces() {
        long first = await(log().init("a", UUID.randomUUID(), 11, update(0), false))
                .orElseThrow()
                .roomId();
        assertThat(await(log().init("a", UUID.randomUUID(), 12, update(1), false)))
                .isEmpty();
        Contents contents = await(log().find("a"));
        assertThat(contents.roomId()).isEqualTo(first);
        assertThat(contents.rows()).extracting(UpdateLog.Row::payload).containsExactly(update(0));
        assertThat(await(log().append(first, UUID.randomUUID(), 13, update(2), false)))
                .isEqualTo(new Appended(2, 13, 11));

        UpdateLog.Begun replaced =
                await(log().init("a", UUID.randomUUID(), 14, update(3), true)).orElseThrow();
        assertThat(replaced.ended()).containsExactly(first);
        long second = replaced.roomId();
        assertThat(second).isNotEqualTo(first);
        assertThat(await(log().open("a")).roomId()).isEqualTo(second);
        assertThat(await(log().find("a")).rows())
                .extracting(UpdateLog.Row::payload)
                .containsExactly(update(3));
        assertThat(failure(log().append(first, UUID.randomUUID(), LINK, update(4), false)))
                .isInstanceOf(RoomGone.class);
        assertThat(await(log().init("new", UUID.randomUUID(), LINK, update(0), true)))
                .isPresent();
    }

    @Test
    void batchesOfSeveralAuthors_becomeRowsThatFollowEachOther() {
        long a = await(log().open("a")).roomId();
        long b = await(log().open("b")).roomId();
        await(log().append(a, UUID.randomUUID(), LINK, update(0), false));
        List<UpdateLog.Entry> batches = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            Author author = new Author("p" + i, Origin.SOCKET, Map.of("n", "" + i));
            batches.add(new UpdateLog.Entry(UUID.randomUUID(), LINK + i, update(i), author));
        }

        CompletionStage<List<UpdateLog.Appended>> together = log().append(a, batches);
        CompletionStage<UpdateLog.Appended> beside = log().append(b, UUID.randomUUID(), LINK, update(9), false);

        assertThat(await(together))
                .containsExactly(
                        new UpdateLog.Appended(2, LINK + 1, LINK),
                        new UpdateLog.Appended(3, LINK + 2, LINK + 1),
                        new UpdateLog.Appended(4, LINK + 3, LINK + 2));
        assertThat(await(beside).seq()).isEqualTo(1);
        Contents contents = await(log().read(a, 1));
        assertThat(contents.damage()).isNull();
        assertThat(contents.head()).isEqualTo(new UpdateLog.Head(4, LINK + 3, false));
        assertThat(contents.rows()).extracting(UpdateLog.Row::payload).containsExactly(update(1), update(2), update(3));
        for (int i = 0; i < 3; i++) { // each alone is known again
            UpdateLog.Entry one = batches.get(i);
            UpdateLog.Entry retry = new UpdateLog.Entry(one.batchId(), 77, one.payload(), one.author());
            assertThat(await(log().append(a, retry, true, null)))
                    .isEqualTo(new UpdateLog.Appended(2 + i, LINK + 1 + i, LINK + i));
        }
        assertThat(await(log().append(a, UUID.randomUUID(), 5, update(4), false)))
                .isEqualTo(new UpdateLog.Appended(5, 5, LINK + 3));
    }

    private static UpdateLog.Entry claiming(long client, long clock, Author author, long after) {
        byte[] payload = FakeClient.text(client, clock, "x");
        return new UpdateLog.Entry(
                UUID.randomUUID(), LINK, payload, author, new UpdateLog.Claim(Set.of(client), after));
    }

    @Test
    void claimOfAClientId_isRefusedOnlyIfAnotherPrincipalHasIntroducedIt() {
        Author ann = new Author("ann", Origin.SOCKET, Map.of());
        Author ben = new Author("ben", Origin.SOCKET, Map.of());
        long room = await(log().open("a")).roomId();
        await(log().append(room, claiming(1, 0, ann, 0), false, null));
        byte[] imported = FakeClient.text(2, 0, "imported");
        await(log().append(room, new UpdateLog.Entry(UUID.randomUUID(), LINK, imported, Author.IMPORT), false, null));

        UpdateLog.Entry late = claiming(1, 1, ben, 0);
        assertThat(failure(log().append(room, late, false, null)))
                .isInstanceOfSatisfying(
                        ClientIdsTakenException.class,
                        taken -> assertThat(taken.by()).containsEntry(1L, "ann"));
        assertThat(failure(log().append(room, late, true, null))).isInstanceOf(ClientIdsTakenException.class);
        assertThat(failure(log().append(room, List.of(claiming(3, 0, ann, 0), late))))
                .isInstanceOf(ClientIdsTakenException.class);
        assertThat(await(log().read(room, 0)).head().seq()).as("nothing of it").isEqualTo(2);

        UpdateLog.Entry again = claiming(1, 1, ann, 0);
        assertThat(await(log().append(room, again, false, null)).seq()).isEqualTo(3);
        assertThat(await(log().append(room, again, true, null)).seq())
                .as("the same batch")
                .isEqualTo(3);
        assertThat(await(log().append(room, claiming(2, 8, ben, 0), false, null))
                        .seq())
                .as("an id of an import")
                .isEqualTo(4);
        assertThat(await(log().append(room, List.of(claiming(3, 0, ann, 4), claiming(4, 0, ben, 4)))))
                .extracting(UpdateLog.Appended::seq)
                .containsExactly(5L, 6L);
        assertThat(await(log().read(room, 0)).damage()).isNull();
    }

    @Test
    void batchesOfSeveralAuthors_forARoomThatIsGone_areRefusedTogether() {
        long a = await(log().open("a")).roomId();
        await(log().append(a, UUID.randomUUID(), LINK, update(0), false));
        await(log().delete("a"));
        List<UpdateLog.Entry> batches = List.of(
                new UpdateLog.Entry(UUID.randomUUID(), LINK, update(1), Author.SYSTEM),
                new UpdateLog.Entry(UUID.randomUUID(), LINK, update(2), null));

        assertThat(failure(log().append(a, batches))).isInstanceOf(RoomGone.class);
    }

    @Test
    void sameBatchId_inTwoRoomsAreTwoBatches() {
        long a = await(log().open("a")).roomId();
        long b = await(log().open("b")).roomId();
        UUID batch = UUID.randomUUID();

        assertThat(await(log().append(a, batch, LINK, update(0), false)).seq()).isEqualTo(1);
        assertThat(await(log().append(b, batch, LINK, update(0), false)).seq()).isEqualTo(1);
    }

    @Test
    void read_givesWhatComesAfterASeq() {
        long a = await(log().open("a")).roomId();
        List<UUID> batches = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            UUID batch = UUID.randomUUID();
            batches.add(batch);
            await(log().append(a, batch, LINK, update(i), false));
        }
        for (int after = 0; after <= 5; after++) {
            Contents contents = await(log().read(a, after));
            assertThat(contents.rows()).hasSize(5 - after);
            for (int i = after; i < 5; i++) {
                UpdateLog.Row row = contents.rows().get(i - after);
                assertThat(row.seq()).isEqualTo(i + 1);
                assertThat(row.batchId()).isEqualTo(batches.get(i));
                assertThat(row.payload()).isEqualTo(update(i));
            }
        }
        assertThat(await(log().read(a, 99)).rows()).isEmpty();
    }

    @Test
    void payloads_comeBackByteByByte() {
        long a = await(log().open("a")).roomId();
        byte[] large = new byte[300_000];
        new Random(5).nextBytes(large);
        byte[][] payloads = {{0, 0}, {}, "'\0\u00ff".getBytes(StandardCharsets.UTF_8), large};
        for (byte[] payload : payloads) {
            append(a, payload);
        }
        assertThat(await(log().read(a, 0)).rows())
                .extracting(UpdateLog.Row::payload)
                .containsExactly(payloads);
    }

    @Test
    void concurrentAppends_ofManyRoomsAllCommitInGaplessOrder() throws Exception {
        int threads = 4;
        int rooms = 10;
        int each = 50;
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < rooms; i++) {
            ids.add(await(log().open("room" + i)).roomId());
        }
        CountDownLatch start = new CountDownLatch(1);
        List<List<CompletionStage<Appended>>> stages = new ArrayList<>();
        List<Thread> writers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            List<CompletionStage<Appended>> mine = new ArrayList<>();
            stages.add(mine);
            Random random = new Random(t);
            Thread writer = new Thread(() -> {
                try {
                    start.await();
                } catch (InterruptedException e) {
                    return;
                }
                for (int i = 0; i < each * rooms; i++) {
                    long room = ids.get(random.nextInt(rooms));
                    mine.add(
                            log().append(room, new UUID(random.nextLong(), random.nextLong()), LINK, update(i), false));
                }
            });
            writer.start();
            writers.add(writer);
        }
        start.countDown();
        for (Thread writer : writers) {
            writer.join();
        }
        stages.forEach(mine -> mine.forEach(UpdateLogContract::await));

        int total = 0;
        for (long id : ids) {
            List<UpdateLog.Row> rows = await(log().read(id, 0)).rows();
            for (int i = 0; i < rows.size(); i++) {
                assertThat(rows.get(i).seq()).isEqualTo(i + 1);
            }
            total += rows.size();
        }
        assertThat(total).isEqualTo(threads * rooms * each);
    }

    @Test
    void append_toADeletedRoomFails() throws Exception {
        long a = await(log().open("a")).roomId();
        append(a, update(0));
        await(log().delete("a"));

        assertThat(failure(log().append(a, UUID.randomUUID(), LINK, update(1), false)))
                .isInstanceOf(RoomGone.class);
        long next = await(log().open("a")).roomId();
        assertThat(failure(log().append(a, UUID.randomUUID(), LINK, update(1), false)))
                .isInstanceOf(RoomGone.class);
        assertThat(append(next, update(0))).isEqualTo(1);
    }

    @Test
    void append_toADeletedRoomHarmsNoOther() throws Exception {
        long gone = await(log().open("gone")).roomId();
        long a = await(log().open("a")).roomId();
        await(log().delete("gone"));
        List<CompletionStage<Appended>> dead = new ArrayList<>();
        List<CompletionStage<Appended>> alive = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            dead.add(log().append(gone, UUID.randomUUID(), LINK, update(i), false));
            alive.add(log().append(a, UUID.randomUUID(), LINK, update(i), false));
        }
        dead.forEach(stage -> assertThat(failure(stage)).isInstanceOf(RoomGone.class));
        alive.forEach(UpdateLogContract::await);
        assertThat(await(log().read(a, 0)).rows()).hasSize(20);
    }

    @Test
    void read_ofADeletedOrUnknownRoomFails() throws Exception {
        long a = await(log().open("a")).roomId();
        await(log().delete("a"));

        assertThat(failure(log().read(a, 0))).isInstanceOf(RoomGone.class);
        assertThat(failure(log().read(a + 1_000, 0))).isInstanceOf(RoomLost.class);
        assertThat(failure(log().append(a + 1_000, UUID.randomUUID(), LINK, update(0), false)))
                .isInstanceOf(RoomLost.class);
    }

    @Test
    void links_tellWhatARowComesAfter() {
        long a = await(log().open("a")).roomId();
        UUID second = UUID.randomUUID();
        assertThat(await(log().append(a, UUID.randomUUID(), 101, update(0), false)))
                .isEqualTo(new Appended(1, 101, Link.NONE));
        assertThat(await(log().append(a, second, 102, update(1), false))).isEqualTo(new Appended(2, 102, 101));
        assertThat(await(log().append(a, UUID.randomUUID(), 103, update(2), false)))
                .isEqualTo(new Appended(3, 103, 102));

        assertThat(await(log().append(a, second, 999, update(1), true)))
                .as("a second attempt finds the first, with its link")
                .isEqualTo(new Appended(2, 102, 101));
        assertThat(await(log().read(a, 0)).rows())
                .extracting(UpdateLog.Row::link)
                .containsExactly(101L, 102L, 103L);
    }

    @Test
    void read_tellsTheLinkOfTheRowItReadsFrom() {
        long a = await(log().open("a")).roomId();
        for (int i = 1; i <= 3; i++) {
            await(log().append(a, UUID.randomUUID(), 100 + i, update(i), false));
        }
        for (int from = 1; from <= 3; from++) {
            Contents contents = await(log().read(a, from));
            assertThat(contents.anchor()).isEqualTo(100 + from);
            assertThat(contents.head()).isEqualTo(new UpdateLog.Head(3, 103, false));
        }
        assertThat(await(log().read(a, 4)).anchor()).isEqualTo(Link.UNKNOWN);
        assertThat(await(log().read(a, 4)).head().seq()).isEqualTo(3);
    }

    @Test
    void heads_tellHowFarRoomsAre() {
        long a = await(log().open("a")).roomId();
        long b = await(log().open("b")).roomId();
        long gone = await(log().open("gone")).roomId();
        await(log().append(a, UUID.randomUUID(), 101, update(0), false));
        await(log().append(a, UUID.randomUUID(), 102, update(1), false));
        await(log().append(gone, UUID.randomUUID(), 103, update(1), false));
        await(log().delete("gone"));

        assertThat(await(log().heads(List.of(a, b, gone, a + b + gone))))
                .isEqualTo(Map.of(
                        a,
                        new UpdateLog.Head(2, 102, false),
                        b,
                        new UpdateLog.Head(0, Link.NONE, false),
                        gone,
                        new UpdateLog.Head(1, 103, true)));
        assertThat(await(log().heads(List.of()))).isEmpty();
    }

    @Test
    void heads_ofManyRooms() {
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 2_500; i++) {
            ids.add(i + 1L << 40);
        }
        long a = await(log().open("a")).roomId();
        ids.add(a);
        assertThat(await(log().heads(ids))).containsOnlyKeys(a);
    }

    @Test
    void delete_tellsWhichLifeEnded() {
        long a = await(log().open("a")).roomId();

        assertThat(await(log().delete("a"))).hasValue(a);
        assertThat(await(log().delete("a"))).isEmpty();
        assertThat(await(log().delete("never"))).isEmpty();
    }

    @Test
    void contents_outliveTheLog() throws Exception {
        long a = await(log().open("a")).roomId();
        UUID batch = UUID.randomUUID();
        await(log().append(a, batch, LINK, update(0), false));
        append(a, update(1));
        UpdateLog again = reopened();
        Contents contents = await(again.open("a"));

        assertThat(contents.roomId()).isEqualTo(a);
        assertThat(contents.rows()).extracting(UpdateLog.Row::payload).containsExactly(update(0), update(1));
        assertThat(await(again.append(a, batch, LINK, update(0), true)).seq()).isEqualTo(1);
        assertThat(await(again.append(a, UUID.randomUUID(), LINK, update(2), false))
                        .seq())
                .isEqualTo(3);
    }

    private UpdateLog.Entry by(@Nullable String principal, Origin origin, byte[] payload) {
        Author author = principal == null ? null : new Author(principal, origin, Map.of());
        return new UpdateLog.Entry(UUID.randomUUID(), LINK, payload, author);
    }

    /** Ids that only an import, Keck itself or nobody known has brought are introduced by the first person after that. */
    @Test
    void introductions_areThoseOfTheFirstPersonInTheOrderOfTheLog() throws Exception {
        long room = await(log().open("a")).roomId();
        assertThat(await(log().introductions(room, 0))).isEqualTo(new UpdateLog.Introductions(Map.of(), 0));
        await(log().append(
                        room,
                        List.of(
                                by("alice", Origin.SOCKET, FakeClient.text(7, 0, "a")),
                                by("bob", Origin.SOCKET, FakeClient.text(7, 1, "b")),
                                by("bob", Origin.REST, FakeClient.text(8, 0, "c")),
                                by("system", Origin.IMPORT, FakeClient.text(9, 0, "d")),
                                by(null, Origin.SOCKET, FakeClient.text(10, 0, "e")),
                                by("carol", Origin.SOCKET, FakeClient.deletion(11, 0, 1)))));
        UpdateLog.Introductions first = await(log().introductions(room, 0));
        assertThat(first).isEqualTo(new UpdateLog.Introductions(Map.of(7L, "alice", 8L, "bob"), 6));

        await(log().append(
                        room,
                        List.of(
                                by("carol", Origin.AGENT, FakeClient.text(9, 1, "f")),
                                by("carol", Origin.SOCKET, FakeClient.text(10, 1, "g")))));
        UpdateLog.Introductions later = await(log().introductions(room, first.seq()));
        assertThat(later.seq()).isEqualTo(8);
        assertThat(later.by()).containsEntry(9L, "carol").containsEntry(10L, "carol");
        assertThat(await(log().introductions(room, 0)).by())
                .isEqualTo(Map.of(7L, "alice", 8L, "bob", 9L, "carol", 10L, "carol"));
        assertThat(await(reopened().introductions(room, 0)).by()).hasSize(4);
    }
}
