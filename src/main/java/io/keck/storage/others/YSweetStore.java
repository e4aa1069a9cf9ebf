package io.keck.storage.others;

import io.keck.storage.octobase.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The directory of y-sweet's filesystem store, or a copy of its S3 bucket: {@code {document}/data.ysweet}.
 *
 * <p>Each file is a map of bytes to bytes in the encoding of Rust's bincode 1: the number of entries, then each key and each
 * value after its length, all numbers in eight bytes, low byte first. Its keys are those of yrs-kvstore: {@code 00 00 "doc"
 * 00} has the number of the document in four bytes, high byte first; {@code 00 01 number 00} its state, and {@code 00 01
 * number 02 clock 00} updates that came after it, all in V1.
 */
public final class YSweetStore implements OtherStore {
    private static final String FILE = "data.ysweet";
    private static final int MAX_BYTES = 1 << 30;
    private static final byte[] NUMBER_KEY = "\0\0doc\0".getBytes(StandardCharsets.UTF_8);
    private static final int NUMBER_BYTES = 4;
    private static final byte STATE = 0;
    private static final byte UPDATE = 2;
    /** The bytes of a key of an update: 00 01, the number, 02, the clock, 00. */
    private static final int UPDATE_KEY = 12;

    private final Path directory;

    /**
     * Opens a directory.
     *
     * @throws IllegalArgumentException if it does not exist
     */
    public YSweetStore(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException("There is no directory " + directory + ".");
        }
        this.directory = directory;
    }

    @Override
    public List<Entry> entries() {
        try (Stream<Path> files = Files.walk(directory)) {
            List<Entry> all = new ArrayList<>();
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                Path folder = directory.relativize(file).getParent();
                if (FILE.equals(String.valueOf(file.getFileName())) && folder != null) {
                    all.add(new Entry(folder.toString(), Files.size(file)));
                }
            }
            all.sort(Comparator.comparing(Entry::name));
            return all;
        } catch (IOException | UncheckedIOException e) {
            throw new UnreadableException("The directory " + directory + " cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public List<byte[]> updates(String name) {
        Path file = directory.resolve(name).resolve(FILE);
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new DamagedException("Its file has more than " + MAX_BYTES + " bytes.");
            }
            return updates(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new DamagedException("Its file cannot be read: " + Names.quote(String.valueOf(e.getMessage())) + ".");
        }
    }

    /**
     * Reads a file.
     *
     * @throws DamagedException if it is not such a map, or has no document
     */
    static List<byte[]> updates(byte[] file) {
        SortedMap<ByteBuffer, byte[]> map = map(file);
        byte[] number = map.get(ByteBuffer.wrap(NUMBER_KEY));
        if (number == null) {
            if (map.isEmpty()) {
                return List.of(); // a document that was created and never written to
            }
            throw new DamagedException("Its file has no document.");
        }
        if (number.length != NUMBER_BYTES) {
            throw new DamagedException("The number of its document has " + number.length + " bytes.");
        }
        ByteBuffer prefix = ByteBuffer.allocate(2 + NUMBER_BYTES)
                .put((byte) 0)
                .put((byte) 1)
                .put(number)
                .flip();
        List<byte[]> updates = new ArrayList<>();
        // the state sorts before the updates, and these by their clocks
        map.forEach((key, value) -> {
            if (key.remaining() > prefix.remaining()
                    && key.slice(0, prefix.remaining()).equals(prefix)) {
                byte kind = key.get(prefix.remaining());
                int length = key.remaining() - prefix.remaining();
                boolean isState = kind == STATE && length == 1;
                boolean isUpdate = kind == UPDATE && key.remaining() == UPDATE_KEY;
                if (isState || isUpdate) {
                    updates.add(value);
                }
            }
        });
        return updates;
    }

    private static SortedMap<ByteBuffer, byte[]> map(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        // bytes compare without a sign
        SortedMap<ByteBuffer, byte[]> map = new TreeMap<>((a, b) -> {
            int at = a.mismatch(b);
            return at < 0 || at >= a.remaining() || at >= b.remaining()
                    ? Integer.compare(a.remaining(), b.remaining())
                    : Byte.compareUnsigned(a.get(at), b.get(at));
        });
        long count = number(in);
        for (long i = 0; i < count; i++) {
            byte[] key = bytes(in);
            if (map.put(ByteBuffer.wrap(key), bytes(in)) != null) {
                throw new DamagedException(
                        "Its file has the key " + HexFormat.of().formatHex(key) + " twice.");
            }
        }
        if (in.hasRemaining()) {
            throw new DamagedException("Its file has " + in.remaining() + " bytes too many.");
        }
        return map;
    }

    private static long number(ByteBuffer in) {
        if (in.remaining() < Long.BYTES) {
            throw new DamagedException("Its file ends early, after " + in.limit() + " bytes.");
        }
        return in.getLong();
    }

    private static byte[] bytes(ByteBuffer in) {
        long length = number(in);
        if (length < 0 || length > in.remaining()) {
            throw new DamagedException("Its file ends early, after " + in.limit() + " bytes.");
        }
        byte[] bytes = new byte[(int) length];
        in.get(bytes);
        return bytes;
    }

    @Override
    public void close() {
        // each file is closed after it was read
    }
}
