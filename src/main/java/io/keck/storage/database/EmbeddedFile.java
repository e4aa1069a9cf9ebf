package io.keck.storage.database;

import io.dropwizard.lifecycle.Managed;
import io.dropwizard.lifecycle.setup.LifecycleEnvironment;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the embedded database, which one server at a time locks. It contains every document, so the file and its
 * directory are created with permissions for the server's user only; existing ones keep theirs.
 */
public final class EmbeddedFile {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedFile.class);

    private EmbeddedFile() {}

    /**
     * Creates the directory and holds the lock until the server stops; does nothing for PostgreSQL.
     *
     * @throws IllegalStateException if another process holds the lock
     */
    public static void prepare(DatabaseUrl url, LifecycleEnvironment lifecycle) {
        if (url.sqliteFile() == null) {
            return;
        }
        AutoCloseable lock = hold(url);
        warnIfOthersMayRead(Path.of(url.sqliteFile()).toAbsolutePath());
        lifecycle.manage(new Managed() {
            @Override
            public void stop() throws Exception {
                lock.close();
            }
        });
    }

    /**
     * Holds the lock until the result is closed.
     *
     * @throws IllegalStateException if another process holds the lock
     */
    static AutoCloseable hold(DatabaseUrl url) {
        String name = url.sqliteFile();
        if (name == null) {
            return () -> {};
        }
        Path file = makeDirectory(url, name);
        try {
            Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
            FileChannel channel = FileChannel.open(
                    lockFile,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    ownersOnly(file, "rw-------"));
            if (!lock(channel)) {
                channel.close();
                throw new DatabaseUnusableException("The database " + file + " is in use by another Keck. "
                        + "Stop that one first, or give this one its own DATABASE_URL.");
            }
            return channel;
        } catch (IOException e) {
            throw new DatabaseUnusableException(DatabaseFailure.explain(e, url), e);
        }
    }

    /**
     * Runs work while the lock is held; for PostgreSQL, without a lock.
     *
     * @throws IllegalStateException if another process holds the lock
     */
    public static void whileHeld(DatabaseUrl url, Runnable work) {
        AutoCloseable lock = hold(url);
        try {
            work.run();
        } finally {
            try {
                lock.close();
            } catch (Exception e) {
                LOG.warn("The lock of the database file could not be released; it ends with this process", e);
            }
        }
    }

    /** Creates the directory of an embedded database, because SQLite would fail without a clear message. */
    public static void makeDirectory(DatabaseUrl url) {
        String name = url.sqliteFile();
        if (name != null) {
            makeDirectory(url, name);
        }
    }

    private static void create(Path file) throws IOException {
        try {
            Files.createFile(file, ownersOnly(file, "rw-------"));
        } catch (FileAlreadyExistsException e) {
            LOG.debug("Another process created {} at the same moment", file, e);
        }
    }

    private static Path makeDirectory(DatabaseUrl url, String name) {
        Path file = Path.of(name).toAbsolutePath();
        try {
            Path dir = file.getParent();
            if (dir != null && !Files.isDirectory(dir)) {
                Files.createDirectories(dir, ownersOnly(file, "rwx------"));
            }
            if (!Files.exists(file)) { // SQLite copies the permissions of this file to its other files
                create(file);
            }
            return file;
        } catch (IOException e) {
            throw new DatabaseUnusableException(DatabaseFailure.explain(e, url), e);
        }
    }

    private static FileAttribute<?>[] ownersOnly(Path file, String permissions) {
        return isPosix(file)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isPosix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** Warns if every user of this machine can read the file. */
    static boolean warnIfOthersMayRead(Path file) {
        Path dir = file.getParent();
        if (dir == null || !isPosix(file)) {
            return false;
        }
        try {
            boolean mayRead = Files.getPosixFilePermissions(dir).contains(PosixFilePermission.OTHERS_EXECUTE)
                    && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
            if (mayRead) {
                LOG.warn(
                        "Every user of this machine can read all documents: {} and its directory let them. To"
                                + " change that:"
                                + " chmod 700 {} && chmod 600 {}*",
                        file,
                        dir,
                        file);
            }
            return mayRead;
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("The permissions of {} cannot be read", file, e);
            return false;
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // this process holds the lock itself
        }
    }
}
