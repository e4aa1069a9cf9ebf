package io.keck.crdt;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the hot path of a room allocates: nothing, but for buffers that have to grow now and then. */
class StructStoreAllocationTest {
    private static final int MANY = 20_000;

    private final StructStore store = new StructStore();
    private final List<Update> typing = new ArrayList<>();

    @BeforeEach
    void type() {
        for (int i = 0; i < MANY; i++) {
            typing.add(new UpdateBuilder()
                    .client(1, i)
                    .text("x", i == 0 ? null : id(1, i - 1), null)
                    .build());
        }
        store.apply(typing.get(0));
        store.reduce(typing.get(1));
    }

    /** How many of these updates allocate anything when they are reduced and applied. */
    private int allocating(List<Update> updates, Runnable each) {
        int allocating = 0;
        for (Update update : updates) {
            allocating += Allocations.of(() -> {
                                each.run();
                                store.apply(store.reduce(update));
                            })
                            > 0
                    ? 1
                    : 0;
        }
        return allocating;
    }

    @Test
    void typing_allocatesNothingButRoomForText() {
        // a buffer that grows by a sixteenth holds 20,000 characters after some fifty steps
        assertThat(allocating(typing, () -> {})).isLessThan(60);
        assertThat(store.stateVector().clock(1)).isEqualTo(MANY);
    }

    /** The twin: one small object an update, and the count says so. */
    @Test
    void oneObjectAnUpdate_isSeen() {
        assertThat(allocating(typing, StructStoreAllocationTest::allocate)).isGreaterThan(MANY - 100);
    }

    private static Object kept = "";

    private static void allocate() {
        kept = new Object[] {kept.getClass()};
    }

    @Test
    void deletingBackwards_allocatesNothing() {
        typing.forEach(store::apply);
        List<Update> deleting = new ArrayList<>();
        for (int i = MANY - 1; i > MANY - 5_000; i--) {
            deleting.add(new UpdateBuilder().delete(1, i, 1).build());
        }
        assertThat(allocating(deleting, () -> {})).isLessThan(10);
    }

    @Test
    void whatIsKnown_isReducedWithoutAnything() {
        typing.forEach(store::apply);
        assertThat(allocating(typing, () -> {})).isLessThan(10);
    }

    /** A large update into a much larger document must not copy the document. */
    @Test
    void pastingIntoALargeText_allocatesWhatIsPasted() {
        int length = 5_000_000;
        store.apply(new UpdateBuilder().client(2, 0).text("x".repeat(length)).build());
        long allocated = 0;
        for (int i = 0; i < 20; i++) {
            Update paste = new UpdateBuilder()
                    .client(2, length + 5_000L * i)
                    .text("y".repeat(5_000), id(2, 7), null)
                    .build();
            allocated += Allocations.of(() -> store.apply(paste));
        }
        assertThat(allocated).isLessThan(2L * length); // it grows once, by a sixteenth
    }

    @Test
    void decoding_makesOneSmallObjectAndThatIsAll() {
        byte[] bytes = typing.get(MANY - 1).encode();
        Update.decode(bytes);
        long most = 0;
        for (int i = 0; i < 100; i++) {
            most = Math.max(most, Allocations.of(() -> Update.decode(bytes)));
        }
        // the update, and what reads it
        assertThat(most).isLessThan(400);
    }

    @Test
    void diffForSomebodyWhoHasAll_allocatesTheAnswer() {
        typing.forEach(store::apply);
        for (int i = 0; i < 2_000; i++) {
            store.apply(new UpdateBuilder().delete(1, 3L * i, 1).build());
        }
        StateVector known = store.stateVector();
        byte[] answer = store.diff(known);
        assertThat(answer.length).isGreaterThan(5_000);
        assertThat(Allocations.of(() -> store.diff(known))).isLessThan(answer.length + 1_000L);
    }
}
