package io.keck.crdt.store;

import io.keck.crdt.lib0.Encoder;

/**
 * Removes structs and deleted ranges of no length from an update. Engines other than Yjs write them, for example when
 * they split a text before its first character, and Yjs keeps them and sends them on. They hold no clock, so nothing is
 * lost. Stateless.
 */
final class EmptyStructs {
    private EmptyStructs() {}

    /**
     * Returns the update without structs and deleted ranges of no length. All other structs are copied byte for byte; a
     * client that has no other struct is left out.
     *
     * @param bytes an update that was checked
     * @param deletesAt the index in the bytes at which the deletes begin
     */
    static byte[] leaveOut(byte[] bytes, int deletesAt) {
        Encoder out = new Encoder(bytes.length);
        StructReader reader = new StructReader();
        reader.structs(bytes);
        structs(reader, out);
        reader.deletes(bytes, deletesAt);
        deletes(reader, out);
        return out.toByteArray();
    }

    private static void structs(StructReader reader, Encoder out) {
        Encoder blocks = new Encoder();
        Encoder block = new Encoder();
        int blockCount = 0;
        int structs = 0;
        long client = -1;
        long first = 0;
        long end = 0;
        while (reader.next()) {
            if (reader.end == reader.clock) {
                continue;
            }
            if (reader.client != client || reader.clock < end) {
                blockCount += block(blocks, structs, client, first, block);
                structs = 0;
                client = reader.client;
                first = reader.clock;
            } else if (reader.clock > end) {
                block.writeUint8(Refs.SKIP);
                block.writeVarUint(reader.clock - end);
                structs++;
            }
            block.writeBytes(reader.bytes, reader.start, reader.position());
            structs++;
            end = reader.end;
        }
        blockCount += block(blocks, structs, client, first, block);
        out.writeVarUint(blockCount);
        out.write(blocks);
    }

    private static int block(Encoder blocks, int structs, long client, long first, Encoder block) {
        if (structs == 0) {
            return 0;
        }
        blocks.writeVarUint(structs);
        blocks.writeVarUint(client);
        blocks.writeVarUint(first);
        blocks.write(block);
        block.reset();
        return 1;
    }

    private static void deletes(StructReader reader, Encoder out) {
        Encoder blocks = new Encoder();
        Encoder block = new Encoder();
        int blockCount = 0;
        int ranges = 0;
        long client = -1;
        while (reader.nextDelete()) {
            if (reader.end == reader.clock) {
                continue;
            }
            if (reader.client != client) {
                blockCount += ranges(blocks, ranges, client, block);
                ranges = 0;
                client = reader.client;
            }
            block.writeVarUint(reader.clock);
            block.writeVarUint(reader.end - reader.clock);
            ranges++;
        }
        blockCount += ranges(blocks, ranges, client, block);
        out.writeVarUint(blockCount);
        out.write(blocks);
    }

    private static int ranges(Encoder blocks, int ranges, long client, Encoder block) {
        if (ranges == 0) {
            return 0;
        }
        blocks.writeVarUint(client);
        blocks.writeVarUint(ranges);
        blocks.write(block);
        block.reset();
        return 1;
    }
}
