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

/** Checks whether a room, as read back, holds the document that was imported into it. */
public class RoomCheck {
    /**
     * Checks a room. It may hold more than the document: all structs and deletes of the document must be present, with the
     * same content under the same ids.
     *
     * @param document the imported document, in V1
     * @return the problem, or null
     */
    public @Nullable String problem(byte[] document, Contents room) {
        if (room.snapshot() == null
                && room.rows().size() == 1
                && Arrays.equals(room.rows().get(0).payload(), document)) {
            return null;
        }
        return problem(document, load(room));
    }

    /**
     * Finds differences between a room and a document under the same ids, which forbid merging the document into the room.
     *
     * @return a sentence, or null if there are none
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

    /** Checks a loaded room; returns the problem, or null. */
    @Nullable
    String problem(byte[] document, StructStore room) {
        Update update = Update.decode(document, DecodeLimits.OWN);
        if (!room.reduce(update).isEmpty()) {
            return "the room lacks a part of the document";
        }
        byte[] ours = room.encode();
        if (Arrays.equals(ours, document)) {
            return null;
        }
        // a store keeps the content that came first under an id, so with the document first other content shows
        StructStore documentFirst = new StructStore();
        documentFirst.apply(update);
        documentFirst.apply(Update.decode(ours, DecodeLimits.OWN));
        if (Arrays.equals(ours, documentFirst.encode()) || show(Doc.of(room)).equals(show(Doc.of(documentFirst)))) {
            return null;
        }
        return "the room has other content under the same ids";
    }

    /** The content of a document as readers see it; deleted content may be stored in several ways. */
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

    /** Converts a value so that equal content compares equal. */
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

    /** Builds the store of a room from its log. */
    public static StructStore load(Contents room) {
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
