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
 * Keeps a document within its {@link DocumentLimits}. Each update of a writer of this node is checked before it joins a
 * batch. Used only in the room's turns.
 *
 * <pre>
 *   the document      an update with structs       an update that only deletes    rows of other nodes
 *   below its limit   accepted                     accepted                       accepted
 *   at its limit      refused, its sender is told  accepted, up to a second       accepted: already in the log
 *                                                  limit, as ranges take bytes
 * </pre>
 *
 * <p><b>Refused updates.</b> After a refusal no other structs of that connection are accepted, because they would
 * follow a gap and no client could show them. The connection stays open. A socket is told by the auth message of
 * y-protocols (permission denied, with a sentence), a back end by {@link TooLarge}. The writer's own document still has
 * the refused content, so the writer is asked for it with a step 1 when there is room again.
 *
 * <p><b>Creating.</b> Content of a writer that may not create the document is refused in the same way until the document
 * exists. Such a writer is admitted to existing documents only, but one that joined as a reader may gain the right to
 * write later.
 *
 * <p><b>Size.</b> Between two measurements the size is an upper bound that costs one addition per update: the measured
 * size plus the bytes of all updates since. For typing it is far above the true size, so the document is measured
 * before anything is refused or warned about. Measuring encodes the document. A document of {@code n * MEASURED_PER_MS}
 * bytes is measured at most every {@code n} milliseconds, which takes a few percent of a thread; in between the upper
 * bound counts.
 *
 * <p><b>Shares.</b> One address may contribute at most half of the limit to the growth since the document was loaded on
 * this node. The growth is divided among the addresses by the bytes that they sent. Without shares one peer could make
 * the document read-only for all others.
 */
final class DocumentGrowth {

    /**
     * Bytes that one deleted range may add to the encoded document beyond its own, because it splits a struct in three.
     */
    static final long PER_RANGE = 24;
    /** Bytes of the document per millisecond between two measurements; measuring them takes about ten microseconds. */
    private static final long MEASURED_PER_MS = 8 << 10;
    /** Milliseconds after which a refused writer that keeps writing is told again. */
    private static final long SAY_EVERY_MS = 10_000;
    /** The largest number of addresses whose shares are counted; later ones are not limited by a share. */
    private static final int MAX_ADDRESSES = 10_000;

    /** Milliseconds after which a refused writer is asked again even if the document has not shrunk. */
    private static final long ASK_EVERY_MS = 60_000;

    private static final String EARLIER =
            "An earlier update of this connection was refused, so this one is refused, too. The server asks the"
                    + " client for both when the document has room again.";

    /** The origin of all edits of back ends, which count as one address. */
    static final String BACK_ENDS = "http";

    private final String name;
    private final RoomContext context;
    private final DocumentLimits limits;
    private final Batches batches;
    private final Replica replica;
    private final List<Member> members;
    private final Safeguards safeguards;
    private final Life life;

    /** The size at the last measurement, or at loading. */
    private long measured;
    /** The bytes that other nodes committed since the last measurement. */
    private long foreign;
    /** {@link Batches#added} at the last measurement. */
    private long addedBefore;
    /** The size when the room was loaded. */
    private long loaded;
    /** The number of structs at the last count, plus the structs added since. */
    private long structs;

    /** Clients of uncommitted updates that the store does not contain yet. */
    private final Set<Long> newClients = new HashSet<>();
    /** Whether the document has changed since the last measurement. */
    private boolean changed = true;

    private long measureAt = Long.MIN_VALUE;
    private boolean isNear;
    private boolean isLoaded;
    private final Map<String, Long> brought = new HashMap<>();
    private long broughtByAll;

    DocumentGrowth(RoomScope room, RoomContent content, List<Member> members) {
        this.name = room.name();
        this.context = room.context();
        this.limits = context.settings().document();
        this.safeguards = room.safeguards();
        this.life = room.life();
        this.batches = content.batches();
        this.replica = content.replica();
        this.members = members;
    }

    // ------------------------------------------------------------------ what comes in

    /** Starts after the room was loaded; everything reported until now was in the log. */
    void begin() {
        measured = bytes();
        foreign = 0;
        loaded = measured;
        structs = replica.store().structCount();
        isLoaded = true;
        look();
    }

    /** The replica applied an update that is not from a writer of this node. */
    void foreign(Update update) {
        foreign += cost(update);
        structs += pieces(update);
        changed = true;
        if (isLoaded) {
            look();
        }
    }

    /** The replica was replaced by another one. */
    void replaced() {
        changed = true;
        measure();
    }

    /** The replica applied a batch of this node. */
    void committed() {
        changed = true;
        if (!newClients.isEmpty()) {
            newClients.removeIf(client -> batches.isEmpty() || replica.store().hasClient(client));
        }
        look();
    }

