package io.keck.webhook;

import io.keck.failure.RoomDamaged;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.feed.BlockHistory;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLog.Change;
import io.keck.feed.ChangeLog.Page;
import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Cursor;
import io.keck.feed.Cursors.Endpoint;
import io.keck.feed.Histories;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Plans deliveries of the rows that the log has after the cursors of rooms. Used by one thread. */
final class Planner {
    private static final Logger LOG = LoggerFactory.getLogger(Planner.class);
    /** The longest time between two attempts to read a damaged room, in milliseconds. */
    private static final long DAMAGE_EVERY = 15_000;

    private final Cursors cursors;
    private final ChangeLog log;
    private final Settings settings;
    private final Progress progress;
    private final Backoff backoff;
    private final Documents documents;

    Planner(Cursors cursors, ChangeLog log, Settings settings, Progress progress, Backoff backoff) {
        this.cursors = cursors;
        this.log = log;
        this.settings = settings;
        this.progress = progress;
        this.backoff = backoff;
        this.documents = new Documents(log, settings.documentHeap(), settings.maxDocumentSteps());
    }

    /** Drops the document of a room whose delivery failed; the next attempt loads it again. */
    void drop(Room room) {
        documents.drop(room.id);
    }

    /** Drops all documents. */
    void clear() {
        documents.clear();
    }

    /**
     * Plans deliveries for rooms that are due, and moves their cursors, which must be saved before anything is sent.
     */
    List<Delivery> plan(List<Room> due, long now, Endpoint endpoint) {
        learn(due);
        List<Delivery> deliveries = new ArrayList<>();
        Map<Long, Long> after = new HashMap<>();
        for (Room room : due) {
            if (!room.isKnown) {
                progress.remove(room); // the room does not exist, or no longer
            } else if (room.hasPlan()) {
                guarded(room, now, () -> again(room, endpoint, deliveries));
            } else {
                after.put(room.id, room.seq);
            }
        }
        Map<Long, Page> pages = after.isEmpty() ? Map.of() : cursors.next(after, settings.maxBytes());
        for (Room room : due) {
            Page page = pages.get(room.id);
            if (page != null) {
                guarded(room, now, () -> begin(room, page, now, endpoint, deliveries));
            } else if (after.containsKey(room.id)) {
                room.isDirty = false;
                room.waitingSince = 0;
                room.nextAt = now; // kept for a while, so that its next change needs no query for the cursor
            }
        }
        return deliveries;
    }

    private void learn(List<Room> due) {
        List<Long> unknown =
                due.stream().filter(room -> !room.isKnown).map(room -> room.id).toList();
        for (Cursor cursor : cursors.find(unknown)) {
            progress.learn(cursor);
        }
    }

    /** Runs a task for one room; a failure puts off that room and affects no other. */
    private void guarded(Room room, long now, Runnable task) {
        try {
            task.run();
        } catch (Unavailable e) {
            throw e;
        } catch (RoomDamaged e) {
            if (!room.isDamaged) {
                LOG.error(
                        "Webhook deliveries of a damaged room are suspended until it is repaired:" + " {}",
                        e.getMessage());
            }
            room.isDamaged = true;
            putOff(room, Math.min(now + backoff.millis(room.failures + 1), now + DAMAGE_EVERY));
        } catch (TooCostly e) {
            if (!room.isDamaged) {
                LOG.warn(
                        "Webhook deliveries of a room are suspended and retried every ten minutes:" + " {}",
                        e.getMessage());
            }
            room.isDamaged = true;
            putOff(room, now + TooCostly.RETRY_MILLIS);
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("Deriving the webhook deliveries of room {} failed; retrying", room.id, e);
            putOff(room, now + backoff.millis(room.failures + 1));
        }
    }

    private void putOff(Room room, long until) {
        documents.drop(room.id);
        room.isBusy = false;
        room.failures++;
        room.nextAt = until;
    }

    /** Repeats the delivery that was planned: the same rows, whatever was committed since. */
    private void again(Room room, Endpoint endpoint, List<Delivery> deliveries) {
        List<Change> changes = new ArrayList<>();
        for (long at = room.seq;
                at < room.planned;
                at = changes.get(changes.size() - 1).seq()) {
            Page page = log.read(room.id, at, room.planned, Long.MAX_VALUE);
            refuseDamage(room, page);
            if (page.isBroken() || page.changes().isEmpty()) {
                resync(room, endpoint, deliveries);
                return;
            }
            changes.addAll(page.changes());
        }
        deliveries.add(delivery(room, endpoint, derive(room, changes)));
    }

    private void begin(Room room, Page page, long now, Endpoint endpoint, List<Delivery> deliveries) {
        if (page.isBroken()) {
            room.planned = Math.max(page.head(), room.seq + 1);
            progress.moved(room);
            resync(room, endpoint, deliveries);
            return;
        }
        refuseDamage(room, page);
        List<BlockHistory> histories = derive(room, page.changes());
        room.planned = page.changes().get(page.changes().size() - 1).seq();
        progress.moved(room);
        if (histories.isEmpty()) {
            progress.taken(room, now); // these rows only repeat earlier ones
        } else {
            deliveries.add(delivery(room, endpoint, histories));
        }
    }

    private static void refuseDamage(Room room, Page page) {
        if (page.damage() != null && page.changes().isEmpty()) {
            throw new RoomDamaged(room.id, page.damage());
        }
    }

    private List<BlockHistory> derive(Room room, List<Change> changes) {
        Histories document = documents.take(room.id, room.name, room.seq);
        List<BlockHistory> all = new ArrayList<>();
        changes.forEach(change -> all.addAll(document.of(change)));
        documents.keep(room.id, document);
        return all;
    }

    private static Delivery delivery(Room room, Endpoint endpoint, List<BlockHistory> histories) {
        return delivery(room, endpoint, histories, false);
    }

    private static Delivery delivery(Room room, Endpoint endpoint, List<BlockHistory> histories, boolean isResync) {
        room.isBusy = true;
        room.isDamaged = false;
        byte[] body = BlockHistory.json(histories).getBytes(StandardCharsets.UTF_8);
        return new Delivery(room, endpoint, room.id + "-" + room.planned, body, isResync);
    }

    /** Plans a delivery that tells the receiver that rows are gone. */
    private void resync(Room room, Endpoint endpoint, List<Delivery> deliveries) {
        LOG.warn(
                "The webhook receiver was unavailable for longer than the retention: it has missed changes of room"
                        + " {} up to {}",
                room.id,
                room.planned);
        documents.drop(room.id);
        deliveries.add(delivery(room, endpoint, List.of(BlockHistory.resync(room.name)), true));
    }
}
