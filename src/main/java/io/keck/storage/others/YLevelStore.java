package io.keck.storage.others;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The directory of {@code y-leveldb}, which y-websocket's server uses with {@code YPERSISTENCE}. An update has the key {@code
 * ["v1", document, "update", clock]}: texts after a byte 0 and their length, numbers after a byte 1 in four bytes, high byte
 * first.
 *
 * <p>The whole database is read when it is opened, its updates into a temporary file and their positions into memory, so
 * nothing is read from a database that changes meanwhile. A server must not run on it: LevelDB replaces its files.
 */
public final class YLevelStore implements OtherStore {
    private static final byte TEXT = 0;
    private static final byte NUMBER = 1;
    private static final int NUMBER_BYTES = 4;

    private final FileChannel copy;
    private final SortedMap<String, SortedMap<Long, Slot>> documents = new TreeMap<>();
    private final List<String> damage;
    private long end;

    /** A place in the copy; the length is negative if the entry was deleted. */
    private record Slot(long sequence, long at, int length) {}

    /** The key of an update. */
    private record UpdateKey(String document, long clock) {}

    /**
     * Reads a directory.
     *
     * @throws IllegalArgumentException if it does not exist or is no LevelDB
     * @throws UnreadableException if it cannot be read
     */
    public YLevelStore(Path directory) {
        if (!Files.isRegularFile(directory.resolve("CURRENT"))) {
            throw new IllegalArgumentException("There is no LevelDB in the directory " + directory + ".");
        }
        try {
            copy = FileChannel.open(
                    Files.createTempFile("keck-import", ".tmp"),
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            throw new UnreadableException("There is no place for a temporary file: " + e.getMessage() + ".", e);
        }
        try {
            damage = new LevelFiles(directory).read(this::entry);
        } catch (IOException e) {
            close();
            throw new UnreadableException(
                    "The LevelDB in " + directory + " cannot be read: " + e.getMessage() + ".", e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        documents.values().forEach(slots -> slots.values().removeIf(slot -> slot.length() < 0));
        documents.values().removeIf(Map::isEmpty);
    }

    private void entry(byte[] key, long sequence, byte @Nullable [] value) throws IOException {
        Optional<UpdateKey> parsed = parse(key);
        if (parsed.isEmpty()) {
            return;
        }
        SortedMap<Long, Slot> slots = documents.computeIfAbsent(parsed.get().document(), name -> new TreeMap<>());
        Slot before = slots.get(parsed.get().clock());
        if (before != null && before.sequence() >= sequence) {
            return;
        }
        slots.put(parsed.get().clock(), new Slot(sequence, end, value == null ? -1 : value.length));
        if (value != null) {
            ByteBuffer bytes = ByteBuffer.wrap(value);
            while (bytes.hasRemaining()) {
                end += copy.write(bytes, end);
            }
        }
    }

    /** The document and the clock of the key of an update; empty for other keys. */
    private static Optional<UpdateKey> parse(byte[] key) {
        try {
            LevelFiles.Bytes in = new LevelFiles.Bytes(key);
            if (!"v1".equals(text(in))) {
                return Optional.empty();
            }
            String document = text(in);
            if (!"update".equals(text(in)) || in.fixed(1) != NUMBER) {
                return Optional.empty();
            }
            long clock = Integer.toUnsignedLong(
                    ByteBuffer.wrap(in.take(NUMBER_BYTES)).getInt());
            return in.hasMore() ? Optional.empty() : Optional.of(new UpdateKey(document, clock));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String text(LevelFiles.Bytes in) {
        if (in.fixed(1) != TEXT) {
            throw new IllegalArgumentException("it is no text");
        }
        return new String(in.text(), StandardCharsets.UTF_8);
    }

    @Override
    public List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        documents.forEach((name, slots) -> all.add(
                new Entry(name, slots.values().stream().mapToLong(Slot::length).sum())));
        return all;
    }

    @Override
    public List<String> nameless() {
        return damage;
    }

    @Override
    public List<byte[]> updates(String name) {
        SortedMap<Long, Slot> slots = documents.getOrDefault(name, new TreeMap<>());
        List<byte[]> updates = new ArrayList<>();
        try {
            // y-leveldb numbers updates without gaps and removes only those before the newest
            long expected = slots.isEmpty() ? 0 : slots.firstKey();
            for (Map.Entry<Long, Slot> slot : slots.entrySet()) {
                if (slot.getKey() != expected++) {
                    throw new DamagedException("Its update " + (expected - 1) + " is missing.");
                }
                updates.add(read(slot.getValue()));
            }
            return updates;
        } catch (IOException e) {
            throw new UnreadableException("The temporary file cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private byte[] read(Slot slot) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(slot.length());
        while (bytes.hasRemaining()) {
            if (copy.read(bytes, slot.at() + bytes.position()) < 0) {
                throw new IOException("it is too short");
            }
        }
        return bytes.array();
    }

    @Override
    public void close() {
        try {
            copy.close();
        } catch (IOException e) {
            // the file is removed with the temporary directory
        }
    }
}
