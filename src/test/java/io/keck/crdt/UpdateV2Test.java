package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.IntDiffOptRleEncoder;
import io.keck.crdt.lib0.RleEncoder;
import io.keck.crdt.lib0.StringEncoder;
import io.keck.crdt.lib0.UintOptRleEncoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** V2 by hand: what no recorded update has, and what nobody should send. */
class UpdateV2Test {
    private static final Duration AT_ONCE = Duration.ofSeconds(10);
    private static final DecodeLimits SMALL = new DecodeLimits(100_000, 100, 100, 10_000, 100);

    /** The columns of an update, written value by value. */
    private static final class Columns {
        long flag;
        final IntDiffOptRleEncoder keyClocks = new IntDiffOptRleEncoder();
        final UintOptRleEncoder clients = new UintOptRleEncoder();
        final IntDiffOptRleEncoder leftClocks = new IntDiffOptRleEncoder();
        final RleEncoder infos = new RleEncoder();
        final StringEncoder strings = new StringEncoder();
        final RleEncoder parentInfos = new RleEncoder();
        final UintOptRleEncoder typeRefs = new UintOptRleEncoder();
        final UintOptRleEncoder lengths = new UintOptRleEncoder();
        final Encoder rest = new Encoder();

        /** One block of client 7 from clock 0. */
        Columns block(long structs) {
            rest.writeVarUint(1);
            rest.writeVarUint(structs);
            clients.write(7);
            rest.writeVarUint(0);
            return this;
        }

        /** An item of the root "t". */
        Columns item(int ref) {
            infos.write(ref);
            parentInfos.write(1);
            strings.write("t");
            return this;
        }

        Columns format(long keyClock, String key) {
            item(Refs.FORMAT);
            keyClocks.write(keyClock);
            if (key != null) {
                strings.write(key);
            }
            Any.write(rest, true);
            return this;
        }

        byte[] bytes() {
            rest.writeVarUint(0);
            Encoder out = new Encoder();
            out.writeVarUint(flag);
            out.writeVarUint8Array(keyClocks.toByteArray());
            out.writeVarUint8Array(clients.toByteArray());
            out.writeVarUint8Array(leftClocks.toByteArray());
            out.writeVarUint8Array(new byte[0]);
            out.writeVarUint8Array(infos.toByteArray());
            out.writeVarUint8Array(strings.toByteArray());
            out.writeVarUint8Array(parentInfos.toByteArray());
            out.writeVarUint8Array(typeRefs.toByteArray());
            out.writeVarUint8Array(lengths.toByteArray());
            out.write(rest);
            return out.toByteArray();
        }
    }

    private static void assertRefused(byte[] v2, String why) {
        assertTimeoutPreemptively(
                AT_ONCE,
                () -> assertThatThrownBy(() -> UpdateV2.decode(v2, SMALL))
                        .isInstanceOf(DecodeException.class)
                        .hasMessageContaining(why));
    }

    private static Columns columns() {
        return new Columns();
    }

    /** Formats in V1, one for each key. */
    private static byte[] formats(String... keys) {
        UpdateBuilder update = new UpdateBuilder().client(7, 0);
        for (String key : keys) {
            update.item(Refs.FORMAT, null, null, out -> {
                out.writeVarString(key);
                out.writeVarString("true");
            });
        }
        return update.bytes();
    }

