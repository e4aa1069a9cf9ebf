package io.keck.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.HeapLedger.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeapLedgerTest {
    private static final long MB = 1 << 20;

    private final HeapLedger ledger = new HeapLedger(100 * MB);
    private final List<String> sentAway = new ArrayList<>();

    private Tally tally(Kind kind, String room, String address, String guest) {
        return ledger.open(kind, room, address, why -> sentAway.add(guest));
    }

    @Test
    void smallChanges_reachTheLedgerWhenTheyAddUp() {
        Tally tally = tally(Kind.INBOUND, "r", "1.2.3.4", "a");
        for (int i = 0; i < 1_000; i++) {
            tally.add(100);
        }
        assertThat(tally.bytes()).isEqualTo(100_000);
        assertThat(ledger.used()).isBetween(100_000 - Tally.GRAIN, 100_000L);
        assertThat(ledger.used(Kind.INBOUND)).isEqualTo(ledger.used());
        assertThat(ledger.ofRoom("r")).isEqualTo(ledger.used());
        assertThat(ledger.ofAddress("1.2.3.4")).isEqualTo(ledger.used());
        tally.close();
        tally.close();
        tally.add(MB);
        assertThat(ledger.used()).isZero();
        assertThat(ledger.ofRoom("r")).isZero();
    }

    @Test
    void randomTallies_addUp_andLeaveNothing() {
        long seed = 4711;
        Random random = new Random(seed);
        List<Tally> open = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            int what = random.nextInt(10);
            if (open.isEmpty() || what == 0) {
                open.add(tally(
                        Kind.values()[random.nextInt(Kind.values().length)],
                        "r" + random.nextInt(5),
                        "10.0.0." + random.nextInt(5),
                        "g"));
            } else if (what == 1) {
                open.remove(random.nextInt(open.size())).close();
            } else {
                open.get(random.nextInt(open.size())).set(random.nextInt(1 << 20));
            }
            long sum = open.stream().mapToLong(Tally::bytes).sum();
            assertThat(Math.abs(ledger.used() - sum))
                    .as("seed %d, step %d", seed, i)
                    .isLessThanOrEqualTo(open.size() * Tally.GRAIN);
        }
        open.forEach(Tally::close);
        assertThat(ledger.used()).isZero();
    }

    @Test
    void whoIsAboveItsShare_getsNoMoreWhenItIsTight_othersDo() {
        Tally attacker = tally(Kind.INBOUND, "a", "6.6.6.6", "attacker");
        assertThat(attacker.reserve(75 * MB)).isTrue();
        assertThat(attacker.reserve(MB)).isFalse();
        assertThat(ledger.refusals(Kind.INBOUND)).isEqualTo(1);
        assertThat(ledger.isTight()).isFalse();
        Tally honest = tally(Kind.INBOUND, "b", "1.1.1.1", "honest");
        assertThat(honest.reserve(20 * MB)).isTrue();
        assertThat(ledger.isTight()).isTrue();
        assertThat(honest.reserve(6 * MB))
                .as("beyond the total nobody gets more")
                .isFalse();
    }

    /** Addresses of one IPv6 network are one. */
    @Test
    void anIpv6Network_hasOneShare() {
        for (int i = 0; i < 75; i++) {
            assertThat(tally(Kind.INBOUND, "r" + i, "2001:db8:0:1::" + i, "a").reserve(MB))
                    .isTrue();
        }
        assertThat(tally(Kind.INBOUND, "x", "2001:db8:0:1:ffff::1", "a").reserve(MB))
                .isFalse();
        assertThat(tally(Kind.INBOUND, "x", "2001:db8:0:2::1", "b").reserve(MB)).isTrue();
    }

    @Test
    void twin_withoutRelief_everythingIsAllowed() {
        HeapLedger off = new HeapLedger(100 * MB, false);
        Tally attacker = off.open(Kind.INBOUND, "a", "6.6.6.6", why -> sentAway.add("attacker"));
        assertThat(attacker.reserve(500 * MB)).isTrue();
        off.relieve();
        assertThat(sentAway).isEmpty();
        assertThat(off.used()).isEqualTo(500 * MB);
    }

    @Test
    void aboveTheTotal_theLargestGuestOfTheAddressAboveItsShareGoes() {
        tally(Kind.OUTBOUND, "a", "6.6.6.6", "large").add(60 * MB);
        tally(Kind.OUTBOUND, "b", "6.6.6.6", "small").add(10 * MB);
        tally(Kind.OUTBOUND, "c", "1.1.1.1", "honest").add(24 * MB);
        ledger.relieve();
        assertThat(sentAway).isEmpty();
        tally(Kind.REPLICA, "d", null, "room").add(10 * MB);
        ledger.relieve();
        assertThat(sentAway).containsExactly("large");
        assertThat(ledger.sentAway()).isEqualTo(1);
    }

    @Test
    void aRoomOfMany_isNobodysOwn_andStaysWithinItsShare() {
        Guest room = why -> sentAway.add("room of 300");
        ledger.open(Kind.REPLICA, "crowd", null, room).add(24 * MB);
        for (int i = 0; i < 300; i++) {
            tally(Kind.SOCKET, "crowd", "9.9.9.9", "member").add(20 << 10);
        }
        for (int i = 0; i < 5; i++) {
            ledger.open(Kind.REPLICA, "own" + i, null, why -> sentAway.add("own"))
                    .add(20 * MB);
            tally(Kind.SOCKET, "own" + i, "9.9.9.9", "socket").add(20 << 10);
        }
        ledger.relieve();
        assertThat(sentAway).isNotEmpty().containsOnly("own");
    }

    @Test
    void roomsOfOneAddress_countForIt_asLongAsNobodyElseIsInThem() {
        ledger.open(Kind.REPLICA, "shared", null, why -> sentAway.add("shared")).add(20 * MB);
        tally(Kind.SOCKET, "shared", "6.6.6.6", "s").add(1);
        tally(Kind.SOCKET, "shared", "1.1.1.1", "t").add(1);
        for (int i = 0; i < 5; i++) {
            ledger.open(Kind.REPLICA, "own" + i, null, why -> sentAway.add("own"))
                    .add(18 * MB);
            tally(Kind.SOCKET, "own" + i, "6.6.6.6", "s" + i).add(1);
        }
        ledger.relieve();
        assertThat(sentAway).containsExactly("own");
    }

    @Test
    void withinTheirShares_nobodyIsSentAway() {
        for (int i = 0; i < 6; i++) {
            ledger.open(Kind.REPLICA, "r" + i, null, why -> sentAway.add("room"))
                    .add(20 * MB);
        }
        ledger.relieve();
        assertThat(sentAway).isEmpty();
        assertThat(ledger.isTight()).isTrue();
    }

    @Test
    void caches_goBeforeGuests() {
        Tally cache = ledger.open(Kind.DOCUMENT, null, null, null);
        cache.add(50 * MB);
        ledger.onReclaim(bytes -> {
            cache.add(-bytes);
            return bytes;
        });
        tally(Kind.REPLICA, "a", null, "room").add(60 * MB);
        ledger.relieve();
        assertThat(sentAway).isEmpty();
        assertThat(ledger.used()).isLessThanOrEqualTo(85 * MB);
    }

    @Test
    void caches_keepNobodyOut() {
        Tally cache = ledger.open(Kind.DOCUMENT, null, null, null);
        cache.add(80 * MB);
        ledger.onReclaim(bytes -> {
            cache.add(-bytes);
            return bytes;
        });
        assertThat(ledger.isTight()).isTrue();
        ledger.relieve();
        assertThat(ledger.isTight())
                .as("rooms are refused though caches could go")
                .isFalse();
    }

    @Test
    void largeAnswers_waitForTheirTurn_inOrder_oneAtLeast() {
        Tally room = tally(Kind.REPLICA, "a", null, "room");
        room.add(84 * MB);
        Tally answers = tally(Kind.ANSWER, null, "1.1.1.1", "reader");
        assertThat(ledger.turn(20 * MB)).isCompleted();
        answers.add(20 * MB);
        CompletableFuture<?> second = ledger.turn(20 * MB).toCompletableFuture();
        CompletableFuture<?> third = ledger.turn(MB).toCompletableFuture();
        ledger.relieve();
        assertThat(second).isNotDone();
        assertThat(third).as("nobody overtakes").isNotDone();
        answers.add(-20 * MB);
        ledger.relieve();
        assertThat(second).isCompleted();
        assertThat(third).isCompleted();
        assertThat(ledger.waiting()).isZero();
    }

    @Test
    void anAnswerThatIsGivenUp_holdsNobodyUp() {
        tally(Kind.OUTBOUND, "a", "1.1.1.1", "x").add(84 * MB);
        CompletableFuture<?> first = ledger.turn(50 * MB).toCompletableFuture();
        first.cancel(false);
        ledger.relieve();
        assertThat(ledger.waiting()).isZero();
    }

    @Test
    void sharedArrays_countOnce() {
        byte[] frame = new byte[1 << 20];
        Tally a = tally(Kind.OUTBOUND, "r", "1.1.1.1", "a");
        Tally b = tally(Kind.OUTBOUND, "r", "2.2.2.2", "b");
        ledger.shared().hold(frame, a);
        assertThat(ledger.ofAddress("1.1.1.1")).isEqualTo(MB);
        ledger.shared().hold(frame, b);
        assertThat(ledger.used()).isEqualTo(MB);
        assertThat(ledger.ofAddress("1.1.1.1")).as("it is the room's now").isZero();
        a.close();
        ledger.shared().release(frame);
        assertThat(ledger.used()).isEqualTo(MB);
        ledger.shared().release(frame);
        assertThat(ledger.used()).isZero();
        assertThat(ledger.shared().size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {256, 768, 2048})
    void total_leavesRoomForTheServer_atEachSizeOfHeap(long megabytes) {
        long heap = megabytes * MB;
        assertThat(HeapLedger.totalFor(heap)).isBetween(heap / 5, heap * 2 / 3);
    }
}
