package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Update;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Message;
import io.keck.room.Documents.Answer;
import io.keck.testing.OpenDocuments;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A document whose content is costly to put in order: other documents do not wait for it, and in the end it is refused. */
class DocumentWorkTest {
    private static final Safeguards UNBOUNDED = new Safeguards() {
        @Override
        public boolean boundsDocumentWork() {
            return false;
        }
    };

    private static final int CLIENTS = 1_500;

    private static final class Counts implements RoomMetrics {
        int tooCostly;

        @Override
        public void documentTooCostly() {
            tooCostly++;
        }
    }

    /** One thread, in the order of a pool. */
    private static final class Pool implements Executor {
        final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }
    }

    private final Counts counts = new Counts();
    private final Pool pool = new Pool();

    private World world(Safeguards safeguards, long maxSteps) {
        RoomSettings settings = World.SMALL.toBuilder()
                .document(DocumentLimits.NONE.withSteps(maxSteps))
                .build();
        return new World(settings, Rooms.Maker.with(safeguards), new FakeLog(), Bus.NONE, counts, 1, pool);
    }

    private void settle(World world) {
        world.settle();
        while (!pool.tasks.isEmpty()) {
            pool.tasks.remove().run();
            world.settle();
        }
    }

    private static void text(Encoder out, long originClient, long origin, String text) {
        if (originClient == 0) {
            out.writeUint8(4);
            out.writeVarUint(1);
            out.writeVarString("t");
        } else {
            out.writeUint8(0x84);
            out.writeVarUint(originClient);
            out.writeVarUint(origin);
        }
        out.writeVarString(text);
    }

    /** Quadratic, also in Yjs: each client has an item behind one of two units, and another behind the first. */
    private static byte[] costly() {
        Encoder out = new Encoder();
        out.writeVarUint(CLIENTS + 1);
        for (long client = CLIENTS + 10; client >= 10; client--) {
            out.writeVarUint(client > 10 ? 2 : 1);
            out.writeVarUint(client);
            out.writeVarUint(0);
            if (client > 10) {
                text(out, 10, client % 2, "x");
                text(out, 10, 0, "y");
            } else {
                text(out, 0, 0, "ab");
            }
        }
        out.writeVarUint(0);
        return out.toByteArray();
    }

    private FakeClient poison(World world) {
        FakeClient writer = world.joined();
        writer.send(Message.update(costly()));
        world.settle();
        return writer;
    }

    private static CompletableFuture<Answer<String>> read(World world, String room) {
        return OpenDocuments.of(world.rooms)
                .read(room, false, doc -> doc.getText("t").toString())
                .toCompletableFuture();
    }

    private static Throwable failure(CompletableFuture<?> answer) {
        try {
            answer.join();
            throw new AssertionError("it was answered");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    /** Returns which of a costly and an innocent document is answered first. */
    private String first(Safeguards safeguards) {
        World world = world(safeguards, 100_000_000);
        poison(world);
        OpenDocuments.of(world.rooms).create("innocent", doc -> 1);
        settle(world);
        return first(world, "costly", () -> read(world, ROOM));
    }

    /** Begins slow work and then a read of the innocent document; returns the name of the one that is answered first. */
    private String first(World world, String name, Supplier<CompletableFuture<?>> slow) {
        List<String> order = new ArrayList<>();
        slow.get().thenAccept(answer -> order.add(name));
        world.settle();
        read(world, "innocent").thenAccept(answer -> order.add("innocent"));
        settle(world);
        assertThat(order).hasSize(2);
        return order.get(0);
    }

    @Test
    void aCostlyDocument_yieldsToOthers() {
        assertThat(first(Safeguards.ON)).isEqualTo("innocent");
    }

    @Test
    void withoutTheBound_othersWait() {
        assertThat(first(UNBOUNDED)).isEqualTo("costly");
    }

    @Test
    void aDocumentThatIsTooCostly_isRefusedForAWhile_andItsSocketsGoOn() {
        World world = world(Safeguards.ON, 300_000);
        FakeClient writer = poison(world);
        FakeClient reader = world.joined();
        CompletableFuture<Answer<String>> read = read(world, ROOM);
        CompletableFuture<?> write = OpenDocuments.of(world.rooms)
                .write(ROOM, null, doc -> doc.getText("t").insert(0, "z"), doc -> 1)
                .toCompletableFuture();
        settle(world);

        assertThat(failure(read)).isInstanceOf(TooCostly.class);
        assertThat(failure(write)).isInstanceOf(TooCostly.class);
        assertThat(counts.tooCostly).isEqualTo(1);
        byte[] edit = writer.type("still here");
        settle(world);
        assertThat(reader.has(edit)).isTrue();
        assertThat(writer.isConnected()).isTrue();

        CompletableFuture<Answer<String>> soon = read(world, ROOM);
        settle(world);
        assertThat(failure(soon))
                .isInstanceOfSatisfying(
                        TooCostly.class, e -> assertThat(e.retryMillis()).isBetween(1L, DocumentCopies.COOL_OFF));
        assertThat(counts.tooCostly).as("it was not tried").isEqualTo(1);

        world.now += DocumentCopies.COOL_OFF;
        CompletableFuture<Answer<String>> later = read(world, ROOM);
        settle(world);
        assertThat(failure(later)).isInstanceOf(TooCostly.class);
        assertThat(counts.tooCostly).as("it was tried again").isEqualTo(2);
    }

    @Test
    void aLivingDocumentThatBecomesTooCostly_isRefused_andAnotherLifeIsNot() {
        World world = world(Safeguards.ON, 300_000);
        world.joined().type("x");
        world.settle();
        CompletableFuture<Answer<String>> before = read(world, ROOM);
        settle(world);
        assertThat(before).isCompleted();
        poison(world);
        settle(world);
        CompletableFuture<Answer<String>> after = read(world, ROOM);
        settle(world);
        assertThat(failure(after)).isInstanceOf(TooCostly.class);

        OpenDocuments.of(world.rooms).init(ROOM, Update.EMPTY, true);
        settle(world);
        CompletableFuture<Answer<String>> next = read(world, ROOM);
        settle(world);
        assertThat(next.join().value()).isEmpty();
    }

    /** A reading that takes that many steps, as one of content whose formats are repeated for each of its runs. */
    private static final class Walk implements Reading<String> {
        private final long steps;
        long taken;
        int parts;
        boolean isGivenUp;

        Walk(long steps) {
            this.steps = steps;
        }

        @Override
        public boolean goOn(long most) {
            taken += Math.min(most, steps - taken);
            parts++;
            return taken == steps;
        }

        @Override
        public long steps() {
            return taken;
        }

        @Override
        public String result() {
            return "read";
        }

        @Override
        public void giveUp() {
            isGivenUp = true;
        }
    }

    private CompletableFuture<Answer<String>> walk(World world, String room, Walk walk) {
        return OpenDocuments.of(world.rooms)
                .readInParts(room, false, doc -> walk)
                .toCompletableFuture();
    }

    private World twoRooms(Safeguards safeguards, long maxSteps) {
        World world = world(safeguards, maxSteps);
        world.joined().type("x");
        OpenDocuments.of(world.rooms).create("innocent", doc -> 1);
        settle(world);
        return world;
    }

    private String firstBesideAWalk(Safeguards safeguards) {
        World world = twoRooms(safeguards, 100_000_000);
        return first(world, "long", () -> walk(world, ROOM, new Walk(5 * DocumentTurns.WORK)));
    }

    @Test
    void aLongReading_yieldsToOtherDocuments() {
        assertThat(firstBesideAWalk(Safeguards.ON)).isEqualTo("innocent");
    }

    @Test
    void withoutTheBound_othersWaitForALongReading() {
        assertThat(firstBesideAWalk(UNBOUNDED)).isEqualTo("long");
    }

    @Test
    void betweenTheParts_theDocumentDoesNotChange() {
        World world = twoRooms(Safeguards.ON, 100_000_000);
        FakeClient writer = world.joined();
        List<Integer> lengths = new ArrayList<>();
        CompletableFuture<Answer<String>> answer = OpenDocuments.of(world.rooms)
                .<String>readInParts(ROOM, false, doc -> new Reading<>() {
                    private final Walk walk = new Walk(3 * DocumentTurns.WORK);

                    @Override
                    public boolean goOn(long most) {
                        lengths.add(doc.encodeStateAsUpdate().length);
                        writer.type("more"); // comes to the room at once, and to the document after this
                        world.settle();
                        return walk.goOn(most);
                    }

                    @Override
                    public long steps() {
                        return walk.steps();
                    }

                    @Override
                    public String result() {
                        return "read";
                    }
                })
                .toCompletableFuture();
        settle(world);
        assertThat(answer.join().value()).isEqualTo("read");
        assertThat(lengths).hasSizeGreaterThan(2).containsOnly(lengths.get(0));
        CompletableFuture<Answer<Integer>> after = OpenDocuments.of(world.rooms)
                .read(ROOM, false, doc -> doc.encodeStateAsUpdate().length)
                .toCompletableFuture();
        settle(world);
        assertThat(after.join().value()).isGreaterThan(lengths.get(0));
    }

    @Test
    void aReadingThatTakesTooManySteps_isRefusedForAWhile() {
        World world = twoRooms(Safeguards.ON, 1_000_000);
        Walk walk = new Walk(10_000_000);
        CompletableFuture<Answer<String>> answer = walk(world, ROOM, walk);
        settle(world);
        assertThat(failure(answer)).isInstanceOf(TooCostly.class);
        assertThat(walk.isGivenUp).isTrue();
        assertThat(walk.taken).isLessThan(2_000_000);
        assertThat(counts.tooCostly).isEqualTo(1);

        CompletableFuture<Answer<String>> next = read(world, ROOM);
        CompletableFuture<Answer<String>> other = read(world, "innocent");
        settle(world);
        assertThat(failure(next)).isInstanceOf(TooCostly.class);
        assertThat(other.join().value()).isEmpty();
        world.now += DocumentCopies.COOL_OFF;
        CompletableFuture<Answer<String>> later = read(world, ROOM);
        settle(world);
        assertThat(later).isCompleted();
    }

    /** The twin: without the bound the whole of it is read. */
    @Test
    void withoutTheBound_aReadingTakesWhatItTakes() {
        World world = twoRooms(UNBOUNDED, 1_000_000);
        Walk walk = new Walk(10_000_000);
        CompletableFuture<Answer<String>> answer = walk(world, ROOM, walk);
        settle(world);
        assertThat(answer.join().value()).isEqualTo("read");
        assertThat(walk.taken).isEqualTo(10_000_000);
        assertThat(walk.parts).isEqualTo(1);
    }

    /** An edit is committed before its answer is made: what cannot be told of it is not "not done". */
    @Test
    void anEditWhoseAnswerIsTooCostly_isMade() {
        World world = twoRooms(Safeguards.ON, 1_000_000);
        CompletableFuture<Answer<String>> answer = OpenDocuments.of(world.rooms)
                .<String>writeInParts(ROOM, null, doc -> doc.getText("t").insert(0, "z"), doc -> new Walk(10_000_000))
                .toCompletableFuture();
        settle(world);
        assertThat(failure(answer))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
        world.now += DocumentCopies.COOL_OFF;
        CompletableFuture<Answer<String>> later = read(world, ROOM);
        settle(world);
        assertThat(later.join().value()).startsWith("z");
    }
}
