package io.keck.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.cluster.Envelope.Content;
import io.keck.crdt.lib0.DecodeException;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.room.Bus;
import io.keck.room.Bus.Event;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
    private static final long CLUSTER = 0xfedc_ba98_7654_3210L;
    private static final byte[] PAYLOAD = {1, 2, 3};

    private static List<Content> contents() {
        return List.of(
                new Content.OfRoom(new Event.Committed(1L << 40, new UUID(-1, 5), Long.MAX_VALUE, -1, PAYLOAD)),
                new Content.OfRoom(new Event.Unsaved(PAYLOAD)),
                new Content.OfRoom(new Event.Awareness(
                        7,
                        true,
                        List.of(new AwarenessState(1L << 50, 3, "{\"a\":\"é😀\"}"), AwarenessState.removed(2, 9)))),
                new Content.OfRoom(new Event.Awareness(8, false, List.of())),
                new Content.OfRoom(new Event.AwarenessAsked(true)),
                new Content.OfRoom(new Event.AwarenessAsked(false)),
                new Content.OfRoom(new Event.AwarenessClaimed(1L << 50)),
                new Content.OfRoom(new Event.ClientMessage("alice", "{\"é\":\"😀\"}")),
                new Content.OfRoom(new Event.Broadcast("é😀")),
                new Content.OfRoom(new Event.Resync()),
                new Content.Beat("node é", -5),
                new Content.Deleted("a room/😀"),
                new Content.Kicked(new Bus.Kick(-7, "a room/😀", "")));
    }

    private static byte[] encoded(Content content) {
        return new Envelope(-3, 1L << 60, 1_700_000_000_000L, content).encode(CLUSTER);
    }

    @Test
    void whatIsWritten_isRead() throws Envelope.AlienException {
        for (Content content : contents()) {
            Envelope read = Envelope.decode(encoded(content), CLUSTER);
            assertThat(read)
                    .usingRecursiveComparison()
                    .isEqualTo(new Envelope(-3, 1L << 60, 1_700_000_000_000L, content));
        }
    }

    @Test
    void whatIsOnlyForRooms_isNotWritten() {
        for (Event event : List.of(new Event.Back(), new Event.NodeGone())) {
            assertThatThrownBy(() -> encoded(new Content.OfRoom(event))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Any single changed bit, and any cut, is noticed. */
    @Test
    void damage_isNoticed() {
        for (Content content : contents()) {
            byte[] bytes = encoded(content);
            for (int bit = 0; bit < 8 * bytes.length; bit++) {
                byte[] damaged = bytes.clone();
                damaged[bit / 8] ^= (byte) (1 << (bit % 8));
                assertThatThrownBy(() -> Envelope.decode(damaged, CLUSTER)).isInstanceOf(DecodeException.class);
            }
            for (int length = 0; length < bytes.length; length++) {
                byte[] cut = Arrays.copyOf(bytes, length);
                assertThatThrownBy(() -> Envelope.decode(cut, CLUSTER)).isInstanceOf(DecodeException.class);
            }
        }
    }

    /** The twin: with a checksum that fits, the same damage is taken for an update. */
    @Test
    void damage_behindARightChecksum_isTaken() throws Envelope.AlienException {
        byte[] bytes = encoded(new Content.OfRoom(new Event.Unsaved(PAYLOAD)));
        bytes[bytes.length - 5] ^= 1; // the last byte of the payload
        Envelope read = Envelope.decode(sealed(bytes), CLUSTER);
        assertThat(read.content()).isInstanceOf(Content.OfRoom.class);
        Event event = ((Content.OfRoom) read.content()).event();
        assertThat(((Event.Unsaved) event).payload()).isEqualTo(new byte[] {1, 2, 2});
    }

    @Test
    void messageThatIsTooLong_isRefused() throws Envelope.AlienException {
        String most = "x".repeat(Message.MAX_TEXT);
        assertThat(Envelope.decode(encoded(new Content.OfRoom(new Event.Broadcast(most))), CLUSTER)
                        .content())
                .isEqualTo(new Content.OfRoom(new Event.Broadcast(most)));
        for (Event event : List.of(new Event.Broadcast(most + "x"), new Event.ClientMessage("a", most + "x"))) {
            byte[] bytes = encoded(new Content.OfRoom(event));
            assertThatThrownBy(() -> Envelope.decode(bytes, CLUSTER)).isInstanceOf(DecodeException.class);
        }
    }

    @Test
    void whatIsOfOthers_isAlien() {
        byte[] bytes = encoded(contents().get(0));
        assertThatThrownBy(() -> Envelope.decode(bytes, CLUSTER + 1)).isInstanceOf(Envelope.AlienException.class);
        for (int at : new int[] {0, 1}) { // version, kind
            byte[] newer = bytes.clone();
            newer[at] = 99;
            assertThatThrownBy(() -> Envelope.decode(sealed(newer), CLUSTER))
                    .isInstanceOf(Envelope.AlienException.class);
        }
    }

    /** Bodies that are nonsense behind a right checksum end in one of the two exceptions and in nothing else. */
    @Test
    void nonsense_isRefused() {
        Random random = new Random(Seeds.next("EnvelopeTest"));
        List<String> others = new ArrayList<>();
        for (int i = 0; i < (Boolean.getBoolean("keck.campaign") ? 1_000_000 : 20_000); i++) {
            byte[] bytes = encoded(contents().get(i % contents().size()));
            for (int n = random.nextInt(4); n >= 0; n--) {
                bytes[34 + random.nextInt(bytes.length - 34)] = (byte) random.nextInt();
            }
            try {
                Envelope.decode(sealed(Arrays.copyOf(bytes, bytes.length - random.nextInt(3))), CLUSTER);
            } catch (DecodeException | Envelope.AlienException e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (RuntimeException e) {
                others.add(e.toString());
            }
        }
        assertThat(others).isEmpty();
    }

    /** With the checksum that it should have. */
    private static byte[] sealed(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, bytes.length - 4);
        for (int i = 0; i < 4; i++) {
            bytes[bytes.length - 4 + i] = (byte) (checksum.getValue() >>> (24 - 8 * i));
        }
        return bytes;
    }
}