    @Test
    void anEmptyUpdate_isThirteenBytes() {
        byte[] empty = {0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
        assertThat(UpdateV2.encode(Update.EMPTY)).isEqualTo(empty);
        assertThat(UpdateV2.decode(empty).isEmpty()).isTrue();
    }

    @Test
    void keysWrittenAnew_areRead() {
        byte[] v2 = columns()
                .block(3)
                .format(0, "bold")
                .format(1, "bold")
                .format(2, "i")
                .bytes();
        assertThat(UpdateV2.decode(v2).encode()).isEqualTo(formats("bold", "bold", "i"));
        assertThat(UpdateV2.encode(Update.decode(formats("bold", "bold", "i"))))
                .as("as Yjs writes them")
                .isEqualTo(v2);
    }

    @Test
    void keysOfTheTable_areRead() {
        byte[] v2 = columns()
                .block(5)
                .format(0, "bold")
                .format(1, "i")
                .format(0, null)
                .format(1, null)
                .format(9, "u")
                .bytes();
        assertThat(UpdateV2.decode(v2).encode()).isEqualTo(formats("bold", "i", "bold", "i", "u"));
    }

    @Test
    void clocksUpTo2To53_areKept() {
        long max = Decoder.MAX_SAFE_INTEGER - 1;
        byte[] v1 = new UpdateBuilder()
                .client(7, max - 3)
                .text("a", UpdateBuilder.id(8, max), UpdateBuilder.id(9, max))
                .text("b", UpdateBuilder.id(8, 0), UpdateBuilder.id(9, 0))
                .text("c", UpdateBuilder.id(8, max), UpdateBuilder.id(Decoder.MAX_SAFE_INTEGER, max))
                .delete(7, 0, max)
                .bytes();
        assertThat(UpdateV2.decode(UpdateV2.encode(Update.decode(v1))).encode()).isEqualTo(v1);
    }

    @Test
    void gapsAndBlocksOutOfOrder_areKept() {
        byte[] gap = new UpdateBuilder().client(7, 5).gc(2).skip(3).text("x").bytes();
        assertThat(UpdateV2.decode(UpdateV2.encode(Update.decode(gap))).encode())
                .isEqualTo(gap);
        Update twice = new UpdateBuilder()
                .client(7, 5)
                .gc(2)
                .client(8, 0)
                .gc(1)
                .client(7, 0)
                .gc(2)
                .build();
        assertThat(UpdateV2.decode(UpdateV2.encode(twice)).encode()).isEqualTo(twice.encode());
    }

    @Test
    void halvesOfAPair_becomeTheReplacementCharacter() {
        Columns c = columns().block(2);
        c.item(Refs.STRING).strings.write("a\ud83d");
        // between two halves nothing else may stand, so the second item has an origin and no parent
        c.infos.write(Refs.STRING | Refs.ORIGIN);
        c.clients.write(7);
        c.leftClocks.write(1);
        c.strings.write("\ude00b");
        assertThat(UpdateV2.decode(c.bytes()).encode())
                .isEqualTo(new UpdateBuilder()
                        .client(7, 0)
                        .text("a\ufffd")
                        .text("\ufffdb", UpdateBuilder.id(7, 1), null)
                        .bytes());
    }

    @Test
    void valuesOfEmbeds_passThroughJson() {
        Columns c = columns().block(2);
        c.item(Refs.EMBED);
        Any.write(c.rest, List.of("é\n", 1.5, List.of()));
        c.item(Refs.EMBED);
        Any.write(c.rest, new byte[] {3});
        assertThat(UpdateV2.decode(c.bytes()).encode())
                .isEqualTo(new UpdateBuilder()
                        .client(7, 0)
                        .item(Refs.EMBED, null, null, out -> out.writeVarString("[\"é\\n\",1.5,[]]"))
                        .item(Refs.EMBED, null, null, out -> out.writeVarString("{\"0\":3}"))
                        .bytes());
    }

    @Test
    void valuesWithoutJson_areRefused() {
        for (Object value : List.of(Any.UNDEFINED, BigInteger.ONE)) {
            Columns c = columns().block(1).item(Refs.EMBED);
            Any.write(c.rest, value);
            assertRefused(c.bytes(), "has no JSON");
        }
    }

    @Test
    void aFlag_isRefused() {
        Columns c = columns().block(1).format(0, "b");
        c.flag = 1;
        assertRefused(c.bytes(), "flag");
    }

    @Test
    void whatIsLeftInAColumn_isRefused() {
        List<Columns> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(columns().block(1).item(Refs.DELETED));
            all.get(i).lengths.write(1);
        }
        all.get(0).keyClocks.write(1);
        all.get(1).clients.write(1);
        all.get(2).leftClocks.write(1);
        all.get(3).infos.write(Refs.GC);
        all.get(4).strings.write("");
        all.get(5).parentInfos.write(0);
        all.get(6).typeRefs.write(0);
        all.get(7).lengths.write(1);
        all.forEach(c -> assertRefused(c.bytes(), "column with more values"));
    }

    @Test
    void unknownTypesAndContents_areRefused() {
        Columns type = columns().block(1).item(Refs.TYPE);
        type.typeRefs.write(7);
        assertRefused(type.bytes(), "unknown type 7");
        assertRefused(columns().block(1).item(11).bytes(), "unknown content 11");
    }

