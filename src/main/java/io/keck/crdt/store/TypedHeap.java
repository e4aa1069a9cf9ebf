package io.keck.crdt.store;

/**
 * Estimates the heap that a typed document ({@code io.keck.crdt.Doc}) with the content of a store would take, without
 * building it. The constants are sizes on a 64-bit JVM with compressed references. Used within a call only.
 */
final class TypedHeap {
    /** The document itself. */
    private static final long DOCUMENT = 4_000;
    /** The history of a client: its object, entry, first chunk and home, and buffers that are larger than what they hold. */
    private static final long CLIENT = 250;
    /** An item and its place in the history. */
    private static final long ITEM = 53;
    /** A home that the item does not share, because it names clients or a key that its neighbours do not. */
    private static final long HOME = 48;
    /** The entry of a key in its type, and the key. */
    private static final long KEY = 100;
    /** A type: its content, its branch, its view, and half of the table of its keys. */
    private static final long TYPE = 200;
    /** A value that was written as JSON, which only old releases of Yjs do. */
    private static final long VALUE = 60;
    /** A content object. */
    private static final long CONTENT = 88;

    private final Parentage parentage;
    private long sum = DOCUMENT;

    private TypedHeap(Parentage parentage) {
        this.parentage = parentage;
    }

    /**
     * The estimated bytes.
     *
     * @param clients the histories of a store; the time is linear in the number of their runs
     */
    static long of(ClientStructs[] clients, Parentage parentage) {
        TypedHeap heap = new TypedHeap(parentage);
        for (ClientStructs client : clients) {
            heap.add(client);
        }
        return heap.sum;
    }

    private void add(ClientStructs client) {
        int n = client.runCount();
        sum += CLIENT + client.contentMemory() + client.deletes.size() * ITEM;
        for (int i = 0; i < n; i++) {
            int ref = client.ref(i);
            if (ref == Refs.SKIP) {
                continue;
            }
            boolean isItem = ref != Refs.GC;
            boolean isKey =
                    isItem && ref != Refs.DELETED && parentage.hasKeys() && parentage.of(client, i) == Parentage.KEY;
            sum += ITEM + (isKey ? HOME + KEY : isItem && client.hasForeignOrigin(i) ? HOME : 0);
            sum += ref == Refs.ANY ? client.heapOfValues(i) : ofContent(ref, client.length(i));
        }
    }

    private static long ofContent(int ref, long length) {
        return switch (ref) {
            case Refs.TYPE -> TYPE;
            case Refs.JSON -> VALUE * length;
            case Refs.BINARY, Refs.EMBED, Refs.FORMAT, Refs.DOC -> CONTENT;
            default -> 0;
        };
    }
}
