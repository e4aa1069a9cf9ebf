package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;

/** A shared type inside another one. Source: Yjs {@code ContentType.js}. */
final class ContentType extends ItemContent {
    final Branch branch;

    ContentType(Branch branch) {
        this.branch = branch;
    }

    @Override
    int ref() {
        return Refs.TYPE;
    }

    @Override
    Object value(Item item, int i) {
        return branch.view();
    }

    @Override
    void integrate(Transaction transaction, Item item) {
        branch.attach(transaction.doc(), item);
    }

    @Override
    void delete(Transaction transaction, Item item) {
        transaction.deleteChildrenLater(branch);
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarUint(branch.kind());
        if (branch.hasName()) {
            out.writeVarString(branch.name());
        }
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        return new ContentType(new Branch(branch.kind(), branch.hasName() ? branch.name() : ""));
    }
}
