package io.keck.cluster;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.protocol.AwarenessState;
import io.keck.room.Bus;
import io.keck.room.Bus.Event;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What goes over Redis, as bytes:
 *
 * <pre>
 *   version (1) · kind (1) · cluster (8) · boot of the sender (8) · room id (8) · milliseconds since 1970 at sending (8)
 *   · body · CRC-32C of all before it (4)
 * </pre>
 *
 * Numbers of fixed size are big-endian, those in bodies as lib0 writes them. A receiver drops what is of another cluster,
 * another version or a kind that it does not know, so that releases can run beside each other.
 *
 * @param boot what the sender drew at its start
 * @param roomId 0 when it is about the node
 * @param sentAt milliseconds since 1970 by the sender's clock; for measuring only
 */
record Envelope(long boot, long roomId, long sentAt, Content content) {
    static final int VERSION = 1;
    private static final int HEADER = 34;
    private static final int CHECKSUM = 4;

    /** What it says. */
    sealed interface Content {
        /** Something of a room. */
        record OfRoom(Event event) implements Content {}

        /**
         * A node is there.
         *
         * @param label what its operator calls it
         * @param nanos the sender's {@link System#nanoTime}; nobody else can make anything of it
         */
        record Beat(String label, long nanos) implements Content {}

        /** A room of that name was deleted, or replaced by another. */
        record Deleted(String name) implements Content {}

        /** An operator ends connections. */
        record Kicked(Bus.Kick kick) implements Content {}
    }

    /** Not for us: of another cluster, or of a release that says more than we know. Thread-safe, without a trace. */
    static final class AlienException extends Exception {
        private static final long serialVersionUID = 1L;

        AlienException(String message) {
            super(message, null, false, false);
        }
    }

    private static final int COMMITTED = 1;
    private static final int UNSAVED = 2;
    private static final int AWARENESS = 3;
    private static final int AWARENESS_ASKED = 4;
    private static final int RESYNC = 5;
    private static final int BEAT = 6;
    private static final int DELETED = 7;
    private static final int KICKED = 8;

    byte[] encode(long cluster) {
        Encoder out = new Encoder(HEADER + CHECKSUM + 64 + size());
        out.writeUint8(VERSION);
        out.writeUint8(kind());
        out.writeBigInt64(cluster);
        out.writeBigInt64(boot);
        out.writeBigInt64(roomId);
        out.writeBigInt64(sentAt);
        writeBody(out);
        out.writeUint32(0); // the checksum's place
        byte[] bytes = out.toByteArray();
        int end = bytes.length - CHECKSUM;
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, end);
        ByteBuffer.wrap(bytes).putInt(end, (int) checksum.getValue());
        return bytes;
    }

    private int size() {
        if (content instanceof Content.OfRoom of) {
            return of.event() instanceof Event.Committed row
                    ? row.payload().length
                    : of.event() instanceof Event.Unsaved update ? update.payload().length : 0;
        }
        return 0;
    }

    private int kind() {
        if (content instanceof Content.OfRoom of) {
            return kind(of.event());
        }
        return content instanceof Content.Beat ? BEAT : content instanceof Content.Deleted ? DELETED : KICKED;
    }

    private static int kind(Event event) {
        if (event instanceof Event.Committed) {
            return COMMITTED;
        } else if (event instanceof Event.Unsaved) {
            return UNSAVED;
        } else if (event instanceof Event.Awareness) {
            return AWARENESS;
        } else if (event instanceof Event.AwarenessAsked) {
            return AWARENESS_ASKED;
        } else if (event instanceof Event.Resync) {
            return RESYNC;
        }
        throw new IllegalArgumentException("is not told to other nodes: " + event);
    }

    private void writeBody(Encoder out) {
        if (content instanceof Content.Beat beat) {
            out.writeVarString(beat.label());
            out.writeBigInt64(beat.nanos());
        } else if (content instanceof Content.Deleted deleted) {
            out.writeVarString(deleted.name());
        } else if (content instanceof Content.Kicked kicked) {
            out.writeBigInt64(kicked.kick().id());
            out.writeVarString(kicked.kick().room());
            out.writeVarString(kicked.kick().connection());
        } else if (content instanceof Content.OfRoom of) {
            write(out, of.event());
        }
    }

    private static void write(Encoder out, Event event) {
        if (event instanceof Event.Committed row) {
            out.writeVarUint(row.seq());
            out.writeBigInt64(row.batchId().getMostSignificantBits());
            out.writeBigInt64(row.batchId().getLeastSignificantBits());
            out.writeBigInt64(row.link());
            out.writeBigInt64(row.before());
            out.writeVarUint8Array(row.payload());
        } else if (event instanceof Event.Unsaved update) {
            out.writeVarUint8Array(update.payload());
        } else if (event instanceof Event.Awareness said) {
            out.writeVarUint(said.number());
            out.writeUint8(said.all() ? 1 : 0);
            out.writeVarUint8Array(AwarenessState.encode(said.states()));
        } else if (event instanceof Event.AwarenessAsked asked) {
            out.writeUint8(asked.afresh() ? 1 : 0);
        }
    }

    /**
     * Reads one.
     *
     * @throws DecodeException if it is damaged
     * @throws AlienException if it is not for us
     */
    static Envelope decode(byte[] bytes, long cluster) throws AlienException {
        if (bytes.length < HEADER + CHECKSUM) {
            throw new DecodeException("shorter than an envelope: " + bytes.length + " bytes");
        }
        CRC32C checksum = new CRC32C();
        int end = bytes.length - CHECKSUM;
        checksum.update(bytes, 0, end);
        if (checksum.getValue() != new Decoder(bytes, end, bytes.length).readUint32()) {
            throw new DecodeException("the checksum is wrong");
        }
        Decoder in = new Decoder(bytes, 0, end);
        int version = in.readUint8();
        if (version != VERSION) {
            throw new AlienException("version " + version);
        }
        int kind = in.readUint8();
        if (in.readBigInt64() != cluster) {
            throw new AlienException("another cluster");
        }
        long boot = in.readBigInt64();
        long roomId = in.readBigInt64();
        long sentAt = in.readBigInt64();
        Content content = content(kind, in);
        if (in.hasRemaining()) {
            throw new DecodeException("bytes after the envelope");
        }
        return new Envelope(boot, roomId, sentAt, content);
    }

    private static Content content(int kind, Decoder in) throws AlienException {
        return switch (kind) {
            case COMMITTED ->
                new Content.OfRoom(new Event.Committed(
                        in.readVarUint(),
                        new UUID(in.readBigInt64(), in.readBigInt64()),
                        in.readBigInt64(),
                        in.readBigInt64(),
                        in.readVarUint8Array()));
            case UNSAVED -> new Content.OfRoom(new Event.Unsaved(in.readVarUint8Array()));
            case AWARENESS ->
                new Content.OfRoom(new Event.Awareness(
                        in.readVarUint(),
                        in.readUint8() == 1,
                        AwarenessState.decode(in.readVarUint8Array(), DecodeLimits.OWN)));
            case AWARENESS_ASKED -> new Content.OfRoom(new Event.AwarenessAsked(in.readUint8() == 1));
            case RESYNC -> new Content.OfRoom(new Event.Resync());
            case BEAT -> new Content.Beat(in.readVarString(), in.readBigInt64());
            case DELETED -> new Content.Deleted(in.readVarString());
            case KICKED -> new Content.Kicked(new Bus.Kick(in.readBigInt64(), in.readVarString(), in.readVarString()));
            default -> throw new AlienException("kind " + kind);
        };
    }
}
