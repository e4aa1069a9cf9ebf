package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.room.Documents.Answer;
import io.keck.room.Documents.RoomMissingException;
import io.keck.room.Documents.UnavailableException;
import java.util.ArrayList;
import java.util.List;
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

    private void write(Rooms node, String room) {
        String mark = "edit " + count++;
        @Nullable RequestKey key = random.nextInt(4) == 0 ? new RequestKey("key " + random.nextInt(4), "edit") : null;
        CompletionStage<Answer<Boolean>> answer = node.documents()
                .write(
                        room,
                        key,
                        doc -> doc.getMap(ROOT).set(mark, 1),
                        doc -> doc.getMap(ROOT).has(mark));
        if (key == null) { // what was done before under a key is not done again
            edits.add(new Edit(node, room, mark, answer));
        } else {
            reads.add(new Read(node, answer));
        }
    }

    private void read(Rooms node, String room) {
        List<Edit> before = edits.stream()
                .filter(edit -> edit.room().equals(room) && isAnswered(edit.answer()))
                .toList();
        CompletionStage<?> answer = node.documents()
                .read(
                        room,
                        false,
                        doc -> before.stream()
                                .filter(edit -> !doc.getMap(ROOT).has(edit.mark()))
                                .toList())
                .thenAccept(missing -> missing.value().stream()
                        .filter(edit -> !restores
                                && !missing.stale()
                                && edit.answer().toCompletableFuture().join().roomId() == missing.roomId())
                        .forEach(edit -> violations.add("a read does not see " + edit.mark())));
        reads.add(new Read(node, answer));
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
                    Throwable error = Journal.cause(failure);
                    if (error == null) {
                        boolean kept = restores || isIn(edit, log.replay(answer.roomId(), answer.seq()));
                        if (!answer.value() || !kept) {
                            violations.add(edit.mark() + " was answered and is not there");
                        }
                    } else if (error instanceof UnavailableException e) {
                        if (!e.isOutcomeUnknown() && isIn(edit, log.replay(edit.room()))) {
                            violations.add(edit.mark() + " was called not applied and is there");
                        }
                    } else if (!(error instanceof RoomMissingException)) {
                        violations.add(edit.mark() + ": " + error);
                    }
                })
                .exceptionally(error -> null);
    }

    private static boolean isIn(Edit edit, StructStore store) {
        return Doc.of(store).getMap(ROOT).has(edit.mark());
    }
}
