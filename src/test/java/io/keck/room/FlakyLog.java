package io.keck.room;

import io.keck.access.NameRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One node's way to the log: can hold requests back, lose them, or lose the answers. What is held back has not reached
 * the log yet.
 */
final class FlakyLog implements UpdateLog {
    /** What becomes of a request. */
    enum Outcome {
        OK,
        /** It never arrives; the caller hears of a failure. */
        FAIL,
        /** It is carried out, but the caller hears of a failure. */
        UNKNOWN,
        /** The caller hears of a failure, and some time later it is carried out. */
        LATE
    }

    static final class LogDownException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LogDownException() {
            super("the database does not answer", null, false, false);
        }
    }

    private final FakeLog log;
    private final List<Runnable> held = new ArrayList<>();
    Supplier<Outcome> outcome = () -> Outcome.OK;
    boolean holding;
    /** Requests are carried out, and their answers held back. */
    boolean answersLate;

    private final List<Runnable> answers = new ArrayList<>();
    /** Whether the node is told that others write, too. */
    boolean shared;
    /** The twin: says "committed" before it is. */
    boolean answersFirst;
    /** The twin: the keys of edits that change nothing, and of calls on whole documents, are not remembered. */
    boolean forgetsKeys;
    /** The twin: says that nobody else wrote. */
    boolean hidesOthers;

    private long saidFirst;
    private final Map<Long, Long> told = new HashMap<>();
    /** What was asked of it, in order. */
    final List<String> calls = new ArrayList<>();
    /** Rooms that heads were asked of, all questions together. */
    long headsAsked;

    FlakyLog(FakeLog log) {
        this.log = log;
    }

    @Override
    public boolean isShared() {
        return shared;
    }

    @Override
    public CompletionStage<Contents> open(String name) {
        calls.add("open");
        return request(() -> log.open(name).thenApply(contents -> {
            told.put(contents.roomId(), log.head(contents.roomId()));
            return contents;
        }));
    }

    @Override
    public void forget(long roomId) {
        calls.add("forget");
        log.forget(roomId);
    }

    @Override
    public CompletionStage<Contents> find(String name) {
        calls.add("find");
        return request(() -> log.find(name));
    }

    @Override
    public CompletionStage<List<Named>> names(List<NameRange> ranges, String after, int limit) {
        calls.add("names");
        return request(() -> log.names(ranges, after, limit));
    }

    @Override
    public CompletionStage<Optional<Begun>> init(String name, Entry first, boolean replace, @Nullable RequestKey key) {
        calls.add("init");
        return request(() -> log.init(name, first, replace, forgetsKeys ? null : key));
    }

    @Override
    public CompletionStage<Contents> read(long roomId, long seq) {
        calls.add("read after " + seq);
        return request(() -> log.read(roomId, seq));
    }

    @Override
    public CompletionStage<List<Appended>> append(long roomId, List<Entry> batches) {
        calls.add("append " + batches.size());
        return request(() -> log.append(roomId, batches));
    }

    @Override
    public CompletionStage<Appended> append(long roomId, Entry batch, boolean again, @Nullable RequestKey key) {
        calls.add("append");
        if (answersFirst && log.knows(roomId)) {
            held.add(() -> log.append(roomId, batch, again, key));
            long before = saidFirst == 0 ? log.lastLink(roomId) : saidFirst;
            saidFirst = batch.link();
            return CompletableFuture.completedStage(new Appended(log.head(roomId) + held.size(), batch.link(), before));
        }
        return request(() -> log.append(roomId, batch, again, key)
                .thenApply(at ->
                        hidesOthers ? new Appended(told.merge(roomId, 1L, Long::sum), at.link(), at.before()) : at));
    }

    @Override
    public CompletionStage<Appended> keep(long roomId, RequestKey key) {
        calls.add("keep");
        if (forgetsKeys) {
            return log.read(roomId, 0)
                    .thenApply(c -> new Appended(c.head().seq(), c.head().link(), Link.UNKNOWN));
        }
        return request(() -> log.keep(roomId, key));
    }

    @Override
    public CompletionStage<Introductions> introductions(long roomId, long after) {
        calls.add("introductions after " + after);
        return request(() -> log.introductions(roomId, after));
    }

    @Override
    public CompletionStage<Map<Long, Head>> heads(Collection<Long> roomIds) {
        calls.add("heads");
        headsAsked += roomIds.size();
        return request(() -> log.heads(roomIds));
    }

    @Override
    public CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key) {
        calls.add("create");
        return request(() -> log.create(name, forgetsKeys ? null : key));
    }

    @Override
    public CompletionStage<Long> heldMillis(String name) {
        calls.add("heldMillis");
        return request(() -> log.heldMillis(name));
    }

    @Override
    public CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key) {
        calls.add("delete");
        return request(() -> log.delete(name, forgetsKeys ? null : key));
    }

    private <T> CompletionStage<T> request(Supplier<CompletionStage<T>> work) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Runnable carryOut = () -> {
            Outcome how = outcome.get();
            if (how == Outcome.LATE) {
                held.add(() -> {
                    var unheard = work.get();
                });
                answer.completeExceptionally(new LogDownException());
                return;
            }
            CompletionStage<T> done = how == Outcome.FAIL ? null : work.get();
            if (how != Outcome.OK) {
                answer.completeExceptionally(new LogDownException());
                return;
            }
            if (answersLate) {
                answers.add(() -> answer(answer, done));
            } else {
                answer(answer, done);
            }
        };
        if (holding) {
            held.add(carryOut);
        } else {
            carryOut.run();
        }
        return answer;
    }

    private static <T> void answer(CompletableFuture<T> answer, CompletionStage<T> done) {
        done.whenComplete((value, error) -> {
            if (error == null) {
                answer.complete(value);
            } else {
                answer.completeExceptionally(error);
            }
        });
    }

    /** Lets the answers through that were late. */
    void releaseAnswers() {
        List.copyOf(answers).forEach(Runnable::run);
        answers.clear();
    }

    int heldBack() {
        return held.size();
    }

    /** Lets one request through. */
    void release(int i) {
        held.remove(i).run();
    }

    void releaseAll() {
        while (!held.isEmpty()) {
            release(0);
        }
    }

    /** The node is killed: what it has not sent is lost. */
    void loseHeldBack() {
        held.clear();
    }

    void always(Outcome how) {
        outcome = () -> how;
    }

    /** The next request fares so, those after it well. */
    void once(Outcome how) {
        outcome = () -> {
            always(Outcome.OK);
            return how;
        };
    }
}
