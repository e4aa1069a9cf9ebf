package io.keck.socket;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The grant under which a connection was admitted, and the messages it may send. A grant can change while the connection is
 * open: each message is judged by the grant at its arrival. Thread-safe.
 */
final class Clearance {
    /** The request attribute that holds the clearance of an upgrade. */
    static final String ATTRIBUTE = Clearance.class.getName();

    private static final String READ_ONLY = "this connection may only read the document";
    private static final String MAY_NOT_CREATE = "this document does not exist, and this connection may not create it";
    /** A step 1 with an empty state vector; the client answers with its whole document. */
    private static final byte[] STEP1_OF_NOTHING = {0, 0, 1, 0};

    /** The close codes for refused credentials and for missing rights; clients give up on both. */
    private static final int UNAUTHORIZED = 4401;

    private static final int FORBIDDEN = 4403;

    private volatile Visit visit;
    private final @Nullable CloseReason refusal;
    private volatile @Nullable Grant grant;
    private volatile Allowance allowance = Allowance.ALL;
    private volatile boolean mayAll;
    /** The callbacks of the connection; null before {@link #follow} and after the grant has ended. */
    private @Nullable Told told;

    /** The watcher of the current grant; events of other watchers concern an earlier grant and are ignored. */
    private Visit.@Nullable Follower follower;

    private Runnable unfollow = () -> {};

    /**
     * The callbacks of a connection.
     *
     * @param end closes the connection
     * @param send sends a frame to the connection
     * @param changed run when the rights of the connection change, before a frame is sent for that reason
     */
    private record Told(Consumer<CloseReason> end, Consumer<byte[]> send, Runnable changed) {}

    /** Created once for each grant, so that an update needs no new object. */
    private volatile @Nullable Author author;

    private Clearance(Visit visit, @Nullable Grant grant, @Nullable CloseReason refusal) {
        this.visit = visit;
        this.refusal = refusal;
        set(grant);
    }

    private void set(@Nullable Grant given) {
        grant = given;
        allowance = given == null ? Allowance.ALL : visit.allowance(given);
        if (given != null) {
            author = Author.bySocket(given); // updates that arrived before the grant ended keep its author
        }
        mayAll = given != null && given.allows(Right.READ) && given.allows(Right.WRITE) && given.allows(Right.PRESENT);
    }

    /** The clearance of a connection with a grant. */
    static Clearance of(Visit visit, Grant grant) {
        return new Clearance(visit, grant, null);
    }

    /** The clearance of a connection that shows credentials and opens documents by messages. */
    static Clearance pending(Visit visit) {
        return new Clearance(visit, null, null);
    }

    /** The clearance of a connection that is opened only to be closed with a reason. */
    static Clearance refused(Fault fault) {
        return new Clearance(Visit.REFUSED, null, reason(fault));
    }

    /** The clearance in a request attribute; a refusing one if the attribute is missing. */
    static Clearance of(@Nullable Object attribute) {
        return attribute instanceof Clearance clearance ? clearance : refused(Fault.MISSING);
    }

    /** The visit of the request that opened the connection, or of the credential that it has shown since. */
    Visit visit() {
        return visit;
    }

    /** The current grant; null before the decision, and after the grant has ended. */
    @Nullable
    Grant grant() {
        return grant;
    }

    /** The author of updates from this connection; null if it never had a grant. */
    @Nullable
    Author author() {
        return author;
    }

    /** The reason to close the connection at once; null if it may stay. */
    @Nullable
    CloseReason refusal() {
        return refusal;
    }

    /** The close reason for a fault: final, unless the fault is temporary. */
    static CloseReason reason(Fault fault) {
        return switch (fault) {
            case MISSING, BAD, EXPIRED, NOT_YET, REVOKED -> new CloseReason(UNAUTHORIZED, fault.sentence());
            case STALE -> CloseReason.reconnect(fault.sentence());
            case FORBIDDEN, QUOTA -> new CloseReason(FORBIDDEN, fault.sentence());
            case TOO_MANY, LIMIT, UNAVAILABLE -> CloseReason.overload(fault.sentence());
        };
    }

    /**
     * Watches the grant while the connection is open.
     *
     * @param end closes the connection
     * @param send sends a frame to the connection
     * @return stops the watch
     */
    Runnable follow(Consumer<CloseReason> end, Consumer<byte[]> send) {
        return follow(end, send, () -> {});
    }

    /**
     * Watches the grant while the connection is open, and reports changes of its rights.
     *
     * @param changed run when the rights of the connection change, before a frame is sent for that reason
     */
    synchronized Runnable follow(Consumer<CloseReason> end, Consumer<byte[]> send, Runnable changed) {
        Grant given = grant;
        if (given != null && visit != Visit.OPEN) {
            told = new Told(end, send, changed);
            Visit.Follower first = new Watch();
            follower = first;
            unfollow = visit.follow(given, first, Right.READ);
        }
        return this::stop;
    }

