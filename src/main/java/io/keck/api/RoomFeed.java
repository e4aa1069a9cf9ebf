package io.keck.api;

import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLog.Change;
import io.keck.feed.ChangeLog.Page;
import io.keck.feed.Histories;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import io.keck.room.Mailbox;
import io.keck.room.RepeatedWarning;
import io.keck.room.Watcher;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all who read the changes of one room have in common; there while somebody reads.
 *
 * <p>The room tells how far its replica is in the log; the feed reads the rows from there, derives their histories once, in
 * a document of its own, and encodes each event once. The newest events stay for a while ({@link RecentEvents}). A reader
 * that is further behind, because it resumes or is slow, is given rows from the log, page by page, when it has taken the
 * one before. Rows that are gone make it be told everything: a reset. At a row that is damaged it ends until the room is
 * repaired; then its rows are gone.
 *
 * <p>Has turns of its own and waits for the database in them. Fields belong to the turns unless they say otherwise.
 */
final class RoomFeed implements Watcher {
    private static final Logger LOG = LoggerFactory.getLogger(RoomFeed.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final long PAGE = 64 << 10;
    private static final long BEAT_MILLIS = 4_000;
    private static final long STUCK_MILLIS = 60_000;
    private static final long FINISH_MILLIS = 10_000;

    /** How far the room is. */
    private record Position(long roomId, long seq) {}

    /** Who wants to read. */
    interface Reader {
        /** The room is there: where events go. Afterwards the stream is his to {@link EventStream#write}. */
        EventStream.Output open();

        /** The stream, once {@link #open} was called. */
        void opened(EventStream stream);

        /** There is no such room, or it cannot be read now. */
        void refused(RuntimeException why);

        /** Its address. */
        default String address() {
            return "";
        }
    }

    /**
     * A reader that waits for the beginning.
     *
     * @param isFirst whether the feed was made for it, so that what the feed hears of the room is news to this reader, too
     */
    private record Arrival(Reader reader, @Nullable String lastEventId, boolean isFirst) {}

    private final String name;
    private final EventStreams owner;
    private final ChangeLog log;
    private final Mailbox turns;
    private final AtomicReference<@Nullable Position> target = new AtomicReference<>();
    private final AtomicBoolean queued = new AtomicBoolean();
    private volatile boolean lost;

    private final List<Arrival> arrivals = new ArrayList<>();
    private final List<EventStream> streams = new ArrayList<>();
    private final RecentEvents recent = new RecentEvents();
    private @Nullable Histories histories;
    private long roomId;
    private long seq;
    private @Nullable EventFrame resetFrame;
    /** Counts the document and the events that the feed itself keeps. */
    private final Tally tally;

    private boolean ended;
    /** Why the feed ends once its streams have got the last events of the life that has ended, or null. */
    private @Nullable RuntimeException closing;
    /** Whether the feed has read all of that life. */
    private boolean isComplete;
    /** When streams that have not taken it all are ended all the same. */
    private long finishBy;

    private boolean damageTold;
    /** Follows the room no more. */
    private Runnable stop = () -> {};

    /** Begins to follow the room. */
    RoomFeed(String name, EventStreams owner, ChangeLog log) {
        this.name = name;
        this.owner = owner;
        this.log = log;
        this.tally = owner.ledger().open(HeapLedger.Kind.STREAM, name, null, null);
        this.turns =
                new Mailbox(owner::execute, () -> {}, () -> end(new Unavailable("the changes cannot be read", false)));
        turns.post(() -> stop = owner.watch(name, this));
    }

    long now() {
        return owner.now();
    }

    String name() {
        return name;
    }

    // ------------------------------------------------------------------ from any thread

    void join(Reader reader, @Nullable String lastEventId, boolean isFirst) {
        turns.post(() -> {
            if (ended || closing != null) {
                owner.join(name, reader, lastEventId); // to the next life
                return;
            }
            arrivals.add(new Arrival(reader, lastEventId, isFirst));
            pump();
        });
    }

    @Override
    public void risen(long newRoomId, long newSeq) {
        target.set(new Position(newRoomId, newSeq));
        wake();
    }

    @Override
    public void wentBack() {
        lost = true;
    }

    @Override
    public void ended(RuntimeException why) {
        turns.post(() -> {
            if (why instanceof RoomMissing && histories != null && closing == null && !ended) {
                finish(why);
            } else {
                end(why);
            }
        });
    }

    void wake() {
        if (queued.compareAndSet(false, true)) {
            turns.post(() -> {
                queued.set(false);
                pump();
            });
        }
    }

    /** The stream has taken everything. */
    void drained(EventStream stream) {
        turns.post(() -> serve(stream));
    }

    /** The stream is over. */
    void left(EventStream stream) {
        turns.post(() -> {
            if (streams.remove(stream)) {
                owner.left();
            }
            endIfIdle();
        });
    }

    private void endIfIdle() {
        if (streams.isEmpty() && arrivals.isEmpty() && !ended) {
            end(new Unavailable("the last reader has left", false));
        }
    }

    /** To be called about every second. */
    void tick() {
        turns.post(() -> {
            long now = now();
            RuntimeException why = closing;
            if (why != null && now >= finishBy) {
                end(why);
                return;
            }
            for (EventStream stream : List.copyOf(streams)) {
                stream.onTick();
                if (!stream.isIdle() && stream.silentFor(now) > STUCK_MILLIS) {
                    stream.abort();
                } else if (stream.isIdle() && stream.silentFor(now) >= BEAT_MILLIS - 1_000) {
                    stream.give(List.of(EventFrames.comment()));
                } else {
                    serve(stream); // there was no memory before, or the database did not answer
                }
            }
            Position to = target.get();
            boolean isBehind = histories == null || (to != null && seq < to.seq()) || !arrivals.isEmpty();
            if (to != null && (isBehind || closing != null)) {
                pump(); // the database did not answer before
            }
        });
    }

    // ------------------------------------------------------------------ turns

    private void pump() {
        Position to = closing == null ? target.get() : new Position(roomId, Long.MAX_VALUE);
        if (ended || to == null) {
            return;
        }
        try {
            advance(to);
            isComplete = closing != null;
            List.copyOf(arrivals).forEach(this::admit);
        } catch (Unavailable e) {
            UNAVAILABLE.warn("The changes of room " + name + " cannot be read, they will be: " + e.getMessage());
            return;
        } catch (RoomLost e) {
            return; // the log went back; the room will tell
        } catch (RoomDamaged e) {
            tellDamage(String.valueOf(e.getMessage()));
            refuse(new Unavailable("the stored document is damaged", false));
            return;
        } catch (TooCostly e) {
            tooCostly(to, e);
            return;
        }
        for (EventStream stream : List.copyOf(streams)) {
            serve(stream);
        }
    }

    /** Reads up to where the room is. */
    private void advance(Position to) {
        boolean anew = lost || to.roomId() != roomId; // the feed may be ahead of the room: it reads the log itself
        if (histories == null || anew) {
            begin(to);
        }
        while (seq < to.seq()) {
            Page page = log.read(roomId, seq, Long.MAX_VALUE, PAGE);
            if (page.isBroken()) {
                begin(to);
                return;
            }
            if (page.changes().isEmpty()) {
                if (page.damage() != null) {
                    tellDamage(page.damage());
                }
                return; // until it is repaired; or the log went back, and the room will tell
            }
            page.changes().forEach(this::add);
        }
    }

    private void begin(Position to) {
        lost = false;
        damageTold = false;
        boolean first = histories == null;
        if (owner.costlyFor(to.roomId()) > 0) {
            throw new TooCostly(name, 0);
        }
        if (!tally.reserve(owner.ledger().ofRoom(name))) {
            tally.set(0);
            throw new Unavailable("this node has no memory left for the changes of another document", false);
        }
        Histories fresh = Histories.atEnd(log, name, to.roomId(), owner.maxSteps());
        histories = fresh;
        roomId = to.roomId();
        seq = fresh.known();
        recent.clear();
        resetFrame = null;
        count();
        if (!first) {
            streams.forEach(stream -> stream.isLost = true);
        }
    }

    private void add(Change change) {
        Histories document = histories;
        if (document == null) {
            return;
        }
        EventFrame frame = EventFrames.update(roomId, change, document.of(change));
        seq = change.seq();
        resetFrame = null;
        recent.add(seq, frame);
        count();
    }

    /** Tells the ledger what the feed keeps: a stream that holds an event, too, counts it once more, while it holds it. */
    private void count() {
        Histories document = histories;
        EventFrame reset = resetFrame;
        tally.set((document == null ? 0 : document.memory()) + recent.memory() + (reset == null ? 0 : reset.memory()));
    }

    private void admit(Arrival arrival) {
        long from = resumeAt(arrival.lastEventId());
        arrivals.remove(arrival);
        EventStream stream = new EventStream(
                this, arrival.reader().open(), arrival.reader().address(), owner.sent(), owner.ledger(), now());
        streams.add(stream);
        stream.isLost = from < 0;
        stream.given = Math.max(from, 0);
        stream.give(
                List.of(arrival.lastEventId() == null ? EventFrames.position(roomId, from) : EventFrames.comment()));
        arrival.reader().opened(stream);
    }

    /** The seq after which it goes on; -1 where that cannot be. */
    private long resumeAt(@Nullable String lastEventId) {
        if (lastEventId == null) {
            return seq;
        }
        String prefix = roomId + "-";
        String number = lastEventId.startsWith(prefix) ? lastEventId.substring(prefix.length()) : "";
        if (!number.matches("\\d{1,18}")) {
            return -1;
        }
        long known = Long.parseLong(number);
        // another node may be ahead of this one
        return known <= seq || log.read(roomId, known, known, 0).head() >= known ? known : -1;
    }

    /** Gives a stream what comes next for it, if it has taken what it was given before. */
    private void serve(EventStream stream) {
        if (ended || !stream.isIdle() || !streams.contains(stream)) {
            return;
        }
        if (isComplete && !stream.isLost && stream.given >= seq) {
            streams.remove(stream);
            owner.left();
            stream.end();
            endIfIdle();
            return;
        }
        try {
            if (stream.isLost) {
                reset(stream);
            } else if (stream.given < seq) {
                if (recent.reachBackTo(stream.given)) {
                    stream.keepPast(null);
                    giveRecent(stream);
                } else {
                    givePast(stream);
                }
            }
        } catch (Unavailable e) {
            UNAVAILABLE.warn("The changes of room " + name + " cannot be read, they will be: " + e.getMessage());
        } catch (RoomDamaged e) {
            reset(stream);
        } catch (TooCostly e) {
            stream.keepPast(null);
            reset(stream);
        }
    }

    private void giveRecent(EventStream stream) {
        List<EventFrame> frames = recent.after(stream.given);
        stream.given = seq;
        frames.forEach(frame -> owner.metrics().eventSent());
        stream.give(frames);
    }

    /** Rows that the feed has forgotten. */
    private void givePast(EventStream stream) {
        Page page = log.read(roomId, stream.given, seq, PAGE);
        boolean isDamaged = page.changes().isEmpty() && page.damage() != null; // this feed has read it before
        if ((page.isBroken() && owner.looksForGaps()) || isDamaged) {
            reset(stream);
            return;
        }
        Histories past = stream.past();
        if (past == null) {
            Histories newest = histories;
            if (newest != null && !stream.mayKeep(newest.memory())) {
                return; // until there is memory
            }
            past = Histories.at(log, name, roomId, stream.given, owner.maxSteps());
        }
        List<EventFrame> frames = new ArrayList<>();
        for (Change change : page.changes()) {
            frames.add(EventFrames.update(roomId, change, past.of(change)));
            stream.given = change.seq();
            owner.metrics().eventSent();
        }
        stream.give(frames);
        stream.keepPast(stream.isIdle() ? past : null); // a slow one holds no document
    }

    private void reset(EventStream stream) {
        Histories document = histories;
        if (document == null) {
            return;
        }
        EventFrame frame = resetFrame;
        if (frame == null) {
            if (!owner.ledger().hasRoomFor(2 * document.bytes())) {
                return; // until there is memory
            }
            frame = EventFrames.reset(roomId, seq, document.encode());
            resetFrame = frame;
            count();
        }
        stream.isLost = false;
        stream.keepPast(null);
        stream.given = seq;
        owner.metrics().eventSent();
        stream.give(List.of(frame));
    }

    /** Once: the room itself may have been loaded before the damage, and say nothing. */
    private void tellDamage(String what) {
        if (!damageTold) {
            damageTold = true;
            LOG.error("Event streams of room {} are suspended until it is repaired: {}", name, what);
        }
    }

    /** Streams that are open wait as they do for a damaged room; arrivals are refused for a while. */
    private void tooCostly(Position at, TooCostly why) {
        histories = null;
        count();
        if (owner.costlyFor(at.roomId()) == 0) {
            LOG.warn("Event streams of room {} are refused for ten minutes: {}", name, why.getMessage());
            owner.isCostly(at.roomId());
        }
        refuse(new TooCostly(owner.costlyFor(at.roomId())));
    }

    private void refuse(RuntimeException why) {
        arrivals.forEach(arrival -> {
            arrival.reader().refused(why);
            owner.left();
        });
        arrivals.clear();
        if (streams.isEmpty()) {
            end(why);
        }
    }

    /**
     * The life of the room has ended: what was committed in it before, on whichever node, is still given to the streams,
     * from its rows, which stay.
     */
    private void finish(RuntimeException why) {
        closing = why;
        finishBy = now() + FINISH_MILLIS;
        stop.run();
        owner.finishing(name, this);
        sendOn(why);
        pump();
        endIfIdle();
    }

    /** Readers that have no stream yet go to the next life, unless the log has said, for them, that there is none. */
    private void sendOn(RuntimeException why) {
        List<Arrival> waiting = List.copyOf(arrivals);
        arrivals.clear();
        for (Arrival arrival : waiting) {
            if (why instanceof RoomMissing && (target.get() != null || !arrival.isFirst())) {
                owner.join(name, arrival.reader(), arrival.lastEventId());
            } else {
                arrival.reader().refused(why);
                owner.left();
            }
        }
    }

    /** The room is closed, or its last reader has left. */
    private void end(RuntimeException why) {
        if (ended) {
            return;
        }
        ended = true;
        if (closing == null) {
            stop.run();
        }
        owner.over(name, this);
        sendOn(why);
        List<EventStream> last = List.copyOf(streams);
        streams.clear();
        last.forEach(stream -> owner.left());
        last.forEach(EventStream::end);
        histories = null;
        recent.clear();
        resetFrame = null;
        tally.close();
    }
}