    /**
     * Whether a member's update may be accepted. Otherwise the member is told, and asked again when there is room.
     *
     * @param fresh the new part of the update
     */
    boolean takes(Update fresh, Member member) {
        String why = member.refused > 0 && fresh.structCount() > 0 ? EARLIER : whyNot(fresh, member.origin);
        if (why == null && fresh.structCount() > 0) {
            why = isMissing() ? member.connection.whyNotCreate() : null;
            why = why == null ? whyNot(fresh, member.connection) : why;
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
                    .warn("Room " + name + ": an update of " + fresh.length() + " bytes was refused. " + why);
            member.connection.send(Message.denied(why));
        }
        return false;
    }

    /** Whether the document does not exist yet: clients have only connected. */
    private boolean isMissing() {
        return safeguards.asksForCreate() && !life.isMade() && replica.applied() == 0 && batches.isEmpty();
    }

    /** A member sent all its content: if it was asked for a refused update, this is the answer. */
    void tells(Member member) {
        if (member.isAskedAgain) {
            member.isAskedAgain = false;
            member.refused = 0;
        }
    }

    /** Returns the reason why an edit of a back end is refused; or counts the edit and returns null. */
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

    /** The bytes that an update may add to the encoded document. */
    private static long cost(Update update) {
        return update.length() + PER_RANGE * update.deleteCount();
    }

    /** The number that an update may add to {@link StructStore#structCount}. */
    private static long pieces(Update update) {
        return (long) update.structCount() + update.deleteCount();
    }

    /** The number of clients that are neither in the store nor in uncommitted updates. */
    private int newClients(Update update) {
        Set<Long> unknown = new HashSet<>();
        replica.store().addUnknownClients(update, unknown);
        unknown.removeAll(newClients);
        return unknown.size();
    }

    // ------------------------------------------------------------------ the limits

    /** A sentence that says why an update is refused, or null. */
    private @Nullable String whyNot(Update update, String origin) {
        if (!safeguards.boundsDocuments()) {
            return null;
        }
        String why = judge(update, origin);
        return why != null && measureIfDue() ? judge(update, origin) : why;
    }

    /** The same for the limits of the writer, judged by the exact size if the upper bound exceeds them. */
    private @Nullable String whyNot(Update update, Connection writer) {
        String why = writer.whyNotGrow(bytes() + cost(update));
        return why != null && measureIfDue() ? writer.whyNotGrow(bytes() + cost(update)) : why;
    }

    private @Nullable String judge(Update update, String origin) {
        long more = cost(update);
        if (update.structCount() == 0) {
            return bytes() + more > limits.maxBytes() + Math.max(limits.maxBytes(), loaded)
                    ? "The document is far above its limit of " + limits.maxBytes()
                            + " bytes, and accepts no more single deletions, because each needs space, too."
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
            return "The document has reached its limit of " + what + ": it accepts only deletions until it is smaller.";
        }
        return !origin.isEmpty() && share(origin) + more > limits.maxBytes() / 2
                ? "One address may contribute half of the document's limit, " + limits.maxBytes() / 2
                        + " bytes, and this one has."
                : null;
    }

    private boolean exceedsClients(int more) {
        return more > 0 && clients() + more > limits.maxClients();
    }

    /** The approximate bytes of the document's growth that an origin contributed. */
    private long share(String origin) {
        if (broughtByAll == 0) {
            return 0;
        }
        double part = (double) brought.getOrDefault(origin, 0L) / broughtByAll;
        return (long) (part * Math.max(0, bytes() - loaded));
    }

    /**
     * The bytes of the encoded document, including waiting structs: an upper bound, exact right after a measurement.
     */
    long bytes() {
        return measured + foreign + batches.added() - addedBefore;
    }

    private long clients() {
        return (long) replica.store().clientCount() + newClients.size();
    }

    // ------------------------------------------------------------------ measuring

    /** Warns when the document is near a limit. */
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
                            + "). At a limit it accepts only deletions.");
            context.metrics().nearLimitBegan();
            isNear = true;
        } else if (!isFull(4, 3)) {
            context.metrics().nearLimitEnded();
            isNear = false;
        }
    }

    /** Whether the document has reached the fraction {@code by / of} of some limit. */
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

    /** Called by the tick: asks refused writers for their content if there is room for it. */
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
     * Whether a writer is asked for a refused update. Its content may have shrunk meanwhile, so it is also asked when
     * the document has shrunk, and once a minute in any case.
     */
    private boolean hasRoomFor(Member member, long now) {
        long more = Math.min(member.refused, limits.maxBytes() / 20);
        boolean isNew =
                member.askedAt == Long.MIN_VALUE || bytes() < member.askedWith || now - member.askedAt >= ASK_EVERY_MS;
        return isNew
                && (!isMissing() || member.connection.whyNotCreate() == null)
                && bytes() + more <= limits.maxBytes()
                && member.connection.whyNotGrow(bytes() + more) == null
                && (member.origin.isEmpty() || share(member.origin) + more <= limits.maxBytes() / 2)
                && structs < limits.maxStructs()
                && clients() < limits.maxClients();
    }

    /** Called when the room closes. */
    void end() {
        if (isNear) {
            isNear = false;
            context.metrics().nearLimitEnded();
        }
    }

    /**
     * The origin under which an address counts: an IPv6 address counts as its /64 network, the smallest that a customer
     * gets.
     */
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
