package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooCostly;
import io.keck.feed.ChangeLog;
import io.keck.heap.AddressFlow;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import io.keck.metrics.FeedMetrics;
import io.keck.room.DocumentLimits;
import io.keck.room.Watcher;
import io.keck.testing.Grants;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A room's events with turns given by hand, over a log in memory. */
class RoomFeedTest {
    private static final Pattern EVENT = Pattern.compile("id:(\\d+)-(\\d+)\\nevent:(\\w+)\\ndata:(.*)\\n\\n");
    private static final long ROOM = 7;

    private final ArrayDeque<Runnable> turns = new ArrayDeque<>();
    private final List<byte[]> rows = new ArrayList<>();
    private final Doc editor = new Doc();
    private long purged;
    /** From this row on nothing can be told; 0 for none. */
    private long damaged;

    private int reads;
    private long now = 1_000;
    private @Nullable Watcher watcher;
    private boolean watched;
    private boolean looksForGaps = true;

    private final ChangeLog log = new ChangeLog() {
        @Override
        public Page read(long roomId, long after, long upTo, long maxBytes) {
            reads++;
            List<Change> changes = new ArrayList<>();
            long bytes = 0;
            long end = Math.min(upTo, damaged > 0 ? damaged - 1 : rows.size());
            for (long seq = Math.max(after, purged) + 1; seq <= end && bytes < maxBytes; seq++) {
                byte[] row = rows.get((int) seq - 1);
                changes.add(new Change(seq, row, new Author("p" + seq, Origin.SOCKET, Map.of("n", "1")), 1_000 + seq));
                bytes += row.length;
            }
            return new Page(changes, rows.size(), after < purged, damaged > 0 && upTo >= damaged ? "damaged" : null);
        }

        @Override
        public Base base(long roomId, long seq) {
            StructStore store = new StructStore();
            boolean isShort = damaged > 0 && seq >= damaged;
            long at = isShort ? damaged - 1 : Math.max(purged, Math.min(seq, rows.size()));
            rows.subList(0, (int) at).forEach(row -> store.apply(Update.decode(row)));
            return new Base(at, store.encode(), List.of(), isShort ? "damaged" : null);
        }

        @Override
        public Authors authorship(long roomId) {
            throw new AssertionError("rows say themselves who made them");
        }
    };

    private HeapLedger ledger = HeapLedger.unlimited();
    private AddressFlow sent = AddressFlow.unlimited();

    private EventStreams streams = streams();

    private EventStreams streams() {
        return new EventStreams(
                (grant, watcher) -> watch(grant.document(), watcher),
                log,
                FeedMetrics.NONE,
                turns::add,
                () -> now,
                10,
                new AddressShares(10, 10),
                ledger,
                sent,
                DocumentLimits.DEFAULT.maxSteps()) {
            @Override
            boolean looksForGaps() {
                return looksForGaps;
            }
        };
    }

    private Runnable watch(String room, Watcher who) {
        watcher = who;
        watched = true;
        who.risen(ROOM, rows.size());
        return () -> watched = false;
    }

    /** Somebody who reads, as fast as the test lets him. */
    private final class Client implements RoomFeed.Reader, EventStream.Output {
        final StringBuilder got = new StringBuilder();
        int takes = Integer.MAX_VALUE;
        boolean ended;
        String address = "192.0.2.1";

        @Override
        public String address() {
            return address;
        }

        @Nullable
        RuntimeException refusal;

        @Nullable
        EventStream stream;

        @Override
        public EventStream.Output open() {
            return this;
        }

        @Override
        public void opened(EventStream opened) {
            stream = opened;
            opened.write();
        }

        @Override
        public void refused(RuntimeException why) {
            refusal = why;
        }

        @Override
        public boolean isReady() {
            return takes > 0;
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            if (ended) {
                throw new IOException("written to what has ended");
            }
            takes--;
            got.append(new String(bytes, StandardCharsets.UTF_8));
        }

        @Override
        public void flush() {}

        @Override
        public void complete() {
            ended = true;
        }

        List<String> events() {
            List<String> events = new ArrayList<>();
            for (Matcher m = EVENT.matcher(got); m.find(); ) {
                events.add(m.group(3) + " " + m.group(2));
            }
            return events;
        }
    }

    private void run() {
        while (!turns.isEmpty()) {
            turns.remove().run();
        }
    }

    private Client join(@Nullable String lastEventId) {
        return join(lastEventId, "192.0.2.1");
    }

    private Client join(@Nullable String lastEventId, String address) {
        Client client = new Client();
        client.address = address;
        assertThat(streams.open(Grants.on("w"), client, lastEventId)).isTrue();
        run();
        return client;
    }