    private synchronized void stop() {
        told = null;
        follower = null;
        unfollow.run();
        unfollow = () -> {};
    }

    /**
     * Replaces the grant after the connection has shown another valid credential; the earlier one no longer counts. A connection
     * that gains the right to write is asked for its document, since the server has ignored its changes so far.
     *
     * @param shown the visit with the new credential
     * @param answer run before any frame is sent to the connection for this reason
     */
    synchronized void renew(Visit shown, Grant given, Runnable answer) {
        Told here = told;
        if (here == null) {
            answer.run(); // access is open, or the connection has ended
            return;
        }
        boolean widened = isWidened(given);
        visit = shown;
        set(given);
        answer.run();
        Visit.Follower next = new Watch();
        follower = next;
        unfollow = shown.followOn(given, next, unfollow, Right.READ); // this may end the connection at once
        if (widened && mayWrite()) {
            here.send().accept(STEP1_OF_NOTHING);
        }
    }

    private boolean isWidened(Grant fresh) {
        Grant before = grant;
        return fresh.allows(Right.WRITE) && (before == null || !before.allows(Right.WRITE));
    }

    /** Watches one grant for the connection. */
    private final class Watch implements Visit.Follower {
        @Override
        public void ended(Fault fault) {
            Told here;
            synchronized (Clearance.this) {
                here = follower == this ? told : null;
                if (here != null) {
                    set(null);
                }
            }
            if (here != null) {
                here.end().accept(reason(fault));
            }
        }

        @Override
        public void changed(Grant fresh) {
            Told here;
            boolean widened;
            synchronized (Clearance.this) {
                here = follower == this ? told : null;
                widened = isWidened(fresh);
                if (here != null) {
                    set(fresh);
                }
            }
            if (here != null) {
                here.changed().run();
                if (widened) {
                    here.send().accept(STEP1_OF_NOTHING); // fetches what the client changed while it was read-only
                }
            }
        }

        @Override
        public boolean isConnection() {
            return true;
        }
    }

    /** Whether the connection may write. */
    boolean mayWrite() {
        Grant now = grant;
        return now != null && now.allows(Right.WRITE);
    }

    /** Why content of this connection may not create the document; null if it may. */
    @Nullable
    String whyNotCreate() {
        Grant now = grant;
        return now != null && now.allows(Right.CREATE) ? null : MAY_NOT_CREATE;
    }

    /** The remaining allowance of the grant. */
    Allowance allowance() {
        return allowance;
    }

    /**
     * Filters the messages that the connection may send. A step 2 without the right to write is dropped silently, since
     * every client answers the server's step 1 with one; an update is refused.
     *
     * @param refused receives, for each refused update, the frame that tells the client
     */
    List<Message> allowed(List<Message> messages, Consumer<byte[]> refused) {
        if (mayAll) {
            return messages;
        }
        Grant now = grant;
        List<Message> allowed = new ArrayList<>(messages.size());
        for (Message message : messages) {
            if (now != null && now.allows(MessageRight.of(message))) {
                allowed.add(message);
            } else if (message instanceof Message.SyncUpdate) {
                refused.accept(Message.denied(READ_ONLY));
            }
        }
        return allowed;
    }

    /**
     * As {@link #allowed}, but if the connection may not write, each step 2 is replaced by a message that only shows what the
     * room lacks. The room counts it and reports whether the room has all of its content.
     */
    List<Message> counted(List<Message> messages) {
        return mayWrite() ? messages : repeats(messages, message -> message);
    }

    /**
     * As {@link #counted(List)}, for a connection that also counts its updates: they are replaced in the same way.
     *
     * @param refused receives, for each refused update, the frame that tells the client
     */
    List<Message> counted(List<Message> messages, Consumer<byte[]> refused) {
        if (mayWrite()) {
            return messages;
        }
        return repeats(messages, message -> {
            if (!(message instanceof Message.SyncUpdate change)) {
                return message;
            }
            refused.accept(Message.denied(READ_ONLY));
            return new Message.SyncRepeat(change.update(), false);
        });
    }

    private static List<Message> repeats(List<Message> messages, UnaryOperator<Message> others) {
        List<Message> readable = new ArrayList<>(messages.size());
        for (Message message : messages) {
            readable.add(
                    message instanceof Message.SyncStep2 all
                            ? new Message.SyncRepeat(all.update(), true)
                            : others.apply(message));
        }
        return readable;
    }

    /** Decides whether a request may connect to a room, and with which grant. */
    static Decision judge(Visit visit, String room, Purpose purpose) {
        return visit.demand(room, purpose, Right.READ);
    }
}
