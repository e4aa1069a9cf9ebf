package io.keck.storage.octobase;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Delta;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlText;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.Row;
import io.keck.storage.rows.ContradictionCount;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Whether a room, as it was read back, holds a document that was imported into it. */
class RoomCheck {
    /**
     * Checks it. Where the room has more than the document, the document's part counts: all its structs and deletions are
     * there, and under the same ids there is the same content.
     *
     * @param document what was imported, in V1
     * @return what is wrong, or null
     */
    @Nullable
    String problem(byte[] document, Contents room) {
        if (room.snapshot() == null
                && room.rows().size() == 1
                && Arrays.equals(room.rows().get(0).payload(), document)) {
            return null;
        }
        return problem(document, load(room));
    }

    /**
     * What a room says differently under the ids of a document, so that the document must not be merged into it.
     *
     * @return a sentence, or null
     */
    @Nullable
    String contradiction(Update document, StructStore room) {
        ContradictionCount found = new ContradictionCount();
        found.add(room, document, "");
        return found.isEmpty()
                ? null
                : "The room here has other content under the same ids: " + found
                        + ". Nothing was written; --except leaves it as it is here.";
    }

    /** The same for a room that is loaded. */
    @Nullable
    String problem(byte[] document, StructStore room) {
        Update update = Update.decode(document, DecodeLimits.OWN);
        if (!room.reduce(update).isEmpty()) {
            return "the room lacks a part of it";
        }
        byte[] ours = room.encode();
        if (Arrays.equals(ours, document)) {
            return null;
        }
        // what is there first under an id stays: with the document first, another content would show
        StructStore documentFirst = new StructStore();
        documentFirst.apply(update);
        documentFirst.apply(Update.decode(ours, DecodeLimits.OWN));
        if (Arrays.equals(ours, documentFirst.encode()) || show(Doc.of(room)).equals(show(Doc.of(documentFirst)))) {
            return null;
        }
        return "the room has other content under the same ids";
    }

    /** Everything that readers of a document see; deleted content may be kept in several ways. */
    private static Map<String, List<Object>> show(Doc doc) {
        Map<String, List<Object>> all = new TreeMap<>();
        for (String name : doc.rootNames()) {
            Root root = doc.findRoot(name);
            if (root != null) {
                Object elements = switch (root.kind()) {
                    case XML -> root.asXml().toString();
                    case TEXT -> root.asText().toDelta();
                    default -> root.asArray();
                };
                all.put(name, List.of(plain(root.asMap()), plain(elements)));
            }
        }
        return all;
    }

    /** A value that equals another one of the same content. */
    private static Object plain(@Nullable Object value) {
        if (value instanceof AbstractType type) {
            return plain(type instanceof YText text && !(type instanceof YXmlText) ? text.toDelta() : type.toJson());
        }
        if (value instanceof Delta.Insert insert) {
            return List.of(plain(insert.value()), plain(insert.attributes()));
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> out = new TreeMap<>();
            map.forEach((key, element) -> out.put(String.valueOf(key), plain(element)));
            return out;
        }
        if (value instanceof List<?> list) {
            return list.stream().map(RoomCheck::plain).toList();
        }
        return value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : String.valueOf(value);
    }

    /** The room as it is in the log. */
    static StructStore load(Contents room) {
        StructStore store = new StructStore();
        if (room.snapshot() != null) {
            store.apply(Update.decode(room.snapshot(), DecodeLimits.OWN));
        }
        for (Row row : room.rows()) {
            store.apply(Update.decode(row.payload(), DecodeLimits.OWN));
        }
        return store;
    }
}
