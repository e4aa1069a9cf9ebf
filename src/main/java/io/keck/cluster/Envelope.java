package io.keck.cluster;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.room.Bus;
import io.keck.room.Bus.Event;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One message over Redis, as bytes:
 *
 * <pre>
 *   version (1) · kind (1) · cluster (8) · boot of the sender (8) · room id (8) · milliseconds since 1970 at sending (8)
 *   · body · CRC-32C of all before it (4)
 * </pre>
 *
 * Numbers of fixed size are big-endian, those in bodies as lib0 writes them. A receiver drops messages of another cluster,
 * another version or an unknown kind, so that releases can run beside each other.
 *
 * @param boot a random number that the sender drew at its start
 * @param roomId 0 if the message is about the node
 * @param sentAt milliseconds since 1970 by the sender's clock; for measuring only
 */
record Envelope(long boot, long roomId, long sentAt, Content content) {
    static final int VERSION = 1;
    private static final int HEADER = 34;
    private static final int CHECKSUM = 4;

    /** The body of an envelope. */
    sealed interface Content {
        /** Calls the handler's method for this kind of content. */
        void tell(Handler handler);

        /** Handles each kind of content: a new kind does not compile until every handler has a method for it. */
        interface Handler {
            void ofRoom(OfRoom of);

            void beat(Beat beat);

            void deleted(Deleted deleted);

            void kicked(Kicked kicked);
        }

        /** An event of a room. */
        record OfRoom(Event event) implements Content {
            @Override
            public void tell(Handler handler) {
                handler.ofRoom(this);
            }
        }

        /**
         * A node is alive.
         *
         * @param label the operator's name for the node
         * @param nanos the sender's {@link System#nanoTime}; it means nothing to other nodes
         */
        record Beat(String label, long nanos) implements Content {
            @Override
            public void tell(Handler handler) {
                handler.beat(this);
            }
        }

        /** A room of that name was deleted, or replaced by another one. */
        record Deleted(String name) implements Content {
            @Override
            public void tell(Handler handler) {
                handler.deleted(this);
            }
        }

        /** An operator ends connections. */
        record Kicked(Bus.Kick kick) implements Content {
            @Override
            public void tell(Handler handler) {
                handler.kicked(this);
            }
        }
    }

    /**
     * Thrown for an envelope that is not for this node: of another cluster, or of a release with versions or kinds that
     * are unknown here. Thread-safe, without a stack trace.
     */
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
    private static final int AWARENESS_CLAIMED = 9;
    private static final int CLIENT_MESSAGE = 10;
    private static final int BROADCAST = 11;

    byte[] encode(long cluster) {
        Frame frame = new Frame(cluster);
        content.tell(frame);
        return frame.sealed();
    }

    /** Writes one envelope: the method for its kind writes the header and the body. */
    private final class Frame implements Content.Handler, Event.Handler {
        private final long cluster;
        private @Nullable Encoder out;

        Frame(long cluster) {
            this.cluster = cluster;
        }

        /**
         * Writes the header.
         *
         * @param size bytes of the body, roughly, beyond a few numbers
         */
        private Encoder begin(int kind, int size) {
            Encoder header = new Encoder(HEADER + CHECKSUM + 64 + size);
            header.writeUint8(VERSION);
            header.writeUint8(kind);
            header.writeBigInt64(cluster);
            header.writeBigInt64(boot);
            header.writeBigInt64(roomId);
            header.writeBigInt64(sentAt);
            out = header;
            return header;
        }

        /** Returns the envelope with its checksum. */
        byte[] sealed() {
            Encoder written = Objects.requireNonNull(out);
            written.writeUint32(0); // the checksum's place
            byte[] bytes = written.toByteArray();
            int end = bytes.length - CHECKSUM;
            CRC32C checksum = new CRC32C();
            checksum.update(bytes, 0, end);
            ByteBuffer.wrap(bytes).putInt(end, (int) checksum.getValue());
            return bytes;
        }

        @Override
        public void ofRoom(Content.OfRoom of) {
            of.event().tell(this);
        }

