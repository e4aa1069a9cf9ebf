package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HocuspocusMessageTest {
    private static HocuspocusMessage read(byte[] frame) {
        return HocuspocusMessage.read(frame, DecodeLimits.DEFAULT, AwarenessState.Limits.NONE);
    }

    private static Encoder about(String key, int type) {
        Encoder out = new Encoder();
        out.writeVarString(key);
        out.writeUint8(type);
        return out;
    }

    @Test
    void token_withAndWithoutTheVersionOfTheProvider() {
        Encoder out = about("doc", 2);
        out.writeUint8(0);
        out.writeVarString("secret");
        assertThat(read(out.toByteArray())).isEqualTo(new HocuspocusMessage.Token("doc", "secret"));
        out.writeVarString("4.8.0");
        HocuspocusMessage read = read(out.toByteArray());
        assertThat(read).isEqualTo(new HocuspocusMessage.Token("doc", "secret"));
        assertThat(read.toString()).doesNotContain("secret");
    }

    @Test
    void ordinaryMessages_andReplies_areThoseOfYWebsocket() {
        byte[] step1 = Message.step1(StateVector.EMPTY);
        for (int type : new int[] {0, HocuspocusMessage.SYNC_REPLY}) {
            Encoder out = about("an/other\u0000session", type);
            out.writeBytes(step1, 1, step1.length);
            HocuspocusMessage.Ordinary read = (HocuspocusMessage.Ordinary) read(out.toByteArray());
            assertThat(read.messages()).hasSize(1).first().isInstanceOf(Message.SyncStep1.class);
            assertThat(HocuspocusMessage.nameOf(read.key())).isEqualTo("an/other");
        }
    }

    @Test
    void shortMessages() {
        assertThat(read(new byte[] {9})).isEqualTo(new HocuspocusMessage.Ping());
        assertThat(read(new byte[] {10})).isEqualTo(new HocuspocusMessage.Pong());
        assertThat(read(about("doc", 7).toByteArray())).isEqualTo(new HocuspocusMessage.Leave("doc"));
        Encoder said = about("doc", 5);
        said.writeVarString("é😀");
        assertThat(read(said.toByteArray())).isEqualTo(new HocuspocusMessage.Stateless("doc", false, "é😀"));
        assertThat(said.toByteArray())
                .as("the same in both directions")
                .isEqualTo(
                        HocuspocusMessage.frame(HocuspocusMessage.prefix("doc"), HocuspocusMessage.stateless("é😀")));
        assertThat(read(about("doc", 6).toByteArray())).isEqualTo(new HocuspocusMessage.Stateless("doc", true, ""));
        assertThat(new HocuspocusMessage.Stateless("doc", false, "secret").toString())
                .doesNotContain("secret");
        assertThat(read(about("doc", 42).toByteArray())).isEqualTo(new HocuspocusMessage.Other("doc"));
    }

    @Test
    void namesThatAreTooLong_areRefused() {
        assertThatThrownBy(() ->
                        read(about("x".repeat(HocuspocusMessage.MAX_KEY + 1), 7).toByteArray()))
                .isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> read(about("doc\u0000" + "x".repeat(65), 7).toByteArray()))
                .isInstanceOf(DecodeException.class);
        assertThat(read(about("doc\u0000" + "x".repeat(64), 7).toByteArray())).isNotNull();
    }

    @Test
    void whatTheServerSays_asTheProviderReadsIt() {
        assertThat(HocuspocusMessage.prefix("doc")).containsExactly(3, 'd', 'o', 'c');
        assertThat(HocuspocusMessage.status(true)).containsExactly(8, 1);
        assertThat(HocuspocusMessage.status(false)).containsExactly(8, 0);
        assertThat(HocuspocusMessage.authenticated(false)).startsWith(2, 2, 8, 'r', 'e', 'a', 'd', 'o');
        assertThat(HocuspocusMessage.denied("no")).containsExactly(2, 1, 2, 'n', 'o');
        assertThat(HocuspocusMessage.close("no")).containsExactly(7, 2, 'n', 'o');
    }

    /** Any bytes are read or refused, and nothing else. */
    @Test
    void anyBytes_areReadOrRefused() {
        long seed = Long.getLong("keck.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 50_000; i++) {
            byte[] frame = new byte[random.nextInt(24)];
            random.nextBytes(frame);
            if (frame.length > 3) {
                frame[0] = 1;
                frame[2] = (byte) random.nextInt(12);
            }
            try {
                assertThat(read(frame)).isNotNull();
            } catch (DecodeException e) {
                assertThat(e.getMessage()).as("seed %d", seed).isNotEmpty();
            }
        }
    }

    @Test
    void frameOfAKnownDocument_isReadAsAnyOther() {
        byte[] prefix = HocuspocusMessage.prefix("a");
        byte[] update = HocuspocusMessage.frame(prefix, new byte[] {0, 2, 2, 0, 0});
        assertThat(HocuspocusMessage.keyOf(update)).isEqualTo("a");
        assertThat(HocuspocusMessage.isAbout(update, prefix)).isTrue();
        assertThat(HocuspocusMessage.isAbout(update, HocuspocusMessage.prefix("b")))
                .isFalse();
        assertThat(HocuspocusMessage.isAbout(update, HocuspocusMessage.prefix("ab")))
                .isFalse();
        assertThat(HocuspocusMessage.isAbout(prefix, prefix)).as("no type").isFalse();
        byte[] text = HocuspocusMessage.frame(prefix, new byte[] {5, 2, 'h', 'i'});
        assertThat(HocuspocusMessage.read(text, "a", prefix, DecodeLimits.DEFAULT, AwarenessState.Limits.NONE))
                .isEqualTo(new HocuspocusMessage.Stateless("a", false, "hi"))
                .isEqualTo(read(text));
    }

    @Test
    void keyOf_malformedFrames_isEmpty() {
        assertThat(HocuspocusMessage.keyOf(new byte[] {})).isEmpty();
        assertThat(HocuspocusMessage.keyOf(new byte[] {9})).isEmpty();
        assertThat(HocuspocusMessage.keyOf(new byte[] {(byte) 0xff, 0x7f, 1}))
                .as("too long")
                .isEmpty();
    }

    @Test
    void brief_areUpdatesStep2sAndCursors_ofWhichNoneWaitsForAnything() {
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 0, 2}, 2)).isTrue();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 0, 1}, 2)).isTrue();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 4, 1}, 2)).isTrue();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 1, 0}, 2)).isTrue();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 0, 0}, 2))
                .as("a step 1")
                .isFalse();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 2, 0}, 2))
                .as("a token")
                .isFalse();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 5, 0}, 2))
                .as("a stateless message")
                .isFalse();
        assertThat(HocuspocusMessage.isBrief(new byte[] {1, 'a', 0}, 2))
                .as("cut off")
                .isFalse();
    }
}
