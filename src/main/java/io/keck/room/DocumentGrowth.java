package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.TooLarge;
import io.keck.protocol.Message;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a document within its {@link DocumentLimits}. Each update of a writer of this node is judged before it joins a
 * batch. Touched only in the room's turns.
 *
 * <pre>
 *   the document      an update with structs             an update that only deletes    what other nodes committed
 *   below its limit   is taken                           is taken                       is taken
 *   at its limit      is left aside, its sender is told  is taken, up to a second       is taken: it is in the log
 *                                                        limit: ranges take bytes, too
 * </pre>
 *
 * <p><b>Left aside.</b> From then on no other structs of that connection are taken: they would stand behind a gap, which
 * nobody could show. Nothing is closed. A socket is told by the auth message of y-protocols (permission denied, with a
 * sentence), a back end by {@link TooLarge}. What was left aside is still in the document of its writer:
 * when there is room for it again, the writer is asked for it with a step 1.
 *
 * <p><b>Size.</b> Between two measurements the size is an upper bound that costs an addition per update: the bytes of all
 * updates since. It is far above the truth where somebody types, so nothing is refused and nothing is warned of before
 * the document was measured. Measuring encodes the document. It is done no more often than every {@code n} milliseconds for
 * {@code n * MEASURED_PER_MS} bytes, so that it takes a few percent of a thread's time at most; until then the upper bound
 * counts.
 *
 * <p><b>Shares.</b> One address brings at most half of the limit, as far as the document has grown since it was loaded
 * here: the growth is divided among the addresses by the bytes that they sent. Without it one peer makes the document
 * read-only for all others.
 */
final class DocumentGrowth {

    /** Bytes that one deleted range may add to the encoded document, beside its own: it cuts a struct in three. */
    private static final long PER_RANGE = 24;
    /** Two measurements are a millisecond apart for so many bytes of the document: one takes some ten microseconds of it. */
    private static final long MEASURED_PER_MS = 8 << 10;
    /** A refused writer that goes on is told again after as many milliseconds. */
    private static final long SAY_EVERY_MS = 10_000;
    /** Addresses whose shares are counted; those that come later have none. */
    private static final int MAX_ADDRESSES = 10_000;

    /** A writer that was refused is asked again after as many milliseconds, though the document became no smaller. */
    private static final long ASK_EVERY_MS = 60_000;

    private static final String EARLIER =
            "An earlier update of this connection was left aside, so this one is, too: the"
                    + " document is asked of the client when there is room for it.";

    /** How edits of back ends are counted: all of them as one address. */
    static final String BACK_ENDS = "http";

    private final String name;
    private final RoomContext context;
    private final DocumentLimits limits;
    private final Batches batches;
    private final Replica replica;
    private final List<Member> members;
    private final Safeguards safeguards;

    /** The size when it was measured last, or as it was loaded. */
    private long measured;
    /** What other nodes have committed since. */
    private long foreign;
    /** {@link Batches#added} when it was measured last. */
    private long addedBefore;
    /** The size when the room was loaded. */
    private long loaded;
    /** Structs when they were counted last, and what came since. */
    private long structs;

    /** Clients of updates on their way to the log that the store does not know yet. */
    private final Set<Long> newClients = new HashSet<>();
    /** Whether the document has changed since it was measured. */
    private boolean changed = true;

    private long measureAt = Long.MIN_VALUE;
    private boolean isNear;
    private boolean isLoaded;
    private final Map<String, Long> brought = new HashMap<>();
    private long broughtByAll;

    DocumentGrowth(
            String name,
            RoomContext context,
            Batches batches,
            Replica replica,
            List<Member> members,
            Safeguards safeguards) {
        this.name = name;
        this.context = context;
        this.limits = context.settings().document();
        this.batches = batches;
        this.replica = replica;
        this.members = members;
        this.safeguards = safeguards;
    }

    // ------------------------------------------------------------------ what comes in

    /** The room was loaded, and everything that was told until now was in the log. */
    void begin() {
        measured = bytes();
        foreign = 0;
        loaded = measured;
        structs = replica.store().structCount();
        isLoaded = true;
        look();
    }

    /** The replica has taken in what is not from a writer here. */
    void foreign(Update update) {
        foreign += cost(update);
        structs += pieces(update);
        changed = true;
        if (isLoaded) {
            look();
        }
    }

    /** The replica is another one. */
    void replaced() {
        changed = true;
        measure();
    }

    /** A batch of this node is in the replica. */
    void committed() {
        changed = true;
        if (!newClients.isEmpty()) {
            newClients.removeIf(client -> batches.isEmpty() || replica.store().hasClient(client));
        }
        look();
    }

