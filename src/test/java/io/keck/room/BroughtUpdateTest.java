package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLarge;
import io.keck.failure.Unavailable;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.Documents.Answer;
import io.keck.testing.Grants;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** An update over HTTP as a member of its room: what it hears there becomes one answer. */
class BroughtUpdateTest {
    private static final Author ALICE = new Author("alice", Origin.REST, Map.of());

    private final World world = new World();
    private final CompletableFuture<Answer<Boolean>> answer = new CompletableFuture<>();
    private Replica.Position position = new Replica.Position(7, 3, 1);
    private final BroughtUpdate brought = new BroughtUpdate(ROOM, ALICE, Allowance.ALL, () -> position, answer);

    private Throwable failure() {
        try {
            answer.getNow(null);
            throw new AssertionError("it did not fail");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    @Test
    void saved_isAnsweredWithThePlaceOfTheRoom_andOnlyTheFirstWordCounts() {
        assertThat(brought.hearsOfSaved()).isTrue();
        brought.saved(1);
        position = new Replica.Position(7, 9, 2);
        brought.heldBack();
        brought.close(CloseReason.deleted());
        assertThat(answer).isCompletedWithValue(new Answer<>(true, 7, 3, false));
    }

    @Test
    void heldBack_isNotAll_orTooLargeWhereTheRoomSaysWhy() {
        brought.heldBack();
        assertThat(answer).isCompletedWithValue(new Answer<>(false, 7, 3, false));

        CompletableFuture<Answer<Boolean>> other = new CompletableFuture<>();
        BroughtUpdate denied = new BroughtUpdate(ROOM, ALICE, Allowance.ALL, () -> null, other);
        denied.send(Message.step1(world.joined().knows()));
        denied.send(Message.denied("The document is full."));
        assertThat(other).isNotDone();
        denied.heldBack();
        assertThat(other)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(TooLarge.class)
                .withMessageContaining("The document is full.");
    }

    @Test
    void endOfTheLife_isMissing_andAnyOtherEndIsUnknown() {
        brought.close(CloseReason.deleted());
        assertThat(failure()).isInstanceOf(RoomMissing.class);

        CompletableFuture<Answer<Boolean>> other = new CompletableFuture<>();
        new BroughtUpdate(ROOM, ALICE, Allowance.ALL, () -> null, other).close(CloseReason.restart());
        assertThat(other.handle((value, error) -> error).join())
                .isInstanceOfSatisfying(
                        Unavailable.class,
                        unknown -> assertThat(unknown.isOutcomeUnknown()).isTrue());
    }

    @Test
    void broughtIntoARoom_itIsCommitted_seenByOthers_andItsSeatIsFree() {
        FakeClient reader = world.joined();
        reader.type("x");
        world.settle();
        byte[] text = FakeClient.text(5, 0, "hello");
        var result = world.rooms
                .documents()
                .update(Grants.on(ROOM), Update.decode(text), Allowance.ALL)
                .toCompletableFuture();
        world.settle();
        assertThat(result.join().value()).isTrue();
        assertThat(reader.has(text)).isTrue();
        assertThat(world.log.replay(ROOM).reduce(Update.decode(text)).isEmpty()).isTrue();
        reader.disconnect();
        world.settle();
        world.now += world.settings.unloadAfter();
        world.rooms.tick();
        world.settle();
        assertThat(world.rooms.size()).as("nobody is in the room").isZero();
    }

    @Test
    void whoWaitsNoLonger_leavesTheRoom_andTheUpdateStays() {
        FakeClient reader = world.joined();
        reader.type("x");
        world.settle();
        byte[] text = FakeClient.text(5, 0, "hello");
        world.way.holding = true;
        var result = world.rooms
                .documents()
                .update(Grants.on(ROOM), Update.decode(text), Allowance.ALL)
                .toCompletableFuture();
        world.settle();
        assertThat(result).isNotDone();
        result.completeExceptionally(new IllegalStateException("the client has gone"));
        world.settle();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(List.of(reader.has(text))).containsExactly(true);
        reader.disconnect();
        world.settle();
        world.now += world.settings.unloadAfter();
        world.rooms.tick();
        world.settle();
        assertThat(world.rooms.size()).isZero();
    }
}
