package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLarge;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Back ends in the simulation. Each edit sets a key of its own, so that it can be found: one that is answered is in the
 * log and in every later read, on whichever node; one that was not applied is nowhere.
 */
final class BackEnds {
    private static final String ROOT = "back ends";

    private final FakeLog log;
    private final Random random;
    private final boolean restores;
    private final List<String> violations;
    private final List<Edit> edits = new ArrayList<>();
    private final List<Read> reads = new ArrayList<>();
    private int count;

    private record Edit(Rooms node, String room, String mark, CompletionStage<Answer<Boolean>> answer) {}

    private record Read(Rooms node, CompletionStage<?> answer) {}

    /** An act that was answered: every life of the name that was there before it is over, but for that one. */
    private record Act(Rooms node, long lastId, long kept) {}

    private final Map<String, Act> acts = new HashMap<>();

    /** @param restores whether the log may go back; what was answered need not be there then */
    BackEnds(FakeLog log, Random random, boolean restores, List<String> violations) {
        this.log = log;
        this.random = random;
        this.restores = restores;
        this.violations = violations;
    }

    /** One back end asks that node for something. */
    void act(Rooms node, String room) {
        if (random.nextInt(3) == 0) {
            read(node, room);
        } else {
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                write(node, room);
            }
        }
    }

    /** A back end creates, replaces or deletes a room, or makes one where there is none. */
    void begin(Rooms node, String room, int what) {
        OpenDocuments documents = OpenDocuments.of(node);
        long last = log.lastId();
        Update content = Update.decode(FakeClient.text(2_000 + count++, 0, "init"));
        CompletionStage<Long> answer = switch (what) {
            case 0 -> documents.delete(room).thenApply(done -> 0L);
            case 1 ->
                documents
                        .init(room, content, true)
                        .thenApply(made -> made.orElseThrow(() -> new AssertionError("a forced init kept the room"))
                                .roomId());
            case 2 ->
                documents
                        .init(room, content, false)
                        .thenApply(made -> made.map(Answer::roomId).orElse(-1L));
            default -> documents.create(room, doc -> true).thenApply(met -> met.stale() ? -1L : met.roomId());
        };
        reads.add(new Read(
                node,
                answer.whenComplete((id, failure) -> {
                            Throwable error = Replica.cause(failure);
                            if (error != null && !(error instanceof Unavailable)) {
                                violations.add("an act failed: " + error);
                            } else if (error == null && id >= 0) {
                                acts.merge(
                                        room,
                                        new Act(node, last, id),
                                        (before, now) -> now.lastId() > before.lastId() ? now : before);
                            }
                        })
                        .exceptionally(error -> -1L)));
    }

    /** Whether that life had ended before something began that then met it. */
    private boolean isOver(@Nullable Act before, long roomId) {
        return before != null && !restores && roomId <= before.lastId() && roomId != before.kept();
    }

    private void check(String what, @Nullable Act before, Answer<?> answer) {
        if (!answer.stale() && isOver(before, answer.roomId())) {
            violations.add(what + " met life " + answer.roomId() + " after " + before);
        }
    }

    private void write(Rooms node, String room) {
        Act act = acts.get(room);
        String mark = "edit " + count++;
        @Nullable RequestKey key = random.nextInt(4) == 0 ? new RequestKey("key " + random.nextInt(4), "edit") : null;
        CompletionStage<Answer<Boolean>> answer = OpenDocuments.of(node)
                .write(
                        room,
                        key,
                        doc -> doc.getMap(ROOT).set(mark, 1),
                        doc -> doc.getMap(ROOT).has(mark));
        var unused = answer.whenComplete((done, failure) -> {
            if (failure == null) {
                check("a write", act, done);
            } else if (Replica.cause(failure) instanceof RoomMissing) {
                checkMissing(room, act);
            }
        });
        if (key == null) { // what was done before under a key is not done again
            edits.add(new Edit(node, room, mark, answer));
        } else {
            reads.add(new Read(node, answer));
        }
    }

    private void read(Rooms node, String room) {
        Act act = acts.get(room);
        boolean local = random.nextInt(4) == 0;
        List<Edit> before = edits.stream()
                .filter(edit -> edit.room().equals(room) && isAnswered(edit.answer()))
                .toList();
        CompletionStage<?> answer = OpenDocuments.of(node)
                .read(
                        room,
                        local,
                        doc -> before.stream()
                                .filter(edit -> !doc.getMap(ROOT).has(edit.mark()))
                                .toList())
                .whenComplete((missing, error) -> {
                    if (error == null) {
                        check("a read", local && act != null && act.node() != node ? null : act, missing);
                    } else if (Replica.cause(error) instanceof RoomMissing) {
                        checkMissing(room, act);
                    }
                })
                .thenAccept(missing -> missing.value().stream()
                        .filter(edit -> !restores
                                && !local
                                && !missing.stale()
                                && edit.answer().toCompletableFuture().join().roomId() == missing.roomId())
                        .forEach(edit -> violations.add("a read does not see " + edit.mark())));
        reads.add(new Read(node, answer));
    }

    /** A name that had a life when something began, and has it still, was not without one in between. */
    private void checkMissing(String room, @Nullable Act before) {
        if (before != null && before.kept() > 0 && !restores && log.isLive(room, before.kept())) {
            violations.add(
                    "life " + before.kept() + " of " + room + " goes on, and a back end was told that there is none");
        }
    }

    private static boolean isAnswered(CompletionStage<?> stage) {
        return stage.toCompletableFuture().isDone()
                && !stage.toCompletableFuture().isCompletedExceptionally();
    }

    /** The node is killed: it answers no more. */
    void lose(Rooms node) {
        edits.removeIf(edit ->
                edit.node() == node && !edit.answer().toCompletableFuture().isDone());
        reads.removeIf(read -> read.node() == node);
    }

    /** When nothing goes on any more. */
    void checkAnswers() {
        for (Read read : reads) {
            if (!read.answer().toCompletableFuture().isDone()) {
                violations.add("a back end waits for ever");
            }
        }
        edits.forEach(this::check);
    }

    private void check(Edit edit) {
        if (!edit.answer().toCompletableFuture().isDone()) {
            violations.add(edit.mark() + " waits for ever");
            return;
        }
        edit.answer()
                .whenComplete((answer, failure) -> {
                    Throwable error = Replica.cause(failure);
                    if (error == null) {
                        boolean kept = restores || isIn(edit, log.replay(answer.roomId(), answer.seq()));
                        if (!answer.value() || !kept) {
                            violations.add(edit.mark() + " was answered and is not there");
                        }
                    } else if (error instanceof Unavailable e) {
                        if (!e.isOutcomeUnknown() && isIn(edit, log.replay(edit.room()))) {
                            violations.add(edit.mark() + " was called not applied and is there");
                        }
                    } else if (error instanceof TooLarge) {
                        if (isIn(edit, log.replay(edit.room()))) {
                            violations.add(edit.mark() + " was refused for its size and is there");
                        }
                    } else if (!(error instanceof RoomMissing)) {
                        violations.add(edit.mark() + ": " + error);
                    }
                })
                .exceptionally(error -> null);
    }

    private static boolean isIn(Edit edit, StructStore store) {
        return Doc.of(store).getMap(ROOT).has(edit.mark());
    }
}
