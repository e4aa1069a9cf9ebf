package io.keck.storage.others;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads all entries of a LevelDB database from its files, without its lock, as google/leveldb describes them in {@code
 * doc/impl.md}, {@code log_format.md} and {@code table_format.md}. The file {@code CURRENT} names the manifest, a log of
 * changes to the list of files; entries are in the tables of that list and in the logs that are not in a table yet. Every
 * block and every record is checked against its CRC-32C.
 */
final class LevelFiles {
    private static final int LOG_BLOCK = 32_768;
    private static final int RECORD_HEADER = 7;
    private static final int FOOTER = 48;
    private static final long MAGIC = 0xdb4775248b80fb57L;
    private static final int BLOCK_TRAILER = 5;
    private static final int MAX_BLOCK = 1 << 29;
    private static final int CRC_ROTATION = 15;
    private static final int CRC_DELTA = 0xa282ead8;
    private static final int KEY_TRAILER = 8;

    private final Path directory;

    /** Receives entries in no particular order, several of one key among them. */
    @FunctionalInterface
    interface Consumer {
        /**
         * Receives an entry.
         *
         * @param sequence entries with a higher one replace those of the same key
         * @param value null if the key was deleted
         */
        void accept(byte[] key, long sequence, byte @Nullable [] value) throws IOException;
    }

    LevelFiles(Path directory) {
        this.directory = directory;
    }

    /**
     * Reads all entries.
     *
     * @return sentences about damage; what is after the damage in a log or in a block of a table is missing
     * @throws IOException if the list of files cannot be read
     */
    List<String> read(Consumer consumer) throws IOException {
        String current = Files.readString(directory.resolve("CURRENT"), StandardCharsets.UTF_8)
                .strip();
        if (!current.matches("MANIFEST-[0-9]+")) {
            throw new IOException("its file CURRENT does not name a manifest");
        }
        List<String> damage = new ArrayList<>();
        Manifest manifest = new Manifest();
        String broken = records(directory.resolve(current), record -> manifest.edit(new Bytes(record)));
        if (broken != null) {
            throw new IOException("its manifest is damaged: " + broken);
        }
        for (long number : manifest.tables) {
            table(number, consumer, damage);
        }
        for (Path log : manifest.logs(directory)) {
            broken = records(log, record -> batch(new Bytes(record), consumer));
            if (broken != null) {
                damage.add("The log " + log.getFileName() + " is damaged: " + broken + ".");
            }
        }
        return damage;
    }

    /** The list of files, as the records of the manifest change it. */
    private static final class Manifest {
        final Set<Long> tables = new TreeSet<>();
        long log;
        long previousLog;

        void edit(Bytes in) {
            while (in.hasMore()) {
                int tag = (int) in.varint();
                switch (tag) {
                    case 1 -> in.text(); // the comparator
                    case 2 -> log = in.varint();
                    case 3, 4 -> in.varint(); // the next file, the last sequence
                    case 5 -> {
                        in.varint();
                        in.text();
                    }
                    case 6 -> {
                        in.varint();
                        tables.remove(in.varint());
                    }
                    case 7 -> {
                        in.varint();
                        tables.add(in.varint());
                        in.varint();
                        in.text();
                        in.text();
                    }
                    case 9 -> previousLog = in.varint();
                    default -> throw new IllegalArgumentException("unknown tag " + tag);
                }
            }
        }

        List<Path> logs(Path directory) throws IOException {
            try (var files = Files.list(directory)) {
                return files.filter(file -> isLive(String.valueOf(file.getFileName())))
                        .sorted()
                        .toList();
            }
        }

        private boolean isLive(String name) {
            if (!name.matches("[0-9]{1,18}[.]log")) {
                return false;
            }
            long number = Long.parseLong(name.substring(0, name.indexOf('.')));
            return number >= log || number == previousLog;
        }
    }

    private interface RecordConsumer {
        void accept(byte[] record) throws IOException;
    }

