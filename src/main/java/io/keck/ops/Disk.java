package io.keck.ops;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The volume of an embedded database. Thread-safe. */
final class Disk {
    private final @Nullable Path directory;

    /** @param directory null where the database is elsewhere */
    Disk(@Nullable Path directory) {
        this.directory = directory;
    }

    /** Bytes that are left for us; -1 where that is not known. */
    long free() {
        try {
            return directory == null ? -1 : Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            return -1;
        }
    }

    /** Bytes of all; -1 where that is not known. */
    long size() {
        try {
            return directory == null ? -1 : Files.getFileStore(directory).getTotalSpace();
        } catch (IOException e) {
            return -1;
        }
    }
}
