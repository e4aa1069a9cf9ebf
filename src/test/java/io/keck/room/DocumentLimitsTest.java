package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.failure.TooLarge;
import io.keck.failure.TooLargeHere;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What a document may be, and what becomes of that for which it has no room. */
class DocumentLimitsTest {
    private static final DocumentLimits LIMITS = new DocumentLimits(1_000, 8, 20);
    private static final RoomSettings SETTINGS =
            World.SMALL.toBuilder().document(LIMITS).build();

    private final Counts counts = new Counts();
    private final World world = world(Safeguards.ON);

    private static final class Counts implements RoomMetrics {
        int refused;
        int near;

        @Override
        public void growthRefused() {
            refused++;
        }

        @Override
        public void nearLimitBegan() {
            near++;
        }

        @Override
        public void nearLimitEnded() {
            near--;
        }
    }

    private World world(Safeguards safeguards) {
        return new World(SETTINGS, Rooms.Maker.with(safeguards), new FakeLog(), Bus.NONE, counts, 1);
    }

    private static String text(int length) {
        return "x".repeat(length);
    }

    private static int denied(FakeClient client) {
        return client.connection.count(Message.Auth.class);
    }

    @Test
    void atTheLimit_anUpdateIsLeftAsideAndSaid_andTheSocketStays() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        byte[] first = writer.type(text(900));
        byte[] second = writer.type(text(200));
        world.settle();