    /**
     * Whether a member's update may come in. If not, the member is told, and asked again when there is room.
     *
     * @param fresh what of its update is new
     */
    boolean takes(Update fresh, Member member) {
        String why = member.refused > 0 && fresh.structCount() > 0 ? EARLIER : whyNot(fresh, member.origin);
        if (why == null && fresh.structCount() > 0) {
            why = whyNot(fresh, member.connection);
        }
        if (why == null) {
            taken(fresh, member.origin);
            member.connection.brought(fresh.length());
            return true;
        }
        context.metrics().growthRefused();
        member.refused = Math.max(member.refused, cost(fresh));
        long now = context.clock().getAsLong();
        if (now >= member.toldAfter) {
            member.toldAfter = now + SAY_EVERY_MS;
            context.warnings()
                    .atLimit()
                    .warn("Room " + name + ": an update of " + fresh.length() + " bytes was left aside. " + why);
            member.connection.send(Message.denied(why));
        }
        return false;
    }

    /** A member tells all that it has: if it was asked for what was left aside, this is it. */
    void tells(Member member) {
        if (member.isAskedAgain) {
            member.isAskedAgain = false;
            member.refused = 0;
        }
    }

    /** Why an edit of a back end may not come in, or null; one that may is counted. */
    @Nullable
    TooLarge refusal(Edit edit) {
        String why = whyNot(edit.update(), BACK_ENDS);
        if (why == null) {
            taken(edit.update(), BACK_ENDS);
            return null;
        }
        context.metrics().growthRefused();
        context.warnings().atLimit().warn("Room " + name + ": an edit over HTTP was refused. " + why);
        return new TooLarge(why);
    }

    private void taken(Update update, String origin) {
        structs += pieces(update);
        if (update.structCount() > 0) {
            replica.store().addUnknownClients(update, newClients);
            if (brought.size() < MAX_ADDRESSES || brought.containsKey(origin)) {
                brought.merge(origin, (long) update.length(), Long::sum);
                broughtByAll += update.length();
            }
        }
        look();
        changed = true;
    }

    /** What it may add to the encoded document. */
    private static long cost(Update update) {
        return update.length() + PER_RANGE * update.deleteCount();
    }

    /** What it may add to {@link StructStore#structCount}. */
    private static long pieces(Update update) {
        return (long) update.structCount() + update.deleteCount();
    }

    /** How many clients it brings that neither the store nor what is on its way to the log has. */
    private int newClients(Update update) {
        Set<Long> unknown = new HashSet<>();
        replica.store().addUnknownClients(update, unknown);
        unknown.removeAll(newClients);
        return unknown.size();
    }

    // ------------------------------------------------------------------ the limits

    /** A sentence that says why an update may not come in, or null. */
    private @Nullable String whyNot(Update update, String origin) {
        if (!safeguards.boundsDocuments()) {
            return null;
        }
        String why = judge(update, origin);
        return why != null && measureIfDue() ? judge(update, origin) : why;
    }

    /** The same for the limits of its writer, who is told the truth about the size: the upper bound may be far above it. */
    private @Nullable String whyNot(Update update, Connection writer) {
        String why = writer.whyNotGrow(bytes() + cost(update));
        return why != null && measureIfDue() ? writer.whyNotGrow(bytes() + cost(update)) : why;
    }

    private @Nullable String judge(Update update, String origin) {
        long more = cost(update);
        if (update.structCount() == 0) {
            return bytes() + more > limits.maxBytes() + Math.max(limits.maxBytes(), loaded)
                    ? "The document is far above its limit of " + limits.maxBytes()
                            + " bytes, and takes no more single deletions, since each takes room, too."
                    : null;
        }
        String what = null;
        if (bytes() + more > limits.maxBytes()) {
            what = limits.maxBytes() + " bytes";
        } else if (structs + pieces(update) > limits.maxStructs()) {
            what = limits.maxStructs() + " structs";
        } else if (clients() + update.clientCount() > limits.maxClients() && exceedsClients(newClients(update))) {
            what = limits.maxClients() + " clients";
        }
        if (what != null) {
            return "The document has reached its limit of " + what
                    + ": it takes deletions, and nothing else until it is smaller.";
        }
        return !origin.isEmpty() && share(origin) + more > limits.maxBytes() / 2
                ? "One address may bring half of what the document may be, " + limits.maxBytes() / 2
                        + " bytes, and this one has."
                : null;
    }

    private boolean exceedsClients(int more) {
        return more > 0 && clients() + more > limits.maxClients();
    }

