package io.keck;

import io.keck.testing.KeckProcess;
import io.keck.testing.PgBouncer;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on one PostgreSQL, one of them through a pooler that gives each transaction another connection. */
class PostgresBlobIT extends BlobContract {
    @TempDir
    private static Path dir;

    private static PostgresServer postgres;
    private static PgBouncer bouncer;
    private static KeckProcess one;
    private static KeckProcess two;

    @BeforeAll
    static void start() {
        postgres = PostgresServer.start(dir);
        bouncer = PgBouncer.start(dir, postgres);
        one = configured(KeckProcess.withDefaults(dir).env("DATABASE_URL", bouncer.address() + "/postgres"))
                .start();
        two = configured(KeckProcess.on(postgres, "postgres", dir)).start();
    }

    @AfterAll
    static void stop() {
        if (bouncer != null) {
            one.close();
            two.close();
            bouncer.close();
        }
        postgres.close();
        assertQuiet(one);
        assertQuiet(two);
    }

    @Override
    KeckProcess writer() {
        return one;
    }

    @Override
    KeckProcess reader() {
        return two;
    }

    @Override
    long leftPieces() {
        return SqliteBlobIT.leftPieces(postgres.jdbcUrl("postgres"), "postgres", "");
    }
}
