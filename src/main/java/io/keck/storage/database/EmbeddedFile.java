package io.keck.storage.database;

import io.dropwizard.lifecycle.Managed;
import io.dropwizard.lifecycle.setup.LifecycleEnvironment;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of the embedded database: its directory is made, and one server at a time holds it. */
public final class EmbeddedFile {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedFile.class);

    private EmbeddedFile() {}

    /**
     * Makes the directory and takes the lock until the server stops; does nothing for another database.
     *
     * @throws IllegalStateException if another process holds the lock
     */
    public static void prepare(DatabaseUrl url, LifecycleEnvironment lifecycle) {
        if (url.sqliteFile() == null) {
            return;
        }
        AutoCloseable lock = hold(url);
        lifecycle.manage(new Managed() {
            @Override
            public void stop() throws Exception {
                lock.close();
            }
        });
    }

    /**
     * The same until it is closed.
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
            FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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
     * Does something while the lock is held; for another database, just does it.
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

    /** Makes the directory of an embedded database; SQLite would not, and says little about it. */
    public static void makeDirectory(DatabaseUrl url) {
        String name = url.sqliteFile();
        if (name != null) {
            makeDirectory(url, name);
        }
    }

    private static Path makeDirectory(DatabaseUrl url, String name) {
        Path file = Path.of(name).toAbsolutePath();
        try {
            Path dir = file.getParent();
            if (dir != null) {
                Files.createDirectories(dir);
            }
            return file;
        } catch (IOException e) {
            throw new DatabaseUnusableException(DatabaseFailure.explain(e, url), e);
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // this very process holds it
        }
    }
}
