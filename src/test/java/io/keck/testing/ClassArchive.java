package io.keck.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An archive of the classes that a server loads, for the JVM's class data sharing: with it a server starts in two thirds of
 * the time. It is made once for each jar and JDK and lies beside the jar. Where it cannot be made, servers start without
 * it. Thread-safe.
 */
public final class ClassArchive {
    private static @Nullable List<String> options;

    private ClassArchive() {}

    /** The JVM options that use the archive, which is made if it is missing; empty where it cannot be made. */
    static synchronized List<String> options(Path jar) {
        if (options == null) {
            try {
                // an archive that does not fit is left aside; the JVM need not say so
                options = List.of("-Xlog:disable", "-XX:SharedArchiveFile=" + made(jar));
            } catch (IOException | RuntimeException | AssertionError e) {
                System.out.println("No archive of classes: " + e.getMessage());
                options = List.of();
            }
        }
        return options;
    }

    private static Path made(Path jar) throws IOException {
        String jdk = System.getProperty("java.home") + System.getProperty("java.vm.version");
        String name = "classes-" + Files.size(jar) + "-"
                + Files.getLastModifiedTime(jar).toMillis() + "-" + Integer.toHexString((jar + jdk).hashCode());
        Path archive = jar.resolveSibling(name + ".jsa");
        // another JVM of the same build waits here, and then takes what this one made
        try (FileChannel turn = FileChannel.open(
                        jar.resolveSibling(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = turn.lock()) {
            if (held.isValid() && !Files.exists(archive)) {
                Path part = jar.resolveSibling(name + ".part");
                Files.deleteIfExists(part);
                Path dir = Files.createTempDirectory("keck-classes");
                try {
                    make(part, dir);
                    Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    delete(dir);
                }
            }
        }
        return archive;
    }

    /** Runs a server that uses each of its parts once and stops it; the JVM then writes the classes that it loaded. */
    private static void make(Path file, Path dir) {
        try (KeckProcess keck = KeckProcess.in(dir)
                        .brief()
                        .withoutArchive()
                        .jvm("-Xlog:disable", "-XX:ArchiveClassesAtExit=" + file)
                        .start();
                SyncClient client = SyncClient.join(keck.room("one"));
                SyncClient other = SyncClient.join(keck.room("one"))) {
            client.write(new Typist(1).type("x"));
            other.awaitRead(1, 1);
            keck.get("/api/block/one/text/t");
            keck.admin("/metrics/prometheus");
            keck.admin("/metrics");
            keck.terminate();
            keck.awaitExit(KeckProcess.PATIENCE);
        }
    }

    private static void delete(Path dir) throws IOException {
        try (Stream<Path> files = Files.walk(dir)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
