package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The options of a document. Immutable. Source: Yjs {@code Doc.js}.
 *
 * @param guid the name of the document, unique among all documents; random by default
 * @param gc whether deleted content is dropped, which is the default; snapshots need it kept
 * @param gcFilter for a document that drops deleted content: whether this deleted content may be dropped too; content
 *     in a deleted type is dropped together with the type
 * @param autoLoad whether every replica of the containing document should load this subdocument
 * @param shouldLoad whether the content is wanted on this replica
 * @param meta metadata that the user sends with a subdocument, a value of {@link Any}; null for none
 */
public record DocOptions(
        String guid,
        boolean gc,
        Predicate<ItemView> gcFilter,
        boolean autoLoad,
        boolean shouldLoad,
        @Nullable Object meta) {
    /** Allows all deleted content to be dropped. */
    static final Predicate<ItemView> ALL = item -> true;

    /** The defaults: a random guid, deleted content dropped, to be loaded. */
    public static DocOptions create() {
        return new DocOptions(UUID.randomUUID().toString(), true, ALL, false, true, null);
    }

    /** These options with another guid. */
    public DocOptions withGuid(String newGuid) {
        return new DocOptions(newGuid, gc, gcFilter, autoLoad, shouldLoad, meta);
    }

    /** These options with garbage collection on or off. */
    public DocOptions withGc(boolean on) {
        return new DocOptions(guid, on, gcFilter, autoLoad, shouldLoad, meta);
    }

    /** These options with another filter for the deleted content that may be dropped. */
    public DocOptions withGcFilter(Predicate<ItemView> filter) {
        return new DocOptions(guid, gc, filter, autoLoad, shouldLoad, meta);
    }

    /** These options with automatic loading on or off. */
    public DocOptions withAutoLoad(boolean on) {
        return new DocOptions(guid, gc, gcFilter, on, shouldLoad, meta);
    }

    /** These options with the content wanted on this replica, or not. */
    public DocOptions withShouldLoad(boolean should) {
        return new DocOptions(guid, gc, gcFilter, autoLoad, should, meta);
    }

    /** These options with other metadata. */
    public DocOptions withMeta(@Nullable Object newMeta) {
        return new DocOptions(guid, gc, gcFilter, autoLoad, shouldLoad, newMeta);
    }

    /** Reads the options of a subdocument from the wire; a value that is not an object counts as no options. */
    static DocOptions decode(String guid, @Nullable Object options) {
        Map<?, ?> map = options instanceof Map<?, ?> m ? m : Map.of();
        boolean autoLoad = isTrue(map.get("autoLoad"));
        boolean gc = !map.containsKey("gc") || map.get("gc") == Any.UNDEFINED || isTrue(map.get("gc"));
        Object meta = map.get("meta");
        return new DocOptions(
                guid,
                gc,
                ALL,
                autoLoad,
                autoLoad || isTrue(map.get("shouldLoad")),
                meta == Any.UNDEFINED ? null : meta);
    }

    /** The options on the wire that are passed on: Yjs writes only those that it knows and that are not defaults. */
    static Map<String, @Nullable Object> known(@Nullable Object options) {
        return decode("", options).encode();
    }

    /** The wire form of a subdocument's options. */
    Map<String, @Nullable Object> encode() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        if (!gc) {
            map.put("gc", false);
        }
        if (autoLoad) {
            map.put("autoLoad", true);
        }
        if (meta != null) {
            map.put("meta", meta);
        }
        return map;
    }

    /** Whether the value is true in JavaScript. */
    private static boolean isTrue(@Nullable Object value) {
        if (value instanceof Boolean bool) {
            return bool;
        }
        if (value instanceof Number number) {
            return number.doubleValue() != 0 && !Double.isNaN(number.doubleValue());
        }
        return value instanceof String string ? !string.isEmpty() : value != null && value != Any.UNDEFINED;
    }
}