    /** Reads the records of a log; returns why it ended early, or null. A record that was cut at the end is no damage. */
    private static @Nullable String records(Path file, RecordConsumer consumer) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        while (in.remaining() >= RECORD_HEADER) {
            int left = LOG_BLOCK - in.position() % LOG_BLOCK;
            if (left < RECORD_HEADER) {
                in.position(Math.min(in.limit(), in.position() + left));
                continue;
            }
            int at = in.position();
            int crc = in.getInt();
            int length = in.getShort() & 0xffff;
            int type = in.get();
            if (length > in.remaining()) {
                return null; // the server ended, or is, in the middle of writing
            }
            if (type == 0 && length == 0) {
                in.position(Math.min(in.limit(), at + left)); // space that was allocated and not used
                continue;
            }
            if (masked(in.array(), at + RECORD_HEADER - 1, length + 1) != crc) {
                return "the checksum at byte " + at + " does not match";
            }
            if (type == 1 || type == 2) {
                record.reset();
            }
            record.write(in.array(), in.position(), length);
            in.position(in.position() + length);
            if (type == 1 || type == 4) {
                try {
                    consumer.accept(record.toByteArray());
                } catch (IllegalArgumentException e) {
                    return "the record at byte " + at + " is malformed: " + e.getMessage();
                }
            }
        }
        return null;
    }

    /** The checksum as LevelDB stores it. */
    private static int masked(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return Integer.rotateRight((int) crc.getValue(), CRC_ROTATION) + CRC_DELTA;
    }

    private static void batch(Bytes in, Consumer consumer) throws IOException {
        long sequence = in.fixed(Long.BYTES);
        long count = in.fixed(Integer.BYTES);
        for (long i = 0; i < count; i++) {
            long type = in.fixed(1);
            if (type > 1) {
                throw new IllegalArgumentException("unknown kind of entry " + type);
            }
            byte[] key = in.text();
            consumer.accept(key, sequence + i, type == 1 ? in.text() : null);
        }
    }

    private void table(long number, Consumer consumer, List<String> damage) throws IOException {
        String digits = String.format(Locale.ROOT, "%06d", number);
        Path file = directory.resolve(digits + ".ldb");
        if (!Files.exists(file)) {
            file = directory.resolve(digits + ".sst");
        }
        if (!Files.exists(file)) {
            damage.add("The table " + digits + ".ldb is missing.");
            return;
        }
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            long footerAt = channel.size() - FOOTER;
            if (footerAt < 0) {
                throw new IllegalArgumentException("it ends early");
            }
            Bytes footer = new Bytes(read(channel, footerAt, FOOTER));
            footer.varint();
            footer.varint(); // the block of statistics and filters
            long at = footer.varint();
            long length = footer.varint();
            if (new Bytes(read(channel, channel.size() - Long.BYTES, Long.BYTES)).fixed(Long.BYTES) != MAGIC) {
                throw new IllegalArgumentException("it is not a table");
            }
            entries(block(channel, at, length), (key, handle) -> {
                Bytes in = new Bytes(handle);
                try {
                    dataBlock(block(channel, in.varint(), in.varint()), consumer);
                } catch (IllegalArgumentException e) {
                    damage.add("A block of the table " + digits + ".ldb" + " is damaged: " + e.getMessage() + ".");
                }
            });
        } catch (IllegalArgumentException e) {
            damage.add("The table " + file.getFileName() + " is damaged: " + e.getMessage() + ".");
        }
    }

    private static void dataBlock(byte[] block, Consumer consumer) throws IOException {
        entries(block, (key, value) -> {
            if (key.length < KEY_TRAILER) {
                throw new IllegalArgumentException("a key is too short");
            }
            byte[] user = Arrays.copyOf(key, key.length - KEY_TRAILER);
            long trailer = new Bytes(Arrays.copyOfRange(key, user.length, key.length)).fixed(Long.BYTES);
            consumer.accept(user, trailer >>> 8, (trailer & 0xff) == 1 ? value : null);
        });
    }

    private interface EntryConsumer {
        void accept(byte[] key, byte[] value) throws IOException;
    }

    /** Passes on the entries of a block, whose keys leave out what they share with the key before. */
    private static void entries(byte[] block, EntryConsumer consumer) throws IOException {
        if (block.length < Integer.BYTES) {
            throw new IllegalArgumentException("it ends early");
        }
        long restarts =
                new Bytes(Arrays.copyOfRange(block, block.length - Integer.BYTES, block.length)).fixed(Integer.BYTES);
        long end = block.length - Integer.BYTES * (restarts + 1);
        if (end < 0) {
            throw new IllegalArgumentException("it ends early");
        }
        Bytes in = new Bytes(Arrays.copyOf(block, (int) end));
        byte[] key = {};
        while (in.hasMore()) {
            long shared = in.varint();
            long other = in.varint();
            long length = in.varint();
            if (shared > key.length) {
                throw new IllegalArgumentException("a key shares too much");
            }
            byte[] rest = in.take(other);
            byte[] next = Arrays.copyOf(key, (int) shared + rest.length);
            System.arraycopy(rest, 0, next, (int) shared, rest.length);
            key = next;
            consumer.accept(key, in.take(length));
        }
    }

    private static byte[] block(SeekableByteChannel channel, long at, long length) throws IOException {
        byte[] stored = read(channel, at, length + BLOCK_TRAILER);
        int size = (int) length;
        int crc = (int) new Bytes(Arrays.copyOfRange(stored, size + 1, size + BLOCK_TRAILER)).fixed(Integer.BYTES);
        if (masked(stored, 0, size + 1) != crc) {
            throw new IllegalArgumentException("the checksum at byte " + at + " does not match");
        }
        byte[] bytes = Arrays.copyOf(stored, size);
        return switch (stored[size]) {
            case 0 -> bytes;
            case 1 -> Snappy.decompress(bytes, MAX_BLOCK);
            default -> throw new IllegalArgumentException("unknown compression " + stored[size]);
        };
    }

    private static byte[] read(SeekableByteChannel channel, long at, long length) throws IOException {
        if (at < 0 || length < 0 || length > MAX_BLOCK || at > channel.size() - length) {
            throw new IllegalArgumentException("a block is outside of the file");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) length);
        channel.position(at);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new IllegalArgumentException("it ends early");
            }
        }
        return bytes.array();
    }

    /** A cursor over bytes; all methods throw {@link IllegalArgumentException} at a premature end. */
    static final class Bytes {
        private final byte[] bytes;
        private int at;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        boolean hasMore() {
            return at < bytes.length;
        }

        /** A number of some bytes, low byte first. */
        long fixed(int length) {
            byte[] part = take(length);
            long n = 0;
            for (int i = 0; i < length; i++) {
                n |= (part[i] & 0xffL) << (8 * i);
            }
            return n;
        }

        /** A number of seven bits a byte, low bits first. */
        long varint() {
            long n = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                long b = fixed(1);
                n |= (b & 0x7f) << shift;
                if (b < 0x80) {
                    return n;
                }
            }
            throw new IllegalArgumentException("a number is too long");
        }

        /** Bytes after their length. */
        byte[] text() {
            return take(varint());
        }

        byte[] take(long length) {
            if (length < 0 || length > bytes.length - at) {
                throw new IllegalArgumentException("it ends early");
            }
            at += (int) length;
            return Arrays.copyOfRange(bytes, at - (int) length, at);
        }
    }
}
