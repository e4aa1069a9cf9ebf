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
 * The shared state of all readers of one room's changes; exists while there is at least one.
 *
 * <p>The feed reads rows from the log up to the position of the room's replica, derives their changes once, in a
 * document of its own, and keeps the newest events ({@link RecentEvents}). A reader that is further behind gets rows
 * page by page, or a reset if they are gone. At a damaged row the feed stops until the room is repaired.
 *
 * <p>A feed has turns of its own and waits for the database in them. Fields are used only in these turns unless their
 * comment says otherwise.
 */
final class RoomFeed implements Watcher {
    private static final Logger LOG = LoggerFactory.getLogger(RoomFeed.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final long PAGE = 64 << 10;
    private static final long BEAT_MILLIS = 4_000;
    private static final long STUCK_MILLIS = 60_000;
    private static final long FINISH_MILLIS = 10_000;

    /** The position of the room's replica. */
    private record Position(long roomId, long seq) {}

    /** A client that wants to read changes. */
    interface Reader {
        /** Called when the room is open. Afterwards the reader must call {@link EventStream#write}. */
        EventStream.Output open();

        /** Called with the stream after {@link #open}. */
        void opened(EventStream stream);

        /** Called if there is no such room or it cannot be read now. */
        void refused(RuntimeException why);

        /** Its address. */
        default String address() {
            return "";
        }
    }

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
    private final FeedMessages messages = new FeedMessages();
    private @Nullable Histories histories;
    private long roomId;
    private long seq;
    private @Nullable EventFrame resetFrame;
    /** Counts the document and the events that the feed itself keeps. */
    private final Tally tally;

    private boolean ended;
    /** The reason why the feed ends after its streams got the last events of the ended life, or null. */
    private @Nullable RuntimeException closing;
    /** Whether the feed has read all rows of the ended life. */
    private boolean isComplete;
    /** The time at which streams are ended even if they have not written all events. */
    private long finishBy;

    private boolean damageTold;
    /** Stops following the room. */
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
                owner.join(name, reader, lastEventId); // join the next life
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
    public void clientMessage(String principal, String text) {
        messages.came(principal, text, turns, streams);
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

    /** Called when a stream has written all its frames. */
    void drained(EventStream stream) {
        turns.post(() -> serve(stream));
    }

    /** Called when a stream has ended. */
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

    /** Must be called about once a second. */
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
            UNAVAILABLE.warn("The changes of room " + name + " cannot be read now; trying again: " + e.getMessage());
            return;
        } catch (RoomLost e) {
            return; // the log went back, which the room will report
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

    /** Reads rows up to the position of the room. */
    private void advance(Position to) {
        boolean anew = lost || to.roomId() != roomId; // the feed reads the log itself and may be ahead of the room
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
                return; // waits for a repair; or the log went back, which the room will report
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

    /**
     * Reports the memory of the feed to the ledger. An event that a stream holds as well counts a second time while it holds it.
     */
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

    /** The seq after which a reader resumes; -1 if it cannot resume. */
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

    /** Gives a stream its next frames if it has written the previous ones. */
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
            UNAVAILABLE.warn("The changes of room " + name + " cannot be read now; trying again: " + e.getMessage());
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

    /** Gives a stream rows that are older than the kept events. */
    private void givePast(EventStream stream) {
        Page page = log.read(roomId, stream.given, seq, PAGE);
        boolean isDamaged = page.changes().isEmpty() && page.damage() != null; // this feed has read the row before
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
        stream.keepPast(stream.isIdle() ? past : null); // a slow reader must not hold a document
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

    /** Logs damage once, because the room itself may have been loaded before the damage and so may not report it. */
    private void tellDamage(String what) {
        if (!damageTold) {
            damageTold = true;
            LOG.error("Event streams of room {} are suspended until it is repaired: {}", name, what);
        }
    }

    /** Open streams wait as they do for a damaged room; new readers are refused for a while. */
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
     * Called when the life of the room has ended: streams still get everything that any node committed in it, from its
     * rows, which stay stored.
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

    /** Readers without a stream join the next life, unless the log has already said that there is none. */
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

    /** Ends the feed because the room has closed or its last reader has left. */
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
