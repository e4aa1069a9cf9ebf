package io.keck.ops;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The volume of an embedded database. Thread-safe. */
final class Disk {
    private final @Nullable Path directory;

    /** @param directory the directory of an embedded database; null for any other database */
    Disk(@Nullable Path directory) {
        this.directory = directory;
    }

    /** Bytes that this process can still use; -1 if unknown. */
    long free() {
        try {
            return directory == null ? -1 : Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            return -1;
        }
    }

    /** The size of the volume in bytes; -1 if unknown. */
    long size() {
        try {
            return directory == null ? -1 : Files.getFileStore(directory).getTotalSpace();
        } catch (IOException e) {
            return -1;
        }
    }
}
