package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StateVector;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HocuspocusFrameTest {
    private static Encoder named(String name) {
        Encoder out = new Encoder();
        out.writeVarString(name);
        return out;
    }

    private static byte[] auth(String name, String token, String... version) {
        Encoder out = named(name);
        out.writeVarUint(2);
        out.writeVarUint(0);
        out.writeVarString(token);
        for (String v : version) {
            out.writeVarString(v);
        }
        return out.toByteArray();
    }

    private static byte[] step1(String name, StateVector known) {
        Encoder out = named(name);
        out.writeVarUint(0);
        out.writeVarUint(0);
        out.writeVarUint8Array(known.encode());
        return out.toByteArray();
    }

    @Test
    void firstFramesOfTheProvider_areRecognized() {
        for (String name : List.of("a", "doc", "my-doc", "a/b", "ünï", "n\0session", "x".repeat(300))) {
            assertThat(HocuspocusFrame.isFirst(auth(name, "t", "4.8.0")))
                    .as(name)
                    .isTrue();
            assertThat(HocuspocusFrame.isFirst(auth(name, ""))).as(name).isTrue();
            assertThat(HocuspocusFrame.isFirst(step1(name, StateVector.of(Map.of(1L, 2L)))))
                    .as(name)
                    .isTrue();
        }
    }

    @Test
    void otherFrames_areNot() {
        byte[] cut = auth("my-doc", "token");
        for (byte[] frame : List.of(
                Message.step1(StateVector.of(Map.of(1L, 2L))),
                Message.step2(new byte[] {0, 0}),
                Message.awareness(List.of(new AwarenessState(1, 1, "{}"))),
                new byte[] {3},
                new byte[] {},
                new byte[] {100, 1, 2},
                new byte[] {102, 1, 0},
                new byte[] {6, 'm', 'y', '-', 'd', 'o', 'c', 3},
                auth("", "token"),
                java.util.Arrays.copyOf(cut, cut.length - 1))) {
            assertThat(HocuspocusFrame.isFirst(frame)).isFalse();
        }
    }
}