    /** About how much of the growth of the document came from there. */
    private long share(String origin) {
        if (broughtByAll == 0) {
            return 0;
        }
        double part = (double) brought.getOrDefault(origin, 0L) / broughtByAll;
        return (long) (part * Math.max(0, bytes() - loaded));
    }

    /** Bytes of the encoded document, what waits included; at most, and exactly where it was just measured. */
    long bytes() {
        return measured + foreign + batches.added() - addedBefore;
    }

    private long clients() {
        return (long) replica.store().clientCount() + newClients.size();
    }

    // ------------------------------------------------------------------ measuring

    /** Warns when the document comes near its limit. */
    private void look() {
        boolean mayBeNear = isFull(5, 4);
        if (mayBeNear == isNear) {
            return;
        }
        if (mayBeNear) {
            measureIfDue();
            if (!isFull(5, 4)) {
                return;
            }
            context.warnings()
                    .nearLimit()
                    .warn("Room " + name + ": the document has " + bytes() + " bytes, " + structs + " structs and "
                            + clients() + " clients, and is above 80 % of a limit (" + limits.maxBytes() + ", "
                            + limits.maxStructs() + ", " + limits.maxClients()
                            + "). At the limit it takes deletions only.");
            context.metrics().nearLimitBegan();
            isNear = true;
        } else if (!isFull(4, 3)) {
            context.metrics().nearLimitEnded();
            isNear = false;
        }
    }

    /** Whether some limit is reached to that part. */
    private boolean isFull(int by, int of) {
        return bytes() > limits.maxBytes() / by * of
                || clients() > (long) limits.maxClients() / by * of
                || structs > limits.maxStructs() / by * of;
    }

    private boolean measureIfDue() {
        boolean isDue = changed && context.clock().getAsLong() >= measureAt;
        if (isDue) {
            measure();
        }
        return isDue;
    }

    private void measure() {
        StructStore store = replica.store();
        measured = store.encode().length;
        foreign = 0;
        addedBefore = batches.added();
        structs = store.structCount();
        for (Batch batch : batches.all()) {
            Update waiting = batch.update();
            measured += cost(waiting);
            structs += pieces(waiting);
        }
        changed = !batches.isEmpty();
        loaded = isLoaded ? Math.min(loaded, measured) : measured;
        measureAt = context.clock().getAsLong() + measured / MEASURED_PER_MS;
    }

    /** Time has passed: writers that were refused are asked for what they have when there is room for it. */
    void onTick(byte[] step1) {
        boolean isAnyoneRefused = false;
        for (Member member : members) {
            isAnyoneRefused |= member.refused > 0;
        }
        if (!isAnyoneRefused && !isNear) {
            return;
        }
        measureIfDue();
        look();
        if (!safeguards.asksRefusedWriters()) {
            return;
        }
        long now = context.clock().getAsLong();
        for (Member member : members) {
            if (member.refused > 0 && !member.isAskedAgain && hasRoomFor(member, now)) {
                member.isAskedAgain = true;
                member.askedAt = now;
                member.askedWith = bytes();
                member.connection.send(step1);
            }
        }
    }

    /**
     * Whether a writer is asked for what was left aside. What it has may have become smaller meanwhile, so it is also asked
     * when the document has, and from time to time.
     */
    private boolean hasRoomFor(Member member, long now) {
        long more = Math.min(member.refused, limits.maxBytes() / 20);
        boolean isNew =
                member.askedAt == Long.MIN_VALUE || bytes() < member.askedWith || now - member.askedAt >= ASK_EVERY_MS;
        return isNew
                && bytes() + more <= limits.maxBytes()
                && member.connection.whyNotGrow(bytes() + more) == null
                && (member.origin.isEmpty() || share(member.origin) + more <= limits.maxBytes() / 2)
                && structs < limits.maxStructs()
                && clients() < limits.maxClients();
    }

    /** The room ends. */
    void end() {
        if (isNear) {
            isNear = false;
            context.metrics().nearLimitEnded();
        }
    }

    /** As whom an address counts: an IPv6 address as its network of 64 bits, which one customer has at least. */
    static String origin(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        String literal = address.startsWith("[") ? address.substring(1, address.indexOf(']')) : address;
        int scope = literal.indexOf('%');
        try {
            byte[] bytes = InetAddress.getByName(scope < 0 ? literal : literal.substring(0, scope))
                    .getAddress();
            return bytes.length == 16 ? Arrays.toString(Arrays.copyOf(bytes, 8)) : Arrays.toString(bytes);
        } catch (UnknownHostException e) {
            return address;
        }
    }
}
