package io.keck.api;

import io.keck.access.Author;
import io.keck.failure.HistoryGone;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The history of one document, whatever its id, in memory: all rows from the first on, and versions. Not thread-safe. */
final class FakeHistory implements HistoryReader, DocumentVersions {
    /** A moment that rows are apart. */
    static final long APART = 1_000;

    private final List<ChangeLog.Change> rows = new ArrayList<>();
    private final List<Version> versions = new ArrayList<>();
    private long lastId = 1_000;

    volatile boolean isAway;
    /** How often a state was put together. */
    volatile int bases;
    /** The first row at which the document is known. */
    volatile long first;

    /** The largest number of versions. */
    volatile int most = Integer.MAX_VALUE;

    void clear() {
        rows.clear();
        versions.clear();
        lastId = 1_000;
        isAway = false;
        bases = 0;
        first = 0;
        most = Integer.MAX_VALUE;
    }

    /** Adds a row, a second after the one before. */
    void add(byte[] update, @Nullable Author author) {
        long seq = rows.size() + 1L;
        rows.add(new ChangeLog.Change(seq, update, author, ApiServer.NOW + APART * seq));
    }

    private void check() {
        if (isAway) {
            throw new Unavailable("switched off", false);
        }
    }

    private long at(long seq) {
        return ApiServer.NOW + APART * seq;
    }

    @Override
    public Range range(long roomId) {
        check();
        return new Range(first, at(first), rows.size(), at(rows.size()));
    }

    @Override
    public long seqAt(long roomId, long millis) {
        check();
        long seq = Math.max(0, Math.min(rows.size(), (millis - ApiServer.NOW) / APART));
        if (seq < first) {
            throw new HistoryGone(roomId, first, rows.size());
        }
        return seq;
    }

    @Override
    public Checkpoint base(long roomId, long seq) {
        check();
        if (seq < first) {
            throw new HistoryGone(roomId, first, rows.size());
        }
        bases++;
        return new Checkpoint(0, 0, null, new Authorship<>());
    }

    @Override
    public ChangeLog.Page rows(long roomId, long after, long upTo, long maxBytes) {
        check();
        int to = (int) Math.min(upTo, rows.size());
        if (after >= to) {
            return new ChangeLog.Page(List.of(), rows.size(), false);
        }
        return new ChangeLog.Page(List.copyOf(rows.subList((int) after, to)), rows.size(), false);
    }

    @Override
    public List<Session> activity(long roomId, long before, int limit, @Nullable String by) {
        check();
        return rows.stream()
                .filter(row -> row.seq() < before)
                .filter(row -> by == null
                        || (row.author() != null && row.author().principal().equals(by)))
                .sorted(Comparator.comparingLong(ChangeLog.Change::seq).reversed())
                .limit(limit)
                .map(row ->
                        new Session(row.seq(), row.seq(), row.at(), row.at(), row.author(), 1, row.payload().length))
                .toList();
    }

    @Override
    public Created create(long roomId, Wanted wanted) {
        check();
        if (wanted.seq() < first || wanted.seq() > rows.size()) {
            throw new HistoryGone(roomId, first, rows.size());
        }
        if (!wanted.label().isEmpty() && labelled(roomId, wanted.label()).isPresent()) {
            return new Created(null, Refusal.LABEL_TAKEN);
        }
        if (versions.size() >= most) {
            return new Created(null, Refusal.TOO_MANY);
        }
        Version made = new Version(
                ++lastId, wanted.seq(), wanted.label(), wanted.isPinned(), wanted.isAutomatic(), wanted.by(), at(0));
        versions.add(made);
        return new Created(made, null);
    }

    @Override
    public List<Version> list(long roomId, @Nullable Version before, int limit) {
        check();
        return versions.stream()
                .sorted(Comparator.comparingLong(Version::seq)
                        .thenComparingLong(Version::id)
                        .reversed())
                .dropWhile(version -> before != null && !Objects.equals(version, before))
                .skip(before == null ? 0 : 1)
                .limit(limit)
                .toList();
    }

    @Override
    public Optional<Version> find(long roomId, long id) {
        check();
        return versions.stream().filter(version -> version.id() == id).findFirst();
    }

    @Override
    public Optional<Version> labelled(long roomId, String label) {
        check();
        return versions.stream()
                .filter(version -> version.label().equals(label))
                .findFirst();
    }

    @Override
    public boolean pin(long roomId, long id, boolean isPinned) {
        Version found = find(roomId, id).orElse(null);
        if (found == null) {
            return false;
        }
        versions.set(
                versions.indexOf(found),
                new Version(id, found.seq(), found.label(), isPinned, found.isAutomatic(), found.by(), found.at()));
        return true;
    }

    @Override
    public boolean delete(long roomId, long id) {
        check();
        return versions.removeIf(version -> version.id() == id);
    }
}
