package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a document is made. Immutable. Source: Yjs {@code Doc.js}.
 *
 * @param guid its name among all documents; random by default
 * @param gc whether the content of what is deleted is dropped, as by default; snapshots need it kept
 * @param gcFilter of a document that collects: whether this deleted content may be dropped too; what stands in a deleted
 *     type goes with that
 * @param autoLoad whether, as a subdocument, it wants to be loaded by everybody who has the document it is in
 * @param shouldLoad whether its content is wanted here
 * @param meta anything the user wants to travel with a subdocument, a value of {@link Any}; null for nothing
 */
public record DocOptions(
        String guid,
        boolean gc,
        Predicate<ItemView> gcFilter,
        boolean autoLoad,
        boolean shouldLoad,
        @Nullable Object meta) {
    /** Everything that is deleted may be dropped. */
    static final Predicate<ItemView> ALL = item -> true;

    /** A random guid, collecting, to be loaded. */
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

    /** These options with another choice of what is collected. */
    public DocOptions withGcFilter(Predicate<ItemView> filter) {
        return new DocOptions(guid, gc, filter, autoLoad, shouldLoad, meta);
    }

    /** These options with automatic loading on or off. */
    public DocOptions withAutoLoad(boolean on) {
        return new DocOptions(guid, gc, gcFilter, on, shouldLoad, meta);
    }

    /** These options, the content wanted here or not. */
    public DocOptions withShouldLoad(boolean should) {
        return new DocOptions(guid, gc, gcFilter, autoLoad, should, meta);
    }

    /** These options with other meta data. */
    public DocOptions withMeta(@Nullable Object newMeta) {
        return new DocOptions(guid, gc, gcFilter, autoLoad, shouldLoad, newMeta);
    }

    /** The options of a subdocument as they come over the wire; what is not an object says nothing. */
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

    /** What of the options on the wire is passed on: Yjs writes only what it knows and what is not the default. */
    static Map<String, @Nullable Object> known(@Nullable Object options) {
        return decode("", options).encode();
    }

    /** The form in which a subdocument's options travel. */
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

    /** As JavaScript sees it. */
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
