/** A Yjs engine in pure Java, without dependencies. */
module io.keck.crdt {
    requires static transitive org.jspecify;

    exports io.keck.crdt;
    exports io.keck.crdt.store;
    exports io.keck.crdt.lib0;
}