    private void edit() {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            editor.getText("t").insert(0, "x".repeat(1_000));
        }
        rows.add(row[0]);
        if (watched && watcher != null) {
            watcher.risen(ROOM, rows.size());
        }
    }

    private static List<String> updates(int from, int to) {
        List<String> all = new ArrayList<>();
        for (int seq = from; seq <= to; seq++) {
            all.add("update " + seq);
        }
        return all;
    }

    @Test
    void aReader_getsWhatComes_andKnowsWhereItIsFromTheStart() {
        edit();
        Client client = join(null);
        assertThat(client.got).hasToString("id:7-1\n\n");
        edit();
        run();
        edit();
        run();
        assertThat(client.events()).isEqualTo(updates(2, 3));
    }

    @Test
    void messageOfAClientApplication_reachesThoseWhoMayHearIt() {
        edit();
        Client backEnd = join(null);
        Client other = join(null);
        backEnd.stream.hears(true);
        int before = backEnd.got.length();
        watcher.clientMessage("alice", "a \"b\"\nid:9-9");
        run();
        assertThat(backEnd.got.substring(before))
                .isEqualTo("event:client-message\ndata:{\"by\":\"alice\",\"message\":\"a \\\"b\\\"\\nid:9-9\"}\n\n");
        assertThat(other.got).hasToString("id:7-1\n\n");
        backEnd.stream.hears(false);
        watcher.clientMessage("alice", "never");
        run();
        assertThat(backEnd.got).doesNotContain("never");
    }

    /** Messages are not kept for a reader that is behind, nor for a feed whose turns do not come. */
    @Test
    void messagesOfClientApplications_areBounded() {
        edit();
        Client backEnd = join(null);
        backEnd.stream.hears(true);
        backEnd.takes = 0;
        watcher.clientMessage("alice", "first");
        run();
        watcher.clientMessage("alice", "second");
        run();
        backEnd.takes = Integer.MAX_VALUE;
        backEnd.stream.write();
        run();
        assertThat(backEnd.got).contains("first").doesNotContain("second");
        for (int i = 0; i <= FeedMessages.MAX_WAITING; i++) {
            watcher.clientMessage("alice", "number " + i + " ");
        }
        run();
        assertThat(backEnd.got)
                .contains("number " + (FeedMessages.MAX_WAITING - 1) + " ")
                .doesNotContain("number " + FeedMessages.MAX_WAITING + " ");
    }

    /** The twin is every other test here: with the usual limit the same content is read. */
    @Test
    void contentBeyondTheConfiguredSteps_refusesItsReaders_andIsNotTriedAtOnce() {
        EventStreams strict = new EventStreams(
                (grant, watcher) -> watch(grant.document(), watcher),
                log,
                FeedMetrics.NONE,
                turns::add,
                () -> now,
                10,
                new AddressShares(10, 10),
                HeapLedger.unlimited(),
                sent,
                -1_000_000);
        edit();
        for (int i = 0; i < 2; i++) {
            Client client = new Client();
            assertThat(strict.open(Grants.on("w"), client, null)).isTrue();
            run();
            assertThat(client.refusal).isInstanceOf(TooCostly.class);
            assertThat(strict.costlyFor(ROOM)).isPositive();
        }
    }

    @Test
    void readersOfOneRoom_shareOneReadOfTheLog() {
        Client one = join(null);
        Client two = join("7-0");
        int before = reads;
        edit();
        run();
        assertThat(one.events()).isEqualTo(updates(1, 1));
        assertThat(two.events()).isEqualTo(updates(1, 1));
        assertThat(reads - before).isEqualTo(1);
    }

    @Test
    void aSlowReader_isGivenNothingMoreUntilItHasTakenWhatItHas() {
        Client slow = join(null);
        slow.takes = 0;
        for (int i = 0; i < 500; i++) {
            edit();
            run();
        }
        assertThat(slow.events()).isEmpty();
        assertThat(slow.stream.isIdle()).isFalse();
        slow.takes = Integer.MAX_VALUE;
        slow.stream.write();
        run();
        assertThat(slow.events()).isEqualTo(updates(1, 500));
    }

    @Test
    void cutAgainAndAgain_nothingIsMissing_andNothingComesTwice() {
        Random random = new Random(5);
        List<String> all = new ArrayList<>();
        Client client = join(null);
        String last = "7-0";
        for (int i = 0; i < 2_000; i++) {
            if (random.nextInt(3) > 0) {
                edit();
            }
            if (random.nextInt(3) > 0) {
                run();
            }
            if (random.nextInt(5) == 0) {
                client.takes = random.nextInt(4);
            }
            if (random.nextInt(10) == 0 && client.stream != null) {
                last = take(client, all, last);
                client.stream.abort();
                if (random.nextBoolean()) {
                    run();
                }
                client = join(last);
            }
        }
        client.takes = Integer.MAX_VALUE;
        client.stream.write();
        run();
        take(client, all, last);
        assertThat(all).isEqualTo(updates(1, rows.size()));
    }

    private static String take(Client client, List<String> all, String last) {
        List<String> events = client.events();
        all.addAll(events);
        return events.isEmpty() ? last : "7-" + events.get(events.size() - 1).split(" ")[1];
    }

    @Test
    void beyondTheRetention_orOfAnotherLife_thereIsOneReset_andItGoesOn() {
        for (int i = 0; i < 1_000; i++) {
            edit();
        }
        purged = 600;
        for (String id : List.of("7-10", "8-900", "7-1001", "nonsense", "7-")) {
            Client client = join(id);
            assertThat(client.events()).as(id).containsExactly("reset 1000");
        }
        Client client = join("7-600");
        assertThat(client.events()).isEqualTo(updates(601, 1_000));
        edit();
        run();
        assertThat(client.events()).isEqualTo(updates(601, 1_001));
    }

    @Test
    void twin_withoutALookForGaps_aReaderMissesSomething() {
        looksForGaps = false;
        for (int i = 0; i < 1_000; i++) {
            edit();
        }
        purged = 600;
        assertThat(join("7-10").events()).isEqualTo(updates(601, 1_000));
    }

    @Test
    void whenTheLogWentBack_allAreReset() {
        edit();
        edit();
        Client client = join(null);
        rows.remove(1);
        watcher.wentBack();
        watcher.risen(ROOM, 1);
        run();
        assertThat(client.events()).containsExactly("reset 1");
    }

    @Test
    void atADamagedRow_aReaderStops_andIsResetOnceItIsRepaired() {
        for (int i = 0; i < 5; i++) {
            edit();
        }
        damaged = 4;
        Client client = join("7-1");
        assertThat(client.events()).isEqualTo(updates(2, 3));
        Client ahead = join("7-5"); // it was told before the damage
        for (int i = 0; i < 3; i++) {
            edit();
            run();
            now += 1_000;
            streams.tick();
            run();
        }
        assertThat(client.events()).isEqualTo(updates(2, 3));
        assertThat(ahead.events()).isEmpty();
        damaged = 0;
        purged = 8;
        streams.tick();
        run();
        edit();
        run();
        assertThat(client.events()).endsWith("reset 8", "update 9").hasSize(4);
        assertThat(ahead.events()).containsExactly("reset 8", "update 9");
    }

    @Test
    void damageInThePast_ofWhatTheFeedHasReadBefore_isAReset() {
        Client client = join(null);
        for (int i = 0; i < 400; i++) {
            edit();
            run();
        }
        damaged = 20;
        Client late = join("7-10");
        assertThat(late.events())
                .isEqualTo(java.util.stream.Stream.concat(
                                updates(11, 19).stream(), java.util.stream.Stream.of("reset 400"))
                        .toList());
        assertThat(client.events()).isEqualTo(updates(1, 400));
    }

    @Test
    void whereNothingOfARoomIsGood_readersAreRefused() {
        edit();
        damaged = 1;
        Client client = join(null);
        assertThat(client.refusal).isInstanceOf(io.keck.failure.Unavailable.class);
        assertThat(streams.size()).isZero();
        assertThat(watched).isFalse();
    }

    @Test
    void silence_isFilledWithComments_andAStuckReaderIsGivenUp() {
        Client client = join(null);
        now += 3_500;
        streams.tick();
        run();
        assertThat(client.got.toString()).endsWith("\n\n:\n\n");
        client.takes = 0;
        edit();
        run();
        now += 61_000;
        streams.tick();
        run();
        assertThat(client.ended).isTrue();
        assertThat(streams.size()).isZero();
    }

    /** 20 events of about 3.5 KB each, of which an address may have 10 KB at once, and 1 KB a second. */
    private Client[] flooded() {
        Client[] clients = {join(null, "192.0.2.1"), join(null, "192.0.2.1"), join(null, "192.0.2.2")};
        for (int i = 0; i < 20; i++) {
            edit();
            run();
            clients[2].got.setLength(0);
        }
        return clients;
    }

    @Test
    void streamsOfOneAddress_waitWhenItHasHadItsBytes_andNobodyIsGivenUpForIt() {
        sent = new AddressFlow(1_000, () -> now);
        streams = streams();
        Client[] clients = flooded();
        assertThat(clients[0].got.length() + clients[1].got.length()).isBetween(10_000, 30_000);

        int seconds = 0;
        while (clients[0].events().size() + clients[1].events().size() < 40) {
            assertThat(seconds++).isLessThan(300);
            now += 1_000;
            streams.tick();
            run();
            assertThat(clients[0].got.length() + clients[1].got.length()).isLessThan(30_000 + 1_100 * seconds);
        }
        assertThat(seconds).as("longer than a stuck reader may take").isGreaterThan(70);
        assertThat(clients[0].events()).isEqualTo(updates(1, 20));
        assertThat(clients[1].events()).isEqualTo(updates(1, 20));
        assertThat(clients[0].ended).isFalse();
        assertThat(sent.held()).isPositive();
    }

    @Test
    void twin_withoutARate_oneAddressGetsEverythingAtOnce() {
        Client[] clients = flooded();
        assertThat(clients[0].got.length() + clients[1].got.length()).isGreaterThan(100_000);
    }

    @Test
    void whatAReaderDoesNotTake_isCounted_andTheReaderThatHoldsMostIsSentAway() {
        ledger = new HeapLedger(16 << 20);
        streams = streams();
        Client slow = join(null);
        long before = ledger.ofAddress("192.0.2.1");
        slow.takes = 0;
        editor.getMap("m").set("k", new byte[20 << 20]);
        rows.add(editor.encodeStateAsUpdate());
        watcher.risen(ROOM, rows.size());
        run();
        assertThat(ledger.used()).isGreaterThan(20 << 20);
        ledger.relieve();
        run();
        assertThat(slow.ended).isTrue();
        assertThat(ledger.ofAddress("192.0.2.1")).isLessThanOrEqualTo(before);
        assertThat(ledger.used()).isZero();
    }

    /** The twin: a ledger that has no limit refuses nothing and sends nobody away. */
    @Test
    void twin_withoutALedger_theReaderStays() {
        Client slow = join(null);
        slow.takes = 0;
        editor.getMap("m").set("k", new byte[20 << 20]);
        rows.add(editor.encodeStateAsUpdate());
        watcher.risen(ROOM, rows.size());
        run();
        ledger.relieve();
        run();
        assertThat(slow.ended).isFalse();
    }

    @Test
    void everythingAnew_isGivenOnceThereIsMemoryForIt() {
        ledger = new HeapLedger(64 << 20);
        streams = streams();
        editor.getMap("m").set("k", new byte[2 << 20]);
        rows.add(editor.encodeStateAsUpdate());
        Tally others = ledger.open(HeapLedger.Kind.OUTBOUND, "another", null, null);
        Client first = join(null);
        others.set(56 << 20);
        Client lost = join("0-0");
        assertThat(lost.events()).isEmpty();
        assertThat(first.ended || lost.ended).isFalse();

        others.set(0);
        now += 1_000;
        streams.tick();
        run();
        assertThat(lost.events()).containsExactly("reset 1");
    }

    /** The room heard of its end before it had heard of the rows that other nodes wrote last. */
    @Test
    void theLastEventsOfALife_areGivenBeforeItsStreamsEnd() {
        Client fast = join(null);
        Client slow = join(null);
        slow.takes = 0;
        watched = false;
        edit();
        edit();
        watcher.ended(new RoomMissing("w"));
        run();
        assertThat(fast.events()).isEqualTo(updates(1, 2));
        assertThat(fast.ended).isTrue();
        assertThat(slow.ended).isFalse();
        slow.takes = Integer.MAX_VALUE;
        slow.stream.write();
        run();
        assertThat(slow.events()).isEqualTo(updates(1, 2));
        assertThat(slow.ended).isTrue();
        assertThat(streams.size()).isZero();
    }

    @Test
    void aReaderThatTakesNothing_doesNotKeepTheEndedLife() {
        Client stuck = join(null);
        stuck.takes = 0;
        watched = false;
        edit();
        watcher.ended(new RoomMissing("w"));
        run();
        now += 10_001;
        streams.tick();
        run();
        assertThat(streams.size()).isZero();
    }

    @Test
    void theEndOfTheRoom_isThatOfItsStreams_andNobodyIsFollowedAnyMore() {
        Client client = join(null);
        edit();
        watcher.ended(new RoomMissing("w"));
        run();
        assertThat(client.ended).isTrue();
        assertThat(watched).isFalse();
        assertThat(streams.size()).isZero();
        Client next = join("7-1");
        assertThat(watched).isTrue();
        next.stream.abort();
        run();
        assertThat(watched).isFalse();
        assertThat(streams.size()).isZero();
    }
}
