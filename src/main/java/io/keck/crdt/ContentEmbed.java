package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.JsonValue;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/** A JSON value in a text. Source: Yjs {@code ContentEmbed.js}. */
final class ContentEmbed extends ItemContent {
    private final @Nullable Object embed;

    ContentEmbed(@Nullable Object embed) {
        this.embed = embed;
    }

    @Override
    int ref() {
        return Refs.EMBED;
    }

    @Override
    @Nullable
    Object value(Item item, int i) {
        return embed;
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarString(JsonValue.write(embed));
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        return this;
    }
}
