package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;

/** Bytes. Source: Yjs {@code ContentBinary.js}. */
final class ContentBinary extends ItemContent {
    private final byte[] bytes;

    /** @param bytes kept, so the array must not be changed */
    ContentBinary(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    int ref() {
        return Refs.BINARY;
    }

    @Override
    Object value(Item item, int i) {
        return bytes.clone();
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarUint8Array(bytes);
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        return this;
    }
}
