package io.keck.storage.history;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores objects as files below a directory that all nodes share: {@code 3f/<room id>/<object>}. A file gets its name
 * by an atomic rename after its content was forced to the disk; then the directory is forced. Only the owner may read a
 * directory (0700). Thread-safe.
 */
final class FileSegments implements SegmentStore {
    static final String NAME = "filesystem";

    private static final Logger LOG = LoggerFactory.getLogger(FileSegments.class);
    private static final String UNFINISHED = ".new";
    private static final int FANS = 0xff;

    private final Path root;
    private final FileAttribute<?>[] ofDirectories;

    /**
     * Creates the directory if it does not exist.
     *
     * @throws UncheckedIOException if that is impossible
     */
    FileSegments(Path root) {
        this.root = root;
        boolean isPosix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        this.ofDirectories = isPosix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        try {
            Files.createDirectories(root, ofDirectories);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    private Path directory(long roomId) {
        return directory(root, roomId);
    }

    /** The directory of the objects of a room. */
    static Path directory(Path root, long roomId) {
        String fan = HexFormat.of().toHexDigits((byte) (Long.hashCode(roomId) & FANS));
        return root.resolve(fan).resolve(String.valueOf(roomId));
    }

    @Override
    public void put(long roomId, long object, byte[] content) {
        Path directory = directory(roomId);
        Path unfinished = directory.resolve(object + UNFINISHED);
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory, ofDirectories);
                force(directory.getParent());
                force(root);
            }
            try (FileChannel out = FileChannel.open(
                    unfinished,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                java.nio.ByteBuffer bytes = java.nio.ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                out.force(true);
            }
            Files.move(unfinished, directory.resolve(String.valueOf(object)), StandardCopyOption.ATOMIC_MOVE);
            force(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Forces the entries of a directory to the disk, so that they survive a crash; skipped on systems that cannot open
     * directories.
     */
    private static void force(@Nullable Path directory) throws IOException {
        if (directory == null) {
            return;
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(directory, StandardOpenOption.READ);
        } catch (IOException e) {
            LOG.debug("The directory {} cannot be forced to the disk", directory, e);
            return;
        }
        try (channel) {
            channel.force(true);
        }
    }

    @Override
    public byte @Nullable [] get(Handle h, long roomId, long object) {
        return read(root, roomId, object);
    }

    /** Reads an object of a directory; returns null if there is none. */
    static byte @Nullable [] read(Path root, long roomId, long object) {
        try {
            return Files.readAllBytes(directory(root, roomId).resolve(String.valueOf(object)));
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes all objects of a room. */
    void deleteAll(long roomId) {
        Path directory = directory(roomId);
        try {
            if (Files.isDirectory(directory)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                    for (Path file : files) {
                        Files.deleteIfExists(file);
                    }
                }
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Passes on the content of each object of a directory. */
    static void each(Path root, Consumer<byte[]> consumer) {
        if (!Files.isDirectory(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                consumer.accept(Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void delete(long roomId, Collection<Long> objects) {
        try {
            for (long object : objects) {
                Files.deleteIfExists(directory(roomId).resolve(String.valueOf(object)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int sweep(long before, LongPredicate isReferred) {
        int swept = 0;
        try (DirectoryStream<Path> fans = Files.newDirectoryStream(root)) {
            for (Path fan : fans) {
                try (DirectoryStream<Path> rooms = Files.newDirectoryStream(fan)) {
                    for (Path room : rooms) {
                        swept += sweep(room, before, isReferred);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return swept;
    }

    private static int sweep(Path room, long before, LongPredicate isReferred) throws IOException {
        int swept = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(room)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                boolean isOld = Files.getLastModifiedTime(file).toMillis() < before;
                if (isOld && (name.endsWith(UNFINISHED) || !isReferred.test(Long.parseLong(name)))) {
                    Files.deleteIfExists(file);
                    swept++;
                }
            }
        }
        return swept;
    }
}
