package io.keck.storage.archive;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;

/** A record of an archive; {@link ArchiveWriter} describes the format. */
public sealed interface Entry {
    /**
     * A room begins.
     *
     * @param id the id of the exported room
     * @param seq the seq of the last exported row
     * @param createdAt milliseconds since 1970
     */
    record Room(String name, long id, long seq, long createdAt) implements Entry {}

    /** The whole document of the room, a V1 update. */
    record State(byte[] update) implements Entry {}

    /**
     * A blob of the room begins.
     *
     * @param hash the SHA-256 of its bytes
     */
    record Blob(byte[] hash, long size) implements Entry {}

    /** The next bytes of the blob. */
    record Piece(byte[] bytes) implements Entry {}

    /** The room is complete. */
    record RoomEnd(long blobs) implements Entry {}

    /** The archive is complete. */
    record End(long rooms, long blobs) implements Entry {}

    /** The number that stands for the kind in the file. */
    default int kind() {
        if (this instanceof Room) {
            return 1;
        } else if (this instanceof State) {
            return 2;
        } else if (this instanceof Blob) {
            return 3;
        } else if (this instanceof Piece) {
            return 4;
        } else if (this instanceof RoomEnd) {
            return 5;
        }
        return 6;
    }

    /** Encodes the body. */
    default byte[] encode() {
        if (this instanceof State state) {
            return state.update();
        } else if (this instanceof Piece piece) {
            return piece.bytes();
        }
        Encoder out = new Encoder();
        if (this instanceof Room room) {
            out.writeVarString(room.name());
            out.writeVarUint(room.id());
            out.writeVarUint(room.seq());
            out.writeVarUint(room.createdAt());
        } else if (this instanceof Blob blob) {
            out.writeVarUint8Array(blob.hash());
            out.writeVarUint(blob.size());
        } else if (this instanceof RoomEnd end) {
            out.writeVarUint(end.blobs());
        } else if (this instanceof End end) {
            out.writeVarUint(end.rooms());
            out.writeVarUint(end.blobs());
        }
        return out.toByteArray();
    }

    /**
     * Reads a body.
     *
     * @throws DecodeException if the body is not of that kind
     */
    static Entry decode(int kind, byte[] body) {
        Decoder in = new Decoder(body);
        Entry entry = switch (kind) {
            case 1 -> new Room(in.readVarString(), in.readVarUint(), in.readVarUint(), in.readVarUint());
            case 2 -> new State(body);
            case 3 -> new Blob(in.readVarUint8Array(), in.readVarUint());
            case 4 -> new Piece(body);
            case 5 -> new RoomEnd(in.readVarUint());
            case 6 -> new End(in.readVarUint(), in.readVarUint());
            default -> throw new DecodeException("unknown kind " + kind);
        };
        boolean whole = entry instanceof State || entry instanceof Piece;
        if (!whole && in.hasRemaining()) {
            throw new DecodeException("bytes after the end");
        }
        return entry;
    }
}
