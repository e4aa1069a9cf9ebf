package io.keck.storage.history;

import io.keck.storage.database.Database;
import io.keck.storage.history.VersionRule.Mark;
import io.keck.storage.history.VersionRule.Row;
import io.keck.storage.history.VersionRule.State;
import io.keck.thread.OutOfMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes versions of documents that were edited, as {@link VersionRule} decides, and thins them out. A commit only puts the
 * id of its room into a set. Once a minute the rooms in the set are noted in the database, and rooms whose time has come
 * are looked at: their rows since the last look are read without their content.
 *
 * <p>Any node may look at any room. What was read and the versions that follow from it are stored in one transaction,
 * which fails if another node has stored more since the reading, so each version is made once. A node that is killed
 * forgets the rooms of its last minute; their versions are made when they are edited again, at the rows at which they
 * would have been made. Thread-safe; one thread calls {@link #upkeep}.
 */
class AutomaticVersions {
    private static final Logger LOG = LoggerFactory.getLogger(AutomaticVersions.class);
    /** The number of changed rooms that a node remembers; one beyond it is noted at its next commit after a minute. */
    private static final int MAX_CHANGED = 100_000;

    private static final int NOTED_AT_ONCE = 500;
    private static final int DUE_AT_ONCE = 500;
    /** The number of rooms that are looked at in a minute; those beyond it wait, and get the same versions. */
    private static final int LOOKS_AT_ONCE = 2_000;

    private static final int PAGE = 2_000;
    /** The number of rows that one look reads; the next look continues. */
    private static final int MAX_ROWS = 50_000;
    /** The time by which thinning is late on purpose, so that a look drops several versions. */
    private static final long THIN_LATE_MILLIS = TimeUnit.HOURS.toMillis(6);

    private final Database database;
    private final VersionSettings settings;
    private final JdbiVersions versions;
    private final Set<Long> changed = ConcurrentHashMap.newKeySet();

    AutomaticVersions(Database database, VersionSettings settings) {
        this.database = database;
        this.settings = settings;
        this.versions = new JdbiVersions(database, settings.most());
    }

    /** Records that rows of a room were committed. Returns at once. */
    void written(long roomId) {
        if (settings.isOn() && !changed.contains(roomId) && changed.size() < MAX_CHANGED) {
            changed.add(roomId);
        }
    }

    /** Notes the changed rooms and looks at those that are due. */
    void upkeep() {
        if (!settings.isOn()) {
            return;
        }
        note();
        int looks = 0;
        List<Long> due;
        do {
            long now = now();
            due = database.jdbi().withHandle(h -> VersionMarks.due(h, now, DUE_AT_ONCE));
            due.forEach(this::lookIfMine);
            looks += due.size();
        } while (due.size() == DUE_AT_ONCE && looks < LOOKS_AT_ONCE);
    }

    private long now() {
        return database.clock().millis();
    }

    private boolean change(long roomId, io.keck.storage.database.Change work) {
        return database.change(roomId, work).toCompletableFuture().join();
    }

    private long firstLook(long now) {
        return now + Math.min(settings.afterIdle().toMillis(), settings.every().toMillis());
    }

    private void note() {
        List<Long> rooms = new ArrayList<>(changed);
        for (int i = 0; i < rooms.size(); i += NOTED_AT_ONCE) {
            List<Long> some = rooms.subList(i, Math.min(i + NOTED_AT_ONCE, rooms.size()));
            // a row that is committed from here on puts its room into the set again
            some.forEach(changed::remove);
            try {
                change(0, h -> {
                    VersionMarks.note(h, some, firstLook(now()));
                    return true;
                });
            } catch (RuntimeException e) {
                changed.addAll(some);
                throw e;
            }
        }
    }

    private void lookIfMine(long roomId) {
        try {
            long now = now();
            if (change(roomId, h -> VersionMarks.claim(h, roomId, now, firstLook(now)))) {
                look(roomId);
            }
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            database.metrics().historyFailed();
            LOG.warn("Room {} got no automatic version; retrying in some minutes: {}", roomId, e.toString());
        }
    }

    private void look(long roomId) {
        read(roomId).ifPresent(seen -> change(roomId, h -> store(h, roomId, seen)));
    }

    /**
     * What one look found.
     *
     * @param from the state before it
     * @param to the state after it
     * @param lookAt when to look again; 0 for after the next change
     */
    record Seen(State from, State to, List<Mark> marks, long thinAt, long lookAt) {}

    /** Reads the rows since the last look; empty if the room is not noted. */
    Optional<Seen> read(long roomId) {
        long now = now(); // before the rows are read: none is missed that is older
        return database.jdbi().withHandle(h -> VersionMarks.find(h, roomId).map(found -> seen(h, roomId, found, now)));
    }

    private Seen seen(Handle h, long roomId, VersionMarks.Found found, long now) {
        State from = found.state();
        if (found.isDeleted()) {
            return new Seen(from, from, List.of(), 0, 0);
        }
        long inLog = found.oldest() == 0 ? found.head() : found.oldest() - 1;
        VersionRule rule = new VersionRule(settings, from);
        if (from.seq() < 0) { // never looked at: the versions so far are not repeated
            rule.skipTo(Math.max(inLog, found.newestVersion()));
        } else if (from.seq() < inLog || from.seq() > found.head()) {
            rule.skipTo(inLog);
        }
        int count = 0;
        List<Row> page;
        do {
            page = VersionMarks.rows(h, roomId, rule.state().seq(), PAGE);
            page.forEach(rule::read);
            count += page.size();
        } while (page.size() == PAGE && count < MAX_ROWS);
        if (page.size() == PAGE) {
            return new Seen(from, rule.state(), List.copyOf(rule.marks()), found.thinAt(), now);
        }
        rule.end(now);
        return new Seen(from, rule.state(), List.copyOf(rule.marks()), found.thinAt(), rule.lookAt(now));
    }

    /** Stores what was read, in one transaction; returns false if another node has stored more since. */
    boolean store(Handle h, long roomId, Seen seen) {
        if (!advance(h, roomId, seen)) {
            return false;
        }
        versions.note(h, roomId, seen.marks());
        long now = now();
        long thinAt = seen.thinAt();
        if (!seen.marks().isEmpty() || (thinAt != 0 && thinAt <= now)) {
            long next = versions.thin(h, roomId, settings, now);
            thinAt = next == 0 ? 0 : next + THIN_LATE_MILLIS;
        }
        VersionMarks.plan(h, roomId, next(h, roomId, seen, thinAt, now), thinAt);
        return true;
    }

    /** Refuses what was read before another node stored more. A test switches this off. */
    boolean advance(Handle h, long roomId, Seen seen) {
        return VersionMarks.advance(h, roomId, seen.from(), seen.to());
    }

    private @Nullable Long next(Handle h, long roomId, Seen seen, long thinAt, long now) {
        long lookAt = seen.lookAt();
        // The mark of the room is locked, so a node that commits a row which is not visible here notes the room after
        // this transaction.
        if (lookAt == 0 && VersionMarks.head(h, roomId) > seen.to().seq()) {
            lookAt = firstLook(now);
        }
        if (lookAt == 0 || thinAt == 0) {
            return lookAt + thinAt == 0 ? null : (Long) (lookAt + thinAt);
        }
        return Math.min(lookAt, thinAt);
    }
}
