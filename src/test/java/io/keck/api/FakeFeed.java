package io.keck.api;

import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.api.FakeDocuments.Database;
import io.keck.crdt.Doc;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLogs;
import io.keck.feed.Hooks;
import io.keck.history.HistoryPorts;
import io.keck.metrics.FeedMetrics;
import io.keck.room.Watcher;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/** A feed over {@link FakeDocuments}: rooms are there, say where they are, and end at once. */
final class FakeFeed implements Hooks, ChangeLog {
    private final FakeDocuments documents;
    final FakeHistory history = new FakeHistory();
    volatile LongSupplier spooledBytes = () -> 0;
    volatile LongSupplier answersRefused = () -> 0;
    volatile String endpoint = "";
    /** Of all documents. */
    final Authorship<Author> authors = new Authorship<>();

    /** The row up to which they are known. */
    volatile long authorsUpTo = Long.MAX_VALUE;

    volatile boolean authorsAreAway;

    FakeFeed(FakeDocuments documents) {
        this.documents = documents;
    }

    ApiFactory.Feed feed() {
        FeedMetrics metrics = new FeedMetrics() {
            @Override
            public void watchAnswers(LongSupplier bytes, LongSupplier refusals, LongSupplier overRate) {
                spooledBytes = bytes;
                answersRefused = refusals;
            }
        };
        HistoryPorts past = new HistoryPorts(new ChangeLogs(this, this), history, history);
        return new ApiFactory.Feed(this::watch, past, metrics, this);
    }

    EventStreams streams() {
        return new EventStreams(this::watch, this, FeedMetrics.NONE, Runnable::run, () -> 0, 1);
    }

    private Runnable watch(Grant grant, Watcher watcher) {
        String room = grant.document();
        boolean missing = !documents.exists(room);
        if (documents.database == Database.AWAY_AND_NOTHING_LOADED) {
            watcher.ended(new Unavailable("switched off", false));
        } else if (!missing) {
            watcher.risen(1, 1);
            watcher.ended(new RoomMissing(room));
        } else {
            watcher.ended(new RoomMissing(room));
        }
        return () -> {};
    }

    @Override
    public Page read(long roomId, long after, long upTo, long maxBytes) {
        return new Page(List.of(), 1, false);
    }

    @Override
    public Base base(long roomId, long seq) {
        return new Base(1, new Doc().encodeStateAsUpdate(), List.of());
    }

    @Override
    public Authors authorship(long roomId) {
        if (authorsAreAway) {
            throw new Unavailable("switched off", false);
        }
        return new Authors(authors, authorsUpTo);
    }

    @Override
    public CompletionStage<Void> set(Grant grant, String url) {
        grant.demandOnServer(Right.ADMIN);
        if (documents.database != Database.WORKS) {
            return CompletableFuture.failedStage(Unavailable.database(new IllegalStateException("switched off")));
        }
        if (url.contains("10.0.0.1")) {
            return CompletableFuture.failedStage(new RefusedException("The endpoint is refused."));
        }
        endpoint = url;
        return CompletableFuture.completedStage(null);
    }
}
