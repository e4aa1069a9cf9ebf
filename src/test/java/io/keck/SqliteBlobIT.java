package io.keck;

import io.keck.testing.KeckProcess;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class SqliteBlobIT extends BlobContract {
    @TempDir
    private static Path dir;

    private static KeckProcess keck;

    @BeforeAll
    static void start() {
        keck = configured(KeckProcess.in(dir)).start();
    }

    @AfterAll
    static void stop() {
        keck.close();
        assertQuiet(keck);
    }

    @Override
    KeckProcess writer() {
        return keck;
    }

    @Override
    KeckProcess reader() {
        return keck;
    }

    @Override
    long leftPieces() {
        return leftPieces("jdbc:sqlite:" + dir.resolve("keck.db"), "", "");
    }

    /** Asks a database, beside the server. */
    static long leftPieces(String url, String user, String password) {
        try (Connection connection = DriverManager.getConnection(url, user, password);
                var statement = connection.createStatement();
                var rs = statement.executeQuery("SELECT count(*) FROM blob_pieces p"
                        + " WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.content_id = p.content_id)")) {
            rs.next();
            return rs.getLong(1);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