        @Override
        public void beat(Content.Beat beat) {
            Encoder body = begin(BEAT, 0);
            body.writeVarString(beat.label());
            body.writeBigInt64(beat.nanos());
        }

        @Override
        public void deleted(Content.Deleted deleted) {
            begin(DELETED, 0).writeVarString(deleted.name());
        }

        @Override
        public void kicked(Content.Kicked kicked) {
            Encoder body = begin(KICKED, 0);
            body.writeBigInt64(kicked.kick().id());
            body.writeVarString(kicked.kick().room());
            body.writeVarString(kicked.kick().connection());
        }

        @Override
        public void committed(Event.Committed row) {
            Encoder body = begin(COMMITTED, row.payload().length);
            body.writeVarUint(row.seq());
            body.writeBigInt64(row.batchId().getMostSignificantBits());
            body.writeBigInt64(row.batchId().getLeastSignificantBits());
            body.writeBigInt64(row.link());
            body.writeBigInt64(row.before());
            body.writeVarUint8Array(row.payload());
        }

        @Override
        public void unsaved(Event.Unsaved update) {
            begin(UNSAVED, update.payload().length).writeVarUint8Array(update.payload());
        }

        @Override
        public void awareness(Event.Awareness awareness) {
            Encoder body = begin(AWARENESS, 0);
            body.writeVarUint(awareness.number());
            body.writeUint8(awareness.all() ? 1 : 0);
            body.writeVarUint8Array(AwarenessState.encode(awareness.states()));
        }

        @Override
        public void awarenessAsked(Event.AwarenessAsked asked) {
            begin(AWARENESS_ASKED, 0).writeUint8(asked.afresh() ? 1 : 0);
        }

        @Override
        public void awarenessClaimed(Event.AwarenessClaimed claimed) {
            begin(AWARENESS_CLAIMED, 0).writeVarUint(claimed.client());
        }

        @Override
        public void clientMessage(Event.ClientMessage message) {
            Encoder body = begin(CLIENT_MESSAGE, message.text().length());
            body.writeVarString(message.principal());
            body.writeVarString(message.text());
        }

        @Override
        public void broadcast(Event.Broadcast message) {
            begin(BROADCAST, message.text().length()).writeVarString(message.text());
        }

        @Override
        public void resync(Event.Resync mayHaveMissed) {
            begin(RESYNC, 0);
        }

        @Override
        public void back(Event.Back bus) {
            throw isLocal(bus);
        }

        @Override
        public void nodeGone(Event.NodeGone gone) {
            throw isLocal(gone);
        }

        private IllegalArgumentException isLocal(Event event) {
            return new IllegalArgumentException("this event is not sent to other nodes: " + event);
        }
    }

    /**
     * Reads an envelope.
     *
     * @throws DecodeException if it is damaged
     * @throws AlienException if it is of another cluster, or of an unknown version or kind
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
                        AwarenessState.decode(in.readVarUint8Array(), DecodeLimits.DEFAULT)));
            case AWARENESS_ASKED -> new Content.OfRoom(new Event.AwarenessAsked(in.readUint8() == 1));
            case AWARENESS_CLAIMED -> new Content.OfRoom(new Event.AwarenessClaimed(in.readVarUint()));
            case CLIENT_MESSAGE ->
                new Content.OfRoom(new Event.ClientMessage(in.readVarString(), text(in.readVarString())));
            case BROADCAST -> new Content.OfRoom(new Event.Broadcast(text(in.readVarString())));
            case RESYNC -> new Content.OfRoom(new Event.Resync());
            case BEAT -> new Content.Beat(in.readVarString(), in.readBigInt64());
            case DELETED -> new Content.Deleted(in.readVarString());
            case KICKED -> new Content.Kicked(new Bus.Kick(in.readBigInt64(), in.readVarString(), in.readVarString()));
            default -> throw new AlienException("kind " + kind);
        };
    }

    private static String text(String message) {
        if (message.length() > Message.MAX_TEXT) {
            throw new DecodeException("a message of " + message.length() + " characters");
        }
        return message;
    }
}