    /** A few bytes that ask for 2^53 structs, of every kind that needs none of its own. */
    @Test
    void runsOfStructs_endAtTheLimit() {
        long many = Decoder.MAX_SAFE_INTEGER;
        for (int ref : new int[] {Refs.GC, Refs.DELETED, Refs.TYPE, Refs.STRING, Refs.JSON}) {
            Columns c = columns().block(many);
            boolean origin = ref != Refs.GC;
            c.infos.write(ref | (origin ? Refs.ORIGIN : 0));
            for (int i = 0; i < 20_000; i++) {
                c.clients.write(7);
                c.leftClocks.write(i);
                c.lengths.write(1);
                c.typeRefs.write(0);
                c.strings.write("1");
            }
            byte[] v2 = c.bytes();
            assertThat(v2.length).isLessThan(100_000);
            assertRefused(v2, "more than 10000 structs");
        }
    }

    /** A key of ten thousand bytes that the table gives again and again. */
    @Test
    void repeatedKeys_endAtTheLimit() {
        Columns c = columns().block(5_000);
        String key = "k".repeat(10_000);
        for (int i = 0; i < 5_000; i++) {
            c.infos.write(Refs.TYPE | Refs.ORIGIN);
            c.clients.write(7);
            c.leftClocks.write(i);
            c.typeRefs.write(3);
            c.keyClocks.write(0);
        }
        c.strings.write(key);
        assertRefused(c.bytes(), "more than 100000 bytes in V1");
    }

    @Test
    void emptyStringsWithoutEnd_areRefused() {
        Columns json = columns().block(1).item(Refs.JSON);
        json.lengths.write(Decoder.MAX_SAFE_INTEGER);
        for (int i = 0; i < 1_000; i++) {
            json.strings.write("");
        }
        assertRefused(json.bytes(), "not valid JSON");
        Columns any = columns().block(1).item(Refs.ANY);
        any.lengths.write(Decoder.MAX_SAFE_INTEGER);
        assertRefused(any.bytes(), "more than the bytes at hand");
    }

    @Test
    void bytesAsJson_endAtTheLimit() {
        Columns c = columns().block(1).item(Refs.EMBED);
        Any.write(c.rest, new byte[50_000]);
        assertRefused(c.bytes(), "JSON of more than");
    }

    @Test
    void limitsOfV1_holdForV2() {
        Update deep =
                new UpdateBuilder().client(7, 0).any(null, List.of(List.of())).build();
        byte[] v2 = UpdateV2.encode(deep);
        assertThat(UpdateV2.decode(v2).encode()).isEqualTo(deep.encode());
        assertThatThrownBy(() -> UpdateV2.decode(v2, SMALL.with(1_000, 1, 100)))
                .isInstanceOf(DecodeException.class)
                .hasMessageContaining("deeper");
        assertThatThrownBy(() -> UpdateV2.decode(v2, SMALL.with(5, 100, 100)))
                .isInstanceOf(DecodeException.class)
                .hasMessageContaining("more than 5 bytes");
        byte[] own = columns().block(1).item(Refs.STRING).bytes();
        assertThatThrownBy(() -> UpdateV2.decode(own)).isInstanceOf(DecodeException.class);
        Columns empty = columns().block(1).item(Refs.STRING);
        empty.strings.write("");
        assertThat(UpdateV2.decode(empty.bytes()).emptyCount()).isEqualTo(1);
    }

    @Test
    void bytesAfterTheUpdate_areRefused() {
        Columns c = columns().block(1).format(0, "b");
        c.rest.writeVarUint(0);
        assertRefused(c.bytes(), "bytes after the update");
    }

    @Test
    void deletes_endBelow2To53() {
        Encoder out = new Encoder();
        out.writeBytes(new byte[] {0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0}, 0, 12);
        out.writeVarUint(1);
        out.writeVarUint(7);
        out.writeVarUint(2);
        out.writeVarUint(5);
        out.writeVarUint(0);
        out.writeVarUint(Decoder.MAX_SAFE_INTEGER - 6);
        out.writeVarUint(0);
        assertRefused(out.toByteArray(), "beyond 2^53 - 1");
    }
}
