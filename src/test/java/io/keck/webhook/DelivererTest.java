package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.webhook.DeliveryWorld.Fault;
import io.keck.webhook.DeliveryWorld.Node;
import io.keck.webhook.DeliveryWorld.Received;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DelivererTest {
    private static final int ROUNDS = Boolean.getBoolean("keck.campaign") ? 2_000 : 60;

    /** Nodes come, stall and are killed, requests and answers get lost, the receiver is away now and then. */
    private static List<String> simulate(long seed, Fault fault) {
        DeliveryWorld world = new DeliveryWorld(seed, fault);
        world.database.set("http://receiver/", true);
        world.start("n0");
        world.start("n1");
        int names = 2;
        for (int i = 0; i < 1_500; i++) {
            world.now += world.random.nextInt(300);
            Node node = world.nodes.get(world.random.nextInt(world.nodes.size()));
            int dice = world.random.nextInt(1000);
            if (dice < 200) {
                world.edit(1 + world.random.nextInt(4), world.random.nextInt(20) == 0 ? null : node);
            } else if (dice < 600) {
                node.step();
            } else if (dice < 960) {
                node.arrive(world.random.nextInt(10) > 0);
            } else if (dice < 975) {
                node.isStalled = !node.isStalled;
                world.now += node.isStalled ? world.random.nextInt(15_000) : 0;
            } else if (dice < 985) {
                world.isUp = !world.isUp || world.random.nextInt(3) == 0;
            } else if (dice < 990) {
                world.kill(node);
                world.start("n" + names++);
            } else if (dice < 993) {
                world.database.set("http://receiver/" + i, true);
            }
        }
        world.isUp = true;
        world.settle();
        return world.problems(Map.of());
    }

    @Test
    void whateverHappens_theReceiverGetsEveryChangeInOrder_andRepeatsOnlyUnderTheSameId() {
        for (long seed = 1; seed <= ROUNDS; seed++) {
            assertThat(simulate(seed, Fault.NONE)).as("seed %d", seed).isEmpty();
        }
    }

    @Test
    void twin_withoutLeaseAndFencing_whatIsDeliveredIsWrong() {
        assertThat(wrong(Fault.NO_FENCING)).isNotEmpty();
    }

    @Test
    void twin_withoutStoredCursors_whatIsDeliveredIsWrong() {
        assertThat(wrong(Fault.NO_CURSORS)).isNotEmpty();
    }

    /** What is wrong under the first seed that shows it. */
    private static List<String> wrong(Fault fault) {
        for (long seed = 1; seed <= 20; seed++) {
            List<String> problems = simulate(seed, fault);
            if (!problems.isEmpty()) {
                return problems;
            }
        }
        return List.of();
    }

    @Test
    void whatWasThereBefore_isNotDelivered() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.edit(1, node);
        node.step();
        assertThat(node.deliverer.isActive()).isFalse();
        world.database.set("http://receiver/", true);
        world.settle();
        assertThat(world.received).isEmpty();
        world.edit(1, node);
        world.settle();
        assertThat(world.received).extracting(Received::id).containsExactly("1-2");
        assertThat(node.deliverer.backlog()).isZero();
    }

    @Test
    void whatOthersWrite_isAnnounced_orFoundByTheScan() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node owner = world.start("owner");
        Node other = world.start("other");
        world.database.set("http://receiver/", true);
        world.settle();
        world.edit(1, other);
        other.step();
        assertThat(world.database.news).containsExactly(1L);
        world.settle();
        world.edit(2, null);
        world.settle();
        assertThat(world.received).extracting(Received::id).containsExactly("1-1", "2-1");
        assertThat(world.problems(Map.of())).isEmpty();
        assertThat(owner.lease.isHeld(world.now)).isTrue();
    }

    @Test
    void whatWasWrittenBeforeANodeKnewOfTheEndpoint_isAnnounced_andNothingFromBeforeIt() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node owner = world.start("owner");
        Node other = world.start("other");
        owner.step();
        other.step();
        world.edit(2, other);
        world.now += 2_000;
        other.step();
        world.database.set("http://receiver/", true);
        owner.lease.hurry();
        owner.step();
        owner.step(); // has looked at all rooms
        world.edit(1, other);
        world.now += 500;
        other.step();
        assertThat(other.deliverer.isActive()).isFalse();
        assertThat(world.database.news).isEmpty();
        world.now += 1_500;
        other.step();
        assertThat(world.database.news).containsExactly(1L);
        world.settle();
        assertThat(world.received).extracting(Received::id).containsExactly("1-1");
    }

    @Test
    void aReceiverThatIsAway_isAskedMoreAndMoreSeldom_withOneDelivery() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.isUp = false;
        for (int room = 1; room <= 50; room++) {
            world.edit(room, node);
        }
        int attempts = 0;
        int most = 0;
        List<Integer> perMinute = new ArrayList<>();
        for (int minute = 0; minute < 10; minute++) {
            int before = attempts;
            for (int i = 0; i < 240; i++) {
                world.now += 250;
                node.step();
                most = minute > 0 ? Math.max(most, node.pending.size()) : 0;
                attempts += node.pending.size();
                while (!node.pending.isEmpty()) {
                    node.arrive(true);
                }
            }
            perMinute.add(attempts - before);
        }
        assertThat(most).isEqualTo(1);
        assertThat(perMinute.get(9)).isBetween(2, 5); // 20 s between two, give or take a fifth
        assertThat(node.deliverer.backlog()).isEqualTo(50);
        assertThat(node.deliverer.oldestSeconds()).isGreaterThan(590);
        assertThat(node.deliverer.failingSeconds()).isGreaterThan(500);
        world.isUp = true;
        world.settle();
        assertThat(node.deliverer.backlog()).isZero();
        assertThat(node.deliverer.failingSeconds()).isZero();
        assertThat(world.problems(Map.of())).isEmpty();
    }

    @Test
    void aRoomThatTheReceiverDoesNotLike_holdsUpNoOther() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        world.refused = "1-";
        world.edit(1, node);
        world.settle();
        assertThat(node.deliverer.failingSeconds()).isPositive();
        for (int room = 2; room <= 20; room++) {
            world.edit(room, node);
            node.step();
            assertThat(node.pending).extracting(Node.Pending::id).contains(room + "-1"); // at once
            world.settle();
        }
        assertThat(world.received).extracting(Received::id).hasSize(19).doesNotContain("1-1");
        assertThat(node.deliverer.backlog()).isEqualTo(1);
        world.refused = "none";
        world.settle();
        assertThat(world.problems(Map.of())).isEmpty();
    }

    @Test
    void rowsThatAreGone_areOneResync_thenItGoesOn() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        for (int i = 0; i < 9; i++) {
            world.edit(1, null);
        }
        world.database.logs.get(1L).purged = 4;
        world.settle();
        world.edit(1, node);
        world.settle();
        assertThat(world.received).extracting(Received::id).containsExactly("1-9", "1-10");
        assertThat(world.received.get(0).body())
                .isEqualTo("[{\"workspace_id\":\"room1\",\"field_name\":null,\"parent\":[],\"content\":\"\","
                        + "\"action\":\"resync\"}]");
        assertThat(world.received.get(1).body()).contains("\"action\":\"update\"");
    }

    @Test
    void manyEdits_areFewDeliveries() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        for (int i = 0; i < 100; i++) {
            world.edit(1, node);
            world.now += 20;
            node.step();
            node.arrive(true);
        }
        world.settle();
        assertThat(world.problems(Map.of())).isEmpty();
        assertThat(world.received).hasSizeLessThan(30); // 5 rows at most each here
    }

    @Test
    void whileManyRoomsChange_eachIsDeliveredMoreSeldom_asFarAsThatIsAllowed() {
        assertThat(DeliveryWorld.SETTINGS.spacing(50)).isEqualTo(500);
        assertThat(DeliveryWorld.SETTINGS.spacing(80)).isEqualTo(800);
        assertThat(DeliveryWorld.SETTINGS.spacing(1_000)).isEqualTo(1_000);
        assertThat(deliveriesInTenSeconds(5)).isBetween(5 * 15, 5 * 20);
        assertThat(deliveriesInTenSeconds(200)).isBetween(200 * 8, 200 * 10);
    }

    private static int deliveriesInTenSeconds(int rooms) {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        for (int i = 0; i < 100; i++) {
            for (int room = 1; room <= rooms; room++) {
                world.edit(room, node);
            }
            node.step();
            while (!node.pending.isEmpty()) {
                node.arrive(true);
            }
            world.now += 100;
        }
        return world.received.size();
    }

    @Test
    void aDamagedRoom_isDeliveredUpToThere_holdsUpNoOther_andGoesOnWithAResyncOnceItIsRepaired() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        world.edit(1, node);
        world.edit(1, node);
        world.edit(1, node);
        world.database.logs.get(1L).damaged = 3;
        world.settle();
        assertThat(world.received).extracting(Received::id).containsExactly("1-2");
        assertThat(node.deliverer.backlog()).isEqualTo(1);
        assertThat(node.deliverer.failingSeconds()).isZero();
        for (int room = 2; room <= 20; room++) {
            world.edit(room, node);
            node.step();
            assertThat(node.pending).extracting(Node.Pending::id).containsExactly(room + "-1"); // at once
            node.arrive(true);
        }
        world.settle();
        world.database.logs.get(1L).damaged = 0;
        world.database.logs.get(1L).purged = 3;
        world.settle();
        assertThat(world.received.get(20).id()).isEqualTo("1-3");
        assertThat(world.received.get(20).body()).contains("resync");
        world.edit(1, node);
        world.settle();
        assertThat(world.received.get(21).id()).isEqualTo("1-4");
        assertThat(world.received.get(21).body()).contains("update");
        assertThat(node.deliverer.backlog()).isZero();
    }

    @Test
    void aPlannedDelivery_whoseRowsAreDamagedMeanwhile_isNotSentAgainWithLess() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        world.edit(1, null);
        world.edit(1, node);
        node.step();
        assertThat(node.pending).hasSize(1);
        world.kill(node);
        world.database.logs.get(1L).damaged = 2;
        world.start("m");
        world.settle();
        assertThat(world.received).isEmpty();
    }

    @Test
    void aRoomWhoseDeliveryHangs_holdsUpNoOther() {
        DeliveryWorld world = new DeliveryWorld(1, Fault.NONE);
        Node node = world.start("n");
        world.database.set("http://receiver/", true);
        world.settle();
        world.edit(1, node);
        node.step();
        Node.Pending hanging = node.pending.remove(0);
        Set<String> ids = new HashSet<>();
        for (int room = 2; room <= 40; room++) {
            world.edit(room, node);
        }
        world.settle();
        world.received.forEach(delivery -> ids.add(delivery.id()));
        assertThat(ids).hasSize(39).doesNotContain(hanging.id());
        assertThat(node.deliverer.backlog()).isEqualTo(1);
    }
}
