package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Id;
import io.keck.crdt.store.Refs;
import io.keck.crdt.store.Update;
import java.util.function.Consumer;

/** Writes V1 updates by hand, wrong ones too. Client blocks and deletes come out in the order in which they went in. */
public final class UpdateBuilder {
    /** An item's left or right origin. */
    public record Id(long client, long clock) {}

    private final Encoder blocks = new Encoder();
    private final Encoder deletes = new Encoder();
    private final Encoder block = new Encoder();
    private int blockCount;
    private int deleteCount;
    private int structs;
    private long client;
    private long clock;

    public static Id id(long client, long clock) {
        return new Id(client, clock);
    }

    /** Starts the block of a client. */
    public UpdateBuilder client(long id, long firstClock) {
        endBlock();
        client = id;
        clock = firstClock;
        structs = 0;
        blockCount++;
        return this;
    }

    private void endBlock() {
        if (blockCount > 0) {
            blocks.writeVarUint(structs);
            blocks.writeVarUint(client);
            blocks.writeVarUint(clock);
            blocks.write(block);
            block.reset();
        }
    }

    public UpdateBuilder gc(long length) {
        return struct(Refs.GC, out -> out.writeVarUint(length));
    }

    public UpdateBuilder skip(long length) {
        return struct(Refs.SKIP, out -> out.writeVarUint(length));
    }

    /** Text at the start of the root "t". */
    public UpdateBuilder text(String text) {
        return item(Refs.STRING, null, null, out -> out.writeVarString(text));
    }

    public UpdateBuilder text(String text, Id origin, Id rightOrigin) {
        return item(Refs.STRING, origin, rightOrigin, out -> out.writeVarString(text));
    }

    public UpdateBuilder deleted(long length, Id origin) {
        return item(Refs.DELETED, origin, null, out -> out.writeVarUint(length));
    }

    public UpdateBuilder any(Id origin, Object... values) {
        return item(Refs.ANY, origin, null, out -> {
            out.writeVarUint(values.length);
            for (Object value : values) {
                Any.write(out, value);
            }
        });
    }

    /** ContentJSON: each element is the text of it. */
    public UpdateBuilder json(Id origin, String... values) {
        return item(Refs.JSON, origin, null, out -> {
            out.writeVarUint(values.length);
            for (String value : values) {
                out.writeVarString(value);
            }
        });
    }

    /** An item in the root "t" if it has no origins. */
    public UpdateBuilder item(int ref, Id origin, Id rightOrigin, Consumer<Encoder> content) {
        int info = ref | (origin == null ? 0 : Refs.ORIGIN) | (rightOrigin == null ? 0 : Refs.RIGHT_ORIGIN);
        return struct(info, out -> {
            write(out, origin);
            write(out, rightOrigin);
            if (origin == null && rightOrigin == null) {
                out.writeVarUint(1);
                out.writeVarString("t");
            }
            content.accept(out);
        });
    }

    private static void write(Encoder out, Id id) {
        if (id != null) {
            out.writeVarUint(id.client());
            out.writeVarUint(id.clock());
        }
    }

    /** Any struct: the info byte and what follows it. */
    public UpdateBuilder struct(int info, Consumer<Encoder> rest) {
        block.writeUint8(info);
        rest.accept(block);
        structs++;
        return this;
    }

    public UpdateBuilder delete(long ofClient, long from, long length) {
        deletes.writeVarUint(ofClient);
        deletes.writeVarUint(1);
        deletes.writeVarUint(from);
        deletes.writeVarUint(length);
        deleteCount++;
        return this;
    }

    public byte[] bytes() {
        Encoder out = new Encoder();
        endBlock();
        out.writeVarUint(blockCount);
        blockCount = 0;
        out.write(blocks);
        out.writeVarUint(deleteCount);
        out.write(deletes);
        return out.toByteArray();
    }

    public Update build() {
        return Update.decode(bytes());
    }
}
