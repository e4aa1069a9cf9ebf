package io.keck.crdt;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Legal updates that Yjs itself never writes and other engines do: Yjs must end in the same place with what a store and
 * a document make of them.
 */
class OddUpdatesTest {
    private static final JsonNode ROOTS = Fixtures.json("{\"t\":\"text\",\"m\":\"map\"}");

    private static UpdateBuilder text() {
        return new UpdateBuilder().client(5, 0).text("hello world");
    }

    private static byte[] withDeletes(long... rangesOfFive) {
        byte[] structs = text().bytes();
        Encoder out = new Encoder();
        out.writeBytes(structs, 0, structs.length - 1);
        out.writeVarUint(1);
        out.writeVarUint(5);
        out.writeVarUint(rangesOfFive.length / 2);
        for (long number : rangesOfFive) {
            out.writeVarUint(number);
        }
        return out.toByteArray();
    }

    private static Map<String, byte[]> updates() {
        Map<String, byte[]> all = new LinkedHashMap<>();
        all.put("deletes that descend", withDeletes(8, 2, 4, 1, 0, 2));
        all.put("deletes that overlap", withDeletes(0, 4, 2, 4, 3, 1));
        all.put("deletes that repeat", withDeletes(1, 2, 1, 2, 1, 2));
        all.put("deletes that touch", withDeletes(1, 2, 3, 2));
        all.put("deletes beyond the end", withDeletes(9, 40));
        all.put(
                "deletes of a client that is named twice",
                text().delete(5, 6, 2).delete(5, 1, 2).bytes());
        all.put("deletes of a client that is unknown", text().delete(99, 6, 2).bytes());
        all.put("a client without deletes", new byte[] {0, 1, 5, 0});
        all.put(
                "clients that ascend",
                text().client(9, 0).text("x", id(5, 3), id(5, 4)).bytes());
        all.put(
                "clients that descend",
                new UpdateBuilder()
                        .client(9, 0)
                        .text("x", id(5, 3), id(5, 4))
                        .client(5, 0)
                        .text("hello world")
                        .bytes());
        all.put("a Skip first", new UpdateBuilder().client(5, 0).skip(3).gc(2).bytes());
        all.put("a GC after a Skip", text().skip(4).gc(2).bytes());
        all.put(
                "Skips in a row",
                text().skip(1).skip(1).text("x", id(5, 3), null).bytes());
        all.put("a Skip last", text().skip(7).bytes());
        all.put("GCs in a row", text().gc(1).gc(1).gc(3).bytes());
        all.put(
                "deletions in a row",
                text().deleted(2, id(5, 10)).deleted(3, id(5, 12)).bytes());
        all.put("an item beside a GC", text().gc(2).text("x", id(5, 12), null).bytes());
        all.put(
                "undefined in old JSON",
                text().client(4, 0).json(id(5, 2), "undefined", "{\"a\":1}").bytes());
        all.put(
                "a key's flag beside an origin",
                new UpdateBuilder()
                        .client(5, 0)
                        .struct(Refs.ANY | Refs.PARENT_SUB, out -> {
                            out.writeVarUint(1);
                            out.writeVarString("m");
                            out.writeVarString("k");
                            out.writeVarUint(1);
                            out.writeUint8(126);
                        })
                        .struct(Refs.ANY | Refs.PARENT_SUB | Refs.ORIGIN, out -> {
                            out.writeVarUint(5);
                            out.writeVarUint(0);
                            out.writeVarUint(1);
                            out.writeUint8(120);
                        })
                        .bytes());
        all.put("numbers that are longer than needed", new byte[] {
            (byte) 0x81,
            0,
            (byte) 0x81,
            0,
            (byte) 0x85,
            0,
            (byte) 0x80,
            0,
            4,
            (byte) 0x81,
            0,
            1,
            't',
            (byte) 0x81,
            0,
            'x',
            0
        });
        return all;
    }

    @Test
    void yjsEndsInTheSamePlace() throws Exception {
        Map<String, byte[]> updates = updates();
        try (YjsOracle yjs = YjsOracle.open()) {
            for (byte[] update : updates.values()) {
                StructStore store = new StructStore();
                store.apply(store.reduce(Update.decode(update)));
                Doc doc = new Doc();
                doc.applyUpdate(update);
                yjs.apply(true, ROOTS, update);
                yjs.apply(true, ROOTS, store.encode());
                yjs.apply(true, ROOTS, doc.encodeStateAsUpdate());
            }
            YjsOracle.Answers answers = yjs.ask();
            int i = 0;
            for (String name : updates.keySet()) {
                JsonNode itself = answers.get(i++);
                assertThat(itself.get("fail")).as(name).isNull();
                for (String by : List.of("store", "document")) {
                    JsonNode made = answers.get(i++);
                    for (String field : List.of("svJson", "pending", "deep")) {
                        assertThat(made.get(field))
                                .as("%s, %s, %s", name, by, field)
                                .isEqualTo(itself.get(field));
                    }
                    if (!itself.get("pending").booleanValue()) {
                        assertThat(made.get("unitSha")).as("%s, %s", name, by).isEqualTo(itself.get("unitSha"));
                    }
                }
            }
        }
    }
}
