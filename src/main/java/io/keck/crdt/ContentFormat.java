package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.JsonValue;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/**
 * A mark between two units of a text: from here on the attribute has this value; null ends it. Source: Yjs
 * {@code ContentFormat.js}.
 */
final class ContentFormat extends ItemContent {
    final String key;
    final @Nullable Object value;

    ContentFormat(String key, @Nullable Object value) {
        this.key = key;
        this.value = value;
    }

    @Override
    int ref() {
        return Refs.FORMAT;
    }

    @Override
    void integrate(Transaction transaction, Item item) {
        item.parent().becomesRich();
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarString(key);
        out.writeVarString(JsonValue.write(value));
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        return this;
    }
}