        assertThat(reader.has(first)).isTrue();
        assertThat(reader.has(second)).isFalse();
        assertThat(world.log.holds(ROOM, second)).isFalse();
        assertThat(denied(writer)).isEqualTo(1);
        assertThat(denied(reader)).isZero();
        assertThat(writer.isConnected()).isTrue();
        assertThat(counts.refused).isEqualTo(1);
    }

    @Test
    void aWriterThatGoesOn_isToldOnlyOnceInTenSeconds() {
        FakeClient writer = world.quiet();
        writer.type(text(900));
        for (int i = 0; i < 50; i++) {
            writer.type(text(200));
        }
        world.settle();
        assertThat(denied(writer)).isEqualTo(1);
        world.pass(10_000);
        writer.type(text(200));
        world.settle();
        assertThat(denied(writer)).isEqualTo(2);
    }

    @Test
    void atTheLimit_deletionsAreTaken() {
        FakeClient writer = world.quiet();
        writer.type(text(960));
        world.settle();
        byte[] deletion = writer.delete(writer.id, 10, 20);
        world.settle();

        assertThat(world.log.holds(ROOM, deletion)).isTrue();
        assertThat(denied(writer)).isZero();
    }

    @Test
    void deletionsThatMakeTheDocumentLarger_endAtTwiceTheLimit() {
        FakeClient writer = world.quiet();
        writer.type(text(960));
        world.settle();
        for (int i = 0; i < 480; i++) {
            writer.delete(writer.id, 2 * i, 1);
            world.pass(4_000);
        }

        assertThat(world.saved().encode().length).isBetween(1_500, 2_100);
        assertThat(denied(writer)).isPositive();
    }

    @Test
    void belowTheLimitAgain_whatWasLeftAsideComesIn() {
        FakeClient writer = world.quiet();
        FakeClient other = world.quiet();
        writer.type(text(900));
        world.settle();
        byte[] aside = writer.type(text(200));
        byte[] asideToo = other.type(text(300));
        world.settle();
        assertThat(counts.refused).isEqualTo(2);
        other.delete(writer.id, 0, 800);
        world.settle();
        world.pass(4_000);

        assertThat(world.log.holds(ROOM, aside)).isTrue();
        assertThat(world.log.holds(ROOM, asideToo)).isTrue();
        world.assertAllEqualTheLog();
    }

    /** The limit of a credential stops its holder alone; the other writer, who has none, is the twin. */
    @Test
    void atTheLimitOfACredential_itsHolderIsToldAndTheOthersGoOn() {
        FakeClient limited = world.quiet();
        FakeClient other = world.quiet();
        limited.connection.maxDocument = 500;
        byte[] first = limited.type(text(400));
        world.settle();
        byte[] aside = limited.type(text(200));
        world.settle();
        assertThat(denied(limited)).isEqualTo(1);
        assertThat(world.log.holds(ROOM, aside)).isFalse();
        assertThat(limited.connection.brought).isEqualTo(first.length);

        byte[] free = other.type(text(300));
        byte[] deletion = limited.delete(limited.id, 0, 350);
        world.settle();
        assertThat(world.log.holds(ROOM, free)).isTrue();
        assertThat(world.log.holds(ROOM, deletion)).isTrue();
        assertThat(denied(other)).isZero();
        assertThat(world.log.holds(ROOM, aside)).as("still above the limit").isFalse();

        other.delete(other.id, 0, 300);
        world.settle();
        world.pass(4_000);
        assertThat(world.log.holds(ROOM, aside))
                .as("there is room, and what was left aside was asked for")
                .isTrue();
        world.assertAllEqualTheLog();
    }

    /** The upper bound of the size, which each keystroke raises by its whole update, refuses nobody. */
    @Test
    void typing_isNotRefusedByTheLimitOfACredentialForTheBytesOfItsUpdates() {
        FakeClient limited = world.quiet();
        limited.connection.maxDocument = 600;
        for (int i = 0; i < 400; i++) {
            limited.type("y");
            world.pass(10);
        }
        assertThat(counts.refused).isZero();
    }

    @Test
    void twin_withoutAsking_whatWasLeftAsideStaysOutside() {
        World forgetful = world(new Safeguards() {
            @Override
            public boolean asksRefusedWriters() {
                return false;
            }
        });
        FakeClient writer = forgetful.quiet();
        writer.type(text(900));
        forgetful.settle();
        byte[] aside = writer.type(text(200));
        writer.delete(writer.id, 0, 800);
        forgetful.pass(4_000);
        forgetful.pass(4_000);

        assertThat(forgetful.log.holds(ROOM, aside)).isFalse();
    }

    @Test
    void twin_withoutLimits_theDocumentGrows() {
        World boundless = world(new Safeguards() {
            @Override
            public boolean boundsDocuments() {
                return false;
            }
        });
        FakeClient writer = boundless.quiet();
        for (int i = 0; i < 10; i++) {
            writer.type(text(500));
            boundless.settle();
        }

        assertThat(boundless.saved().encode().length).isGreaterThan(5_000);
    }

    /** Each keystroke is an update of some 15 bytes and makes the document one byte larger: what counts is the latter. */
    @Test
    void typing_isNotRefusedForTheBytesOfItsUpdates() {
        FakeClient writer = world.quiet();
        for (int i = 0; i < 400; i++) {
            writer.type("y");
            world.pass(10);
        }

        assertThat(counts.refused).isZero();
        assertThat(world.saved().encode().length).isBetween(400, 450);
    }

    @Test
    void aDocumentAboveANewLimit_isLoadedAndRead() {
        World before = new World(World.SMALL, World.ROOMS, new FakeLog(), Bus.NONE, RoomMetrics.NONE, 1);
        before.joined().type(text(5_000));
        before.settle();
        World after = new World(SETTINGS, World.ROOMS, before.log, Bus.NONE, counts, 2);
        FakeClient reader = after.joined();

        World.assertSame(reader.replica, before.saved(), "a reader");
        byte[] more = reader.type("z");
        after.settle();
        assertThat(denied(reader)).isEqualTo(1);
        assertThat(before.log.holds(ROOM, more)).isFalse();
        reader.delete(100, 0, 4_900);
        after.settle();
        after.pass(4_000);
        assertThat(before.log.holds(ROOM, more)).isTrue();
    }

    @Test
    void whatAnotherNodeHasCommitted_isAlwaysTaken() {
        world.way.shared = true;
        FakeClient reader = world.quiet();
        byte[] foreign = FakeClient.text(77, 0, text(3_000));
        world.log.appendForeign(ROOM, foreign);
        reader.send(Message.step1(reader.knows()));
        world.pass(300);

        assertThat(reader.has(foreign)).isTrue();
        assertThat(counts.near).isEqualTo(1);
    }

    @Test
    void tooManyClients_newOnesAreRefused_andKnownOnesAreNot() {
        FakeClient writer = world.quiet();
        FakeClient first = world.quiet();
        first.type("a");
        for (long client = 200; client < 210; client++) {
            writer.send(Message.update(FakeClient.text(client, 0, "b")));
        }
        world.settle();

        assertThat(world.saved().clientCount()).isEqualTo(8);
        byte[] known = first.type("c");
        world.settle();
        assertThat(world.log.holds(ROOM, known)).isTrue();
    }

    @Test
    void tooManyStructs_areRefused() {
        FakeClient writer = world.quiet();
        for (int i = 0; i < 40; i++) {
            writer.send(Message.update(mapValue(300, i)));
            world.pass(4_000);
        }

        assertThat(world.saved().structCount()).isBetween(15L, 20L);
        assertThat(counts.refused).isPositive();
    }

    /** Sets a key of its own: never one struct with another. */
    private static byte[] mapValue(long client, long clock) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(client);
        out.writeVarUint(clock);
        out.writeUint8(0x20 | 4);
        out.writeVarUint(1);
        out.writeVarString("m");
        out.writeVarString("k" + clock);
        out.writeVarString("v");
        out.writeVarUint(0);
        return out.toByteArray();
    }

    @Test
    void oneAddress_bringsHalfOfTheLimitAtMost_andTheOthersGoOn() {
        FakeClient greedy = world.quiet();
        FakeClient modest = world.client();
        modest.address = "192.0.2.7";
        FakeClient first = world.client();
        first.address = "192.0.2.1";
        for (FakeClient client : new FakeClient[] {modest, first}) {
            client.connect(world.rooms, ROOM);
        }
        world.settle();
        first.type(text(450));
        world.settle();
        byte[] tooMuch = first.type(text(100));
        byte[] fine = modest.type(text(100));
        world.settle();

        assertThat(greedy.isConnected()).isTrue();
        assertThat(denied(first)).isEqualTo(1);
        assertThat(world.log.holds(ROOM, tooMuch)).isFalse();
        assertThat(world.log.holds(ROOM, fine)).isTrue();
    }

    @Test
    void addressesOfOneNetwork_countAsOne() {
        assertThat(DocumentGrowth.origin("2001:db8:1:2:3:4:5:6")).isEqualTo(DocumentGrowth.origin("2001:db8:1:2::9"));
        assertThat(DocumentGrowth.origin("[2001:db8:1:2::9]")).isEqualTo(DocumentGrowth.origin("2001:db8:1:2::1"));
        assertThat(DocumentGrowth.origin("2001:db8:1:3::9")).isNotEqualTo(DocumentGrowth.origin("2001:db8:1:2::9"));
        assertThat(DocumentGrowth.origin("192.0.2.7")).isEqualTo("192.0.2.7");
    }

    @Test
    void backEnds_areToldThatItIsTooLarge_andMayDelete() {
        OpenDocuments documents = OpenDocuments.of(world.rooms);
        FakeClient writer = world.quiet();
        writer.type(text(950));
        world.settle();
        CompletionStage<?> refused = documents.write(
                ROOM,
                null,
                doc -> doc.getText("t").insert(0, text(100)),
                doc -> doc.getText("t").length());
        world.settle();
        CompletionStage<?> keyed = documents.write(
                ROOM,
                new RequestKey("k", "1 edit"),
                doc -> doc.getText("t").insert(0, text(100)),
                doc -> doc.getText("t").length());
        world.settle();
        CompletionStage<Documents.Answer<Integer>> deleted = documents.write(
                ROOM,
                null,
                doc -> doc.getText("t").delete(0, 900),
                doc -> doc.getText("t").length());
        world.settle();

        assertThat(failure(refused)).isInstanceOf(TooLarge.class);
        assertThat(failure(keyed)).isInstanceOf(TooLarge.class);
        assertThat(deleted.toCompletableFuture().join().value()).isEqualTo(50);
        world.pass(4_000);
        CompletionStage<?> again = documents.write(
                ROOM,
                new RequestKey("k", "1 edit"),
                doc -> doc.getText("t").insert(0, text(100)),
                doc -> doc.getText("t").length());
        world.settle();
        assertThat(again.toCompletableFuture()).isCompleted(); // what was refused has left no key behind
    }

    private static Throwable failure(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().join();
            throw new AssertionError("no failure");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    @Test
    void init_withMoreThanTheLimit_makesNoRoom() {
        CompletionStage<?> made =
                OpenDocuments.of(world.rooms).init("other", Update.decode(FakeClient.text(1, 0, text(1_100))), false);
        world.settle();

        assertThat(failure(made)).isInstanceOf(TooLarge.class);
        assertThat(world.log.knowsName("other")).isFalse();
    }

    @Test
    void nearTheLimit_isCounted_untilTheDocumentIsSmallerOrClosed() {
        FakeClient writer = world.quiet();
        writer.type(text(850));
        world.settle();
        assertThat(counts.near).isEqualTo(1);
        writer.delete(writer.id, 0, 840);
        world.settle();
        world.pass(4_000);
        assertThat(counts.near).isZero();
        writer.type(text(850));
        world.settle();
        world.pass(4_000);
        assertThat(counts.near).isEqualTo(1);
        writer.disconnect();
        world.pass(60_000);
        world.pass(60_000);
        assertThat(world.rooms.size()).isZero();
        assertThat(counts.near).isZero();
    }

    @Test
    void unsaved_theLimitHoldsToo() {
        FakeClient writer = world.quiet();
        writer.type(text(500));
        world.settle();
        world.way.always(FlakyLog.Outcome.FAIL);
        writer.type(text(300));
        world.pass(4_000);
        byte[] aside = writer.type(text(600));
        world.settle();
        assertThat(denied(writer)).isEqualTo(1);
        world.way.always(FlakyLog.Outcome.OK);
        world.pass(4_000);
        assertThat(world.log.holds(ROOM, aside)).isFalse();
    }

    // ------------------------------------------------------------------ too large for the node

    @Test
    void aRoomTooLargeForTheNode_isAnsweredAndNotLoaded() {
        FakeLog log = new FakeLog();
        World before = new World(SETTINGS, World.ROOMS, log, Bus.NONE, RoomMetrics.NONE, 1);
        FakeClient writer = before.joined();
        writer.type(text(900));
        before.settle();
        log.loadAtMost = 500;
        World small = new World(SETTINGS, World.ROOMS, log, Bus.NONE, RoomMetrics.NONE, 2);
        FakeClient refused = small.joined();
        CompletionStage<?> read = OpenDocuments.of(small.rooms).read(ROOM, false, doc -> 1);
        small.settle();

        assertThat(refused.connection.closed.code()).isEqualTo(1013);
        assertThat(refused.connection.closed.text()).contains("too large for this node");
        assertThat(failure(read)).isInstanceOf(TooLargeHere.class);
        log.loadAtMost = 5_000;
        FakeClient welcome = small.joined();
        World.assertSame(welcome.replica, before.saved(), "the room on a larger node");
    }

    // ------------------------------------------------------------------ answers to step 1

    @Test
    void step1s_areAnsweredOnceASecond_andNoneIsRefused() {
        FakeClient asker = world.quiet();
        asker.type(text(400));
        world.settle();
        world.pass(2_000);
        asker.connection.forget();
        for (int i = 0; i < 100; i++) {
            asker.send(Message.step1(StateVector.EMPTY));
            world.settle();
        }
        assertThat(asker.connection.count(Message.SyncStep2.class)).isEqualTo(1);
        world.pass(1_000);
        assertThat(asker.connection.count(Message.SyncStep2.class)).isEqualTo(2);
        world.pass(5_000);
        assertThat(asker.connection.count(Message.SyncStep2.class)).isEqualTo(2);
    }

    @Test
    void twin_withoutTheBound_eachStep1IsAnswered() {
        World generous = world(new Safeguards() {
            @Override
            public boolean boundsAnswers() {
                return false;
            }
        });
        FakeClient asker = generous.quiet();
        for (int i = 0; i < 100; i++) {
            asker.send(Message.step1(StateVector.EMPTY));
            generous.settle();
        }
        assertThat(asker.connection.count(Message.SyncStep2.class)).isEqualTo(100);
    }

    /** State vectors that name a client that nobody has ever seen differ, and the answer is one and the same array. */
    @Test
    void answersToThoseWhoLackMost_areOneArray() {
        World large = new World(RoomSettings.DEFAULT, World.ROOMS, new FakeLog(), Bus.NONE, RoomMetrics.NONE, 1);
        FakeClient writer = large.joined();
        writer.type(text(600_000));
        large.settle();
        byte[][] answers = new byte[2][];
        for (int i = 0; i < 2; i++) {
            FakeConnection connection = new FakeConnection(() -> large.now, frame -> {});
            Seat seat = large.rooms.join(Grants.on(ROOM), connection);
            var known = StateVector.of(Map.of(77L + i, 5L));
            seat.receive(List.of(new Message.SyncStep1(known)), 20);
            large.settle();
            answers[i] = connection.frames.stream()
                    .filter(frame -> frame.length > 500_000)
                    .findFirst()
                    .orElseThrow();
        }
        assertThat(answers[0]).isSameAs(answers[1]);
    }
}
