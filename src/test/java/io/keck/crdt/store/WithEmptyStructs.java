package io.keck.crdt.store;

import io.keck.crdt.lib0.Encoder;
import java.util.Random;
import java.util.function.Consumer;

/** Puts structs and deleted ranges of no length into an update, as engines other than Yjs write them. */
public final class WithEmptyStructs {
    private final Random random;
    /** Whether they stand anywhere and name any id, and not only behind texts, where Yjs can follow. */
    private final boolean odd;

    /** How many were put in. */
    int added;

    WithEmptyStructs(Random random, boolean odd) {
        this.random = random;
        this.odd = odd;
    }

    /** The update with some more structs and ranges, or as it is. */
    public byte[] into(Update update) {
        Encoder out = new Encoder();
        structs(update, out);
        deletes(update, out);
        return out.toByteArray();
    }

    private void structs(Update update, Encoder out) {
        Encoder blocks = new Encoder();
        int clients = 0;
        StructReader reader = new StructReader();
        reader.structs(update);
        boolean more = reader.next();
        while (more) {
            Encoder block = new Encoder();
            long client = reader.client;
            long first = reader.clock;
            long end = first;
            int count = 0;
            boolean text = false;
            do {
                count += odd || text ? some(block, client, end) : 0;
                if (reader.clock > end) {
                    block.writeUint8(Refs.SKIP);
                    block.writeVarUint(reader.clock - end);
                    count += 1 + (odd ? some(block, client, reader.clock) : 0);
                }
                text = reader.ref == Refs.STRING;
                block.writeBytes(reader.bytes, reader.start, reader.position());
                count++;
                end = reader.end;
                more = reader.next();
            } while (more && reader.client == client);
            count += odd || text ? some(block, client, end) : 0;
            clients += block(blocks, count, client, first, block);
        }
        if (odd && random.nextInt(4) == 0) { // a client that has nothing else
            Encoder block = new Encoder();
            long client = random.nextLong(1L << 53);
            long clock = random.nextInt(9);
            int count = 1 + some(block, client, clock);
            one(block, client, clock);
            clients += block(blocks, count, client, clock, block);
        }
        out.writeVarUint(clients);
        out.write(blocks);
    }

    private static int block(Encoder blocks, int count, long client, long clock, Encoder structs) {
        blocks.writeVarUint(count);
        blocks.writeVarUint(client);
        blocks.writeVarUint(clock);
        blocks.write(structs);
        return 1;
    }

    private void deletes(Update update, Encoder out) {
        StructReader reader = new StructReader();
        reader.deletes(update);
        Encoder blocks = new Encoder();
        int clients = 0;
        boolean more = reader.nextDelete();
        while (more) {
            Encoder block = new Encoder();
            long client = reader.client;
            int count = 0;
            do {
                count += emptyRange(block, reader.clock);
                block.writeVarUint(reader.clock);
                block.writeVarUint(reader.end - reader.clock);
                count++;
                count += emptyRange(block, reader.end);
                more = reader.nextDelete();
            } while (more && reader.client == client);
            clients++;
            blocks.writeVarUint(client);
            blocks.writeVarUint(count);
            blocks.write(block);
        }
        out.writeVarUint(clients);
        out.write(blocks);
    }

    private int emptyRange(Encoder out, long clock) {
        if (random.nextInt(4) > 0) {
            return 0;
        }
        out.writeVarUint(odd ? random.nextInt(1 << 20) : clock);
        out.writeVarUint(0);
        added++;
        return 1;
    }

    private int some(Encoder out, long client, long clock) {
        int count = 0;
        while (random.nextInt(4) == 0) {
            one(out, client, clock);
            count++;
        }
        return count;
    }

    private void one(Encoder out, long client, long clock) {
        added++;
        switch (random.nextInt(odd ? 7 : 2)) {
            case 0 -> item(out, Refs.STRING, client, clock, content -> content.writeVarString(""));
            case 1, 2 -> item(out, Refs.DELETED, client, clock, content -> content.writeVarUint(0));
            case 3 -> item(out, Refs.ANY, client, clock, content -> content.writeVarUint(0));
            case 4 -> item(out, Refs.JSON, client, clock, content -> content.writeVarUint(0));
            default -> {
                out.writeUint8(random.nextBoolean() ? Refs.GC : Refs.SKIP);
                out.writeVarUint(0);
            }
        }
    }

    private void item(Encoder out, int ref, long client, long clock, Consumer<Encoder> content) {
        int flags = odd ? random.nextInt(8) << 5 : clock > 0 ? Refs.ORIGIN : 0;
        out.writeUint8(ref | flags);
        if ((flags & Refs.ORIGIN) != 0) {
            id(out, client, clock);
        }
        if ((flags & Refs.RIGHT_ORIGIN) != 0) {
            id(out, client, clock);
        }
        if ((flags & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            if (odd && random.nextBoolean()) {
                out.writeVarUint(0);
                id(out, client, clock);
            } else {
                out.writeVarUint(1);
                out.writeVarString("t");
            }
            if ((flags & Refs.PARENT_SUB) != 0) {
                out.writeVarString("key");
            }
        }
        content.accept(out);
    }

    /** The clock before; or anything, its own and later ones too. */
    private void id(Encoder out, long client, long clock) {
        boolean any = odd && random.nextBoolean();
        out.writeVarUint(any && random.nextBoolean() ? random.nextLong(1L << 53) : client);
        out.writeVarUint(any ? random.nextInt(1 << 20) : Math.max(0, clock - 1));
    }
}
