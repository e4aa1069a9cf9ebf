package io.keck.bench;

import io.keck.crdt.YText;

/** Deletes so many characters at a position, then inserts text there. */
record Edit(int at, int deleted, String inserted) {
    void apply(YText text) {
        if (deleted > 0) {
            text.delete(at, deleted);
        }
        if (!inserted.isEmpty()) {
            text.insert(at, inserted);
        }
    }
}
