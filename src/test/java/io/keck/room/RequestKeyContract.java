package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.room.UpdateLog.Appended;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What every log promises of the keys of requests: {@link UpdateLogContract} is the rest of its contract. */
abstract class RequestKeyContract {
    /** Where it does not matter which. */
    protected static final long LINK = 4711;

    private static final long HANG_GUARD_SECONDS = 60;

    /** The log under test. */
    protected abstract UpdateLog log();

    /** Ends the log and opens it again over what it left behind. */
    protected abstract UpdateLog reopened() throws Exception;

    /** What a stage gives, waited for. */
    protected static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture()
                .orTimeout(HANG_GUARD_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    static Throwable failure(CompletionStage<?> stage) {
        Throwable thrown = catchThrowable(() -> await(stage));
        return thrown instanceof CompletionException ? thrown.getCause() : thrown;
    }

    /** Some update; the log does not look into it. */
    protected static byte[] update(int i) {
        return FakeClient.text(1, i, "x");
    }

    /** A room that a back end has made. */
    private long made(String name) {
        return await(log().create(name)).orElseThrow();
    }

    @Test
    void append_withAKeyIsDoneOncePerRoom() {
        long a = made("a");
        long b = made("b");
        UUID first = UUID.randomUUID();
        assertThat(await(log().append(a, first, LINK, update(0), false, new RequestKey("key", "request")))
                        .seq())
                .isEqualTo(1);
        assertThat(failure(
                        log().append(a, UUID.randomUUID(), LINK, update(1), false, new RequestKey("key", "request"))))
                .isInstanceOf(Refused.class);
        assertThat(await(log().append(a, first, LINK, update(0), true, new RequestKey("key", "request")))
                        .seq())
                .as("the same batch again")
                .isEqualTo(1);
        assertThat(await(log().append(a, UUID.randomUUID(), LINK, update(2), false, new RequestKey("Key", "request")))
                        .seq())
                .isEqualTo(2);
        assertThat(await(log().append(b, UUID.randomUUID(), LINK, update(3), false, new RequestKey("key", "request")))
                        .seq())
                .isEqualTo(1);
        assertThat(await(log().read(a, 0)).rows()).hasSize(2);
    }

    @Test
    void key_standsForOneRequest() {
        long a = made("a");
        RequestKey key = new RequestKey("key", "1 this");
        RequestKey other = new RequestKey("key", "1 other");
        RequestKey laterKind = new RequestKey("key", "2 other");
        await(log().append(a, UUID.randomUUID(), LINK, update(0), false, key));
        assertUsed(log().append(a, UUID.randomUUID(), LINK, update(1), false, key), false);
        assertUsed(log().append(a, UUID.randomUUID(), LINK, update(1), false, other), true);
        assertUsed(log().append(a, UUID.randomUUID(), LINK, update(1), false, laterKind), false);
        assertUsed(log().keep(a, key), false);
        assertUsed(log().keep(a, other), true);
        assertThat(await(log().read(a, 0)).rows()).hasSize(1);
    }

    private static void assertUsed(CompletionStage<?> stage, boolean byAnother) {
        assertThat(failure(stage))
                .isInstanceOfSatisfying(
                        Refused.class,
                        used -> assertThat(used.isOfAnotherRequest()).isEqualTo(byAnother));
    }

    @Test
    void keyOfAnEditThatChangesNothing_isKept_withoutARow() {
        long a = made("a");
        long b = made("b");
        await(log().append(a, UUID.randomUUID(), 77, update(0), false));
        RequestKey key = new RequestKey("key", "1 this");
        assertThat(await(log().keep(a, key))).isEqualTo(new Appended(1, 77, Link.UNKNOWN));
        assertThat(await(log().keep(b, key))).isEqualTo(new Appended(0, 0, Link.UNKNOWN));
        assertUsed(log().append(a, UUID.randomUUID(), LINK, update(1), false, key), false);
        assertUsed(log().keep(a, key), false);
        assertThat(await(log().read(a, 0)).rows()).hasSize(1);
        await(log().delete("a"));
        assertThat(failure(log().keep(a, new RequestKey("new", "1 this")))).isInstanceOf(RoomGone.class);
        assertThat(failure(log().keep(a + 1_000, key))).isInstanceOf(RoomLost.class);
    }

    /** Of each key one request is done, whatever else comes in the same transaction. */
    @Test
    void keysOfManyRooms_atOnce_areEachTakenOnce() {
        List<Long> rooms = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            rooms.add(made("room " + i));
        }
        List<CompletionStage<Appended>> stages = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            RequestKey key = new RequestKey("key " + i % 4, "1 this");
            long room = rooms.get(i % 5);
            stages.add(
                    i % 3 == 0
                            ? log().append(room, UUID.randomUUID(), LINK, update(i), false, key)
                            : log().keep(room, key));
        }
        int done = 0;
        for (CompletionStage<Appended> stage : stages) {
            try {
                stage.toCompletableFuture().join();
                done++;
            } catch (java.util.concurrent.CompletionException e) {
                assertThat(e.getCause()).isInstanceOf(Refused.class);
            }
        }
        assertThat(done).isEqualTo(20);
    }

    @Test
    void append_withTheSameKeyTwiceAtOnceIsDoneOnce() {
        long a = made("a");
        List<CompletionStage<Appended>> stages = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            stages.add(log().append(a, UUID.randomUUID(), LINK, update(i), false, new RequestKey("key", "request")));
        }
        stages.forEach(
                stage -> stage.toCompletableFuture().exceptionally(e -> null).join());
        assertThat(stages)
                .filteredOn(stage -> !stage.toCompletableFuture().isCompletedExceptionally())
                .hasSize(1);
        assertThat(await(log().read(a, 0)).rows()).hasSize(1);
    }

    // ------------------------------------------------------------------ keys of names

    private static final RequestKey KEY = new RequestKey("key", "1 this");
    private static final RequestKey OTHER = new RequestKey("key", "1 other");

    private CompletionStage<Optional<UpdateLog.Begun>> init(String name, int content, boolean replace, RequestKey key) {
        return log().init(name, UUID.randomUUID(), LINK, update(content), replace, key);
    }

    private CompletionStage<Appended> edit(long room, int content, RequestKey key) {
        return log().append(room, UUID.randomUUID(), LINK, update(content), false, key);
    }

    /** The first use of the key, as its repeat tells of it. */
    private static void assertUsedIn(CompletionStage<?> stage, long roomId) {
        assertThat(failure(stage)).isInstanceOfSatisfying(Refused.class, used -> {
            assertThat(used.isOfAnotherRequest()).isFalse();
            assertThat(used.roomId()).isEqualTo(roomId);
        });
    }

    /** The room has these rows and no others. */
    private void assertLives(String name, long roomId, int... contents) {
        UpdateLog.Contents there = await(log().find(name));
        assertThat(there.roomId()).isEqualTo(roomId);
        List<byte[]> payloads = new ArrayList<>();
        for (int content : contents) {
            payloads.add(update(content));
        }
        assertThat(there.rows()).extracting(UpdateLog.Row::payload).containsExactlyElementsOf(payloads);
    }

    @Test
    void keyOfAnEdit_isKnownInLaterLivesOfTheName() {
        long first = made("a");
        await(edit(first, 0, KEY));
        long second = await(init("a", 1, true, null)).orElseThrow().roomId();
        assertUsedIn(edit(second, 2, KEY), first);
        assertUsedIn(log().keep(second, KEY), first);
        assertUsed(edit(second, 2, OTHER), true);
        assertLives("a", second, 1);
        await(log().delete("a"));
        long third = await(log().create("a")).orElseThrow();
        assertUsedIn(edit(third, 2, KEY), first);
        assertLives("a", third);
    }

    @Test
    void keyOfAnEditThatChangesNothing_isKnownInLaterLivesOfTheName() {
        long first = made("a");
        await(log().keep(first, KEY));
        long second = await(init("a", 1, true, null)).orElseThrow().roomId();
        assertUsedIn(log().keep(second, KEY), first);
        assertUsedIn(edit(second, 2, KEY), first);
        assertLives("a", second, 1);
    }

    /** Else the edit, which is carried out in the next life, would be taken for its own repeat there. */
    @Test
    void roomThatIsGone_takesNoKey() {
        long first = made("a");
        long second = await(init("a", 1, true, null)).orElseThrow().roomId();
        assertThat(failure(edit(first, 2, KEY))).isInstanceOf(RoomGone.class);
        assertThat(failure(log().keep(first, new RequestKey("kept", "1 this")))).isInstanceOf(RoomGone.class);
        await(edit(second, 2, KEY));
        await(log().keep(second, new RequestKey("kept", "1 this")));
        assertLives("a", second, 1, 2);
    }

    @Test
    void repeatedDelete_leavesTheNextLife() {
        made("a");
        assertThat(await(log().delete("a", KEY))).isPresent();
        assertUsedIn(log().delete("a", KEY), 0);
        long next = await(init("a", 1, false, null)).orElseThrow().roomId();
        assertUsedIn(log().delete("a", KEY), 0);
        assertUsed(log().delete("a", OTHER), true);
        assertLives("a", next, 1);

        assertThat(await(log().delete("none", KEY)))
                .as("it has nothing to delete")
                .isEmpty();
        long made = await(log().create("none")).orElseThrow();
        assertUsedIn(log().delete("none", KEY), 0);
        assertLives("none", made);
    }

    @Test
    void repeatedInit_writesNothing() {
        made("a");
        long first = await(init("a", 0, true, KEY)).orElseThrow().roomId();
        await(edit(first, 1, new RequestKey("edit", "1 edit")));
        assertUsedIn(init("a", 0, true, KEY), first);
        assertUsed(init("a", 5, true, OTHER), true);
        assertLives("a", first, 0, 1);
        long second = await(init("a", 2, true, null)).orElseThrow().roomId();
        assertUsedIn(init("a", 0, true, KEY), first);
        assertLives("a", second, 2);
        await(log().delete("a"));
        assertUsedIn(init("a", 0, true, KEY), first);
        assertThat(failure(log().find("a"))).isInstanceOf(RoomMissing.class);

        made("b");
        assertThat(await(init("b", 0, false, KEY))).as("there is one").isEmpty();
        await(log().delete("b"));
        assertUsedIn(init("b", 0, false, KEY), 0);
        assertThat(failure(log().find("b"))).isInstanceOf(RoomMissing.class);
    }

    @Test
    void repeatedCreate_makesNothing() {
        long made = await(log().create("a", KEY)).orElseThrow();
        assertUsedIn(log().create("a", KEY), made);
        await(log().delete("a"));
        assertUsedIn(log().create("a", KEY), made);
        assertUsed(log().create("a", OTHER), true);
        assertThat(failure(log().find("a"))).isInstanceOf(RoomMissing.class);
        assertThat(await(log().create("b", KEY)))
                .as("another name has keys of its own")
                .isPresent();
    }

    @Test
    void keyOfOneKindOfRequest_isRefusedByAllOthers() {
        List<String> names = List.of("edited", "kept", "begun", "made", "deleted");
        long edited = made("edited");
        await(edit(edited, 0, KEY));
        await(log().keep(made("kept"), KEY));
        await(init("begun", 0, false, KEY));
        await(log().create("made", KEY));
        await(log().delete("deleted", KEY));
        made("deleted");
        for (String name : names) {
            UpdateLog.Contents before = await(log().find(name));
            assertUsed(edit(before.roomId(), 1, OTHER), true);
            assertUsed(log().keep(before.roomId(), OTHER), true);
            assertUsed(init(name, 1, true, OTHER), true);
            assertUsed(init(name, 1, false, OTHER), true);
            assertUsed(log().create(name, OTHER), true);
            assertUsed(log().delete(name, OTHER), true);
            UpdateLog.Contents after = await(log().find(name));
            assertThat(after.roomId()).isEqualTo(before.roomId());
            assertThat(after.head()).isEqualTo(before.head());
        }
    }

    @Test
    void oneKeyForSeveralRequestsAtOnce_isTakenByOne() {
        assertThat(doneUnderOneKey(List.of(log()), 20)).isEqualTo(20);
    }

    /** Requests of all kinds come at once, under one key for each of several names; how many of them were carried out. */
    protected static int doneUnderOneKey(List<? extends UpdateLog> nodes, int names) {
        return doneUnderOneKey(nodes, names, failure -> {
            if (!(failure instanceof RoomGone)) { // an edit that came after the deletion
                assertThat(failure)
                        .isInstanceOfSatisfying(
                                Refused.class,
                                used -> assertThat(used.isOfAnotherRequest()).isTrue());
            }
        });
    }

    /** The same, with a judge of the failures of those that were not carried out. */
    protected static int doneUnderOneKey(List<? extends UpdateLog> nodes, int names, Consumer<Throwable> judge) {
        List<List<CompletionStage<?>>> all = new ArrayList<>();
        List<Long> rooms = new ArrayList<>();
        for (int i = 0; i < names; i++) {
            rooms.add(await(nodes.get(0).create("name " + i)).orElseThrow());
        }
        for (int i = 0; i < names; i++) {
            List<CompletionStage<?>> stages = new ArrayList<>();
            for (int kind = 0; kind < 5; kind++) {
                for (UpdateLog node : nodes) {
                    stages.add(request(node, (kind + i) % 5, "name " + i, rooms.get(i), stages.size()));
                }
            }
            all.add(stages);
        }
        int done = 0;
        for (List<CompletionStage<?>> stages : all) {
            for (CompletionStage<?> stage : stages) {
                Throwable failure = failure(stage);
                if (failure == null) {
                    done++;
                } else {
                    judge.accept(failure);
                }
            }
        }
        return done;
    }

    private static CompletionStage<?> request(UpdateLog node, int kind, String name, long room, int number) {
        RequestKey key = new RequestKey("key", "1 request " + number);
        return switch (kind) {
            case 0 -> node.append(room, UUID.randomUUID(), LINK, update(number), false, key);
            case 1 -> node.keep(room, key);
            case 2 -> node.init(name, UUID.randomUUID(), LINK, update(number), true, key);
            case 3 -> node.create(name, key);
            default -> node.delete(name, key);
        };
    }
}
