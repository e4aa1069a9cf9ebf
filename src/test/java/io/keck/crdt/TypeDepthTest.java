package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.Update;
import org.junit.jupiter.api.Test;

class TypeDepthTest {
    private static final DecodeLimits TEN = DecodeLimits.DEFAULT.with(1 << 20, 10, 10);

    /** Types of one client, each with the parent that is given: -1 is a root, others are clocks of the same client. */
    private static byte[] types(long client, int... parents) {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(parents.length);
        out.writeVarUint(client);
        out.writeVarUint(0);
        for (int parent : parents) {
            out.writeUint8(Refs.TYPE);
            if (parent < 0) {
                out.writeVarUint(1);
                out.writeVarString("root");
            } else {
                out.writeVarUint(0);
                out.writeVarUint(client);
                out.writeVarUint(parent);
            }
            out.writeVarUint(0); // an array
        }
        out.writeVarUint(0);
        return out.toByteArray();
    }

    private static int[] chain(int length) {
        int[] parents = new int[length];
        for (int i = 0; i < length; i++) {
            parents[i] = i - 1;
        }
        return parents;
    }

    @Test
    void asDeepAsAllowed_isAccepted() {
        assertThat(Update.decode(types(1, chain(10)), TEN).isEmpty()).isFalse();
    }

    @Test
    void oneDeeper_isRefused() {
        assertThatThrownBy(() -> Update.decode(types(1, chain(11)), TEN))
                .isInstanceOf(DecodeException.class)
                .hasMessageContaining("types nest deeper than 10");
    }

    @Test
    void manyTypesSideBySide_areAccepted() {
        int[] parents = new int[1_000];
        parents[0] = -1; // the others stand in the first
        assertThat(Update.decode(types(1, parents), TEN).isEmpty()).isFalse();
    }

    /** A sibling names its neighbour instead of its parent; depth goes through it. */
    @Test
    void depthThroughSiblings_counts() {
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(24);
        out.writeVarUint(1);
        out.writeVarUint(0);
        for (int i = 0; i < 24; i++) {
            if (i % 2 == 1) { // stands beside the one before
                out.writeUint8(Refs.TYPE | Refs.ORIGIN);
            } else { // stands in the one before
                out.writeUint8(Refs.TYPE);
                out.writeVarUint(i == 0 ? 1 : 0);
            }
            if (i == 0) {
                out.writeVarString("root");
            } else {
                out.writeVarUint(1);
                out.writeVarUint(i - 1);
            }
            out.writeVarUint(0);
        }
        out.writeVarUint(0);
        byte[] twelveLevels = out.toByteArray();
        assertThatThrownBy(() -> Update.decode(twelveLevels, TEN)).isInstanceOf(DecodeException.class);
        assertThat(Update.decode(twelveLevels, DecodeLimits.DEFAULT.with(1 << 20, 10, 12))
                        .isEmpty())
                .isFalse();
    }
}
