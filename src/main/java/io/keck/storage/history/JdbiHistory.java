package io.keck.storage.history;

import io.keck.access.Author;
import io.keck.failure.Failure;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import io.keck.history.HistoryReader;
import io.keck.room.UpdateLog.Damage;
import io.keck.storage.database.Database;
import io.keck.storage.feed.JdbiChangeLog;
import io.keck.storage.feed.RoomAuthors;
import io.keck.storage.rows.FoldedAuthors;
import io.keck.storage.rows.Replica;
import io.keck.storage.rows.RoomScan;
import io.keck.storage.rows.RowCheck;
import io.keck.storage.rows.StoredAuthors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Reads history from a database, or from a replica of it that has replayed the required rows. Thread-safe. */
final class JdbiHistory implements HistoryReader {
    private final Database primary;
    private final @Nullable Replica replica;
    private final StoredObject.Reading reading;

    /** @param replica queried before the primary, or null */
    JdbiHistory(Database primary, @Nullable Replica replica, StoredObject.Reading reading) {
        this.primary = primary;
        this.replica = replica;
        this.reading = reading;
    }

    /**
     * Runs a query on a reader thread and waits for it. Failures of the port are thrown as they are, all others as
     * {@link Unavailable}.
     */
    static <T> T reading(Database database, Function<Handle, T> query) {
        try {
            return database.reading(() -> database.jdbi().withHandle(query::apply))
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Failure failure) {
                throw failure;
            }
            throw Unavailable.database(e.getCause() == null ? e : e.getCause());
        }
    }

    private <T> T reading(long roomId, Function<Handle, T> query) {
        Replica asked = replica;
        if (asked != null) {
            Optional<T> answer = reading(primary, h -> Replica.position(h, roomId))
                    .flatMap(position -> asked.read(roomId, position, query));
            if (answer.isPresent()) {
                return answer.get();
            }
        }
        return reading(primary, query);
    }

    @Override
    public Range range(long roomId) {
        return reading(roomId, h -> KeptRange.of(h, roomId));
    }

    @Override
    public long seqAt(long roomId, long millis) {
        return reading(roomId, h -> {
            Range range = KeptRange.of(h, roomId);
            if (millis < range.firstAt()) {
                if (range.first() > 0) {
                    throw new HistoryGone(roomId, range.first(), range.head());
                }
                return 0L;
            }
            return RowTimes.seqAt(h, reading, roomId, range, millis);
        });
    }

    @Override
    public Checkpoint base(long roomId, long seq) {
        return reading(roomId, h -> base(h, roomId, seq));
    }

    private Checkpoint base(Handle h, long roomId, long seq) {
        Range range = KeptRange.of(h, roomId);
        Optional<Checkpoints.Checkpoint> found = Checkpoints.newest(h, roomId, seq);
        // a version that stays has a checkpoint of its own before the rest of the history
        if (found.isPresent()
                && (found.get().seq() >= range.first() || found.get().seq() == seq)) {
            Checkpoints.Checkpoint checkpoint = found.get();
            Checkpoints.Content content = Checkpointer.content(h, reading, roomId, checkpoint);
            byte[] authors = content.authors();
            return new Checkpoint(
                    checkpoint.seq(),
                    checkpoint.at(),
                    content.state(),
                    RoomAuthors.decode(h, roomId, authors.length == 0 ? null : authors));
        }
        if (seq < range.first()) {
            throw new HistoryGone(roomId, range.first(), range.head());
        }
        return range.first() == 0 ? new Checkpoint(0, 0, null, new Authorship<>()) : snapshot(h, roomId, range);
    }

    /** Returns the snapshot of a room that was folded before its history was kept. */
    private static Checkpoint snapshot(Handle h, long roomId, Range range) {
        RoomScan.Base base = RoomScan.base(h, roomId, true).orElse(null);
        byte[] state = base == null ? null : base.state();
        if (base == null || state == null) {
            throw new RoomDamaged(roomId, "the snapshot cannot be read");
        }
        Damage damage = RowCheck.snapshot(roomId, base.seq(), base.link(), state, base.checksum());
        if (damage != null) {
            throw new RoomDamaged(roomId, damage.what());
        }
        FoldedAuthors.Folded authors = FoldedAuthors.read(h, roomId);
        return new Checkpoint(
                base.seq(),
                base.seq() == range.first() ? range.firstAt() : 0,
                state,
                RoomAuthors.decode(h, roomId, authors.ranges()));
    }

    @Override
    public ChangeLog.Page rows(long roomId, long after, long upTo, long maxBytes) {
        return reading(roomId, h -> {
            Range range = KeptRange.of(h, roomId);
            Optional<ChangeLog.Page> moved = segment(h, roomId, after, upTo, maxBytes);
            if (moved.isPresent()) {
                return moved.get();
            }
            if (after < range.first()) {
                return new ChangeLog.Page(List.of(), range.head(), true);
            }
            ChangeLog.Page page = JdbiChangeLog.read(h, roomId, after, upTo, maxBytes);
            // the rows may have been moved since the first statement
            return page.isBroken() ? segment(h, roomId, after, upTo, maxBytes).orElse(page) : page;
        });
    }

    private Optional<ChangeLog.Page> segment(Handle h, long roomId, long after, long upTo, long maxBytes) {
        return KeptRows.ofSegment(h, reading, roomId, after, upTo, maxBytes)
                .filter(rows -> !rows.isEmpty())
                .map(rows -> page(h, rows));
    }

    private static ChangeLog.Page page(Handle h, List<SegmentCodec.Row> rows) {
        Set<Long> ids = new HashSet<>();
        for (SegmentCodec.Row row : rows) {
            FoldedAuthors.Stored author = row.author();
            if (author != null) {
                ids.add(author.id());
            }
        }
        Map<Long, String[]> names = AuthorNames.of(h, ids);
        List<ChangeLog.Change> changes = new ArrayList<>(rows.size());
        Map<FoldedAuthors.Stored, Optional<Author>> authors = new HashMap<>();
        for (SegmentCodec.Row row : rows) {
            FoldedAuthors.Stored stored = row.author();
            Author author = stored == null
                    ? null
                    : authors.computeIfAbsent(stored, key -> author(names, key)).orElse(null);
            changes.add(new ChangeLog.Change(row.seq(), row.payload(), author, row.at()));
        }
        return new ChangeLog.Page(changes, rows.get(rows.size() - 1).seq(), false);
    }

    private static Optional<Author> author(Map<Long, String[]> names, FoldedAuthors.Stored stored) {
        String[] name = names.get(stored.id());
        return name == null
                ? Optional.empty()
                : Optional.ofNullable(StoredAuthors.of(name[0], name[1], stored.origin()));
    }

    @Override
    public List<Session> activity(long roomId, long before, int limit, @Nullable String by) {
        return reading(roomId, h -> {
            KeptRange.of(h, roomId);
            return Activity.read(h, roomId, before, limit, by);
        });
    }
}
