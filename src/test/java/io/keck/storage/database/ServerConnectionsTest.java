package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerConnectionsTest {
    @TempDir
    private Path dir;

    /** Everybody's connections count, as seen by a user who has no right to look at other users' sessions. */
    @Test
    void connectionsOfAllUsersAndDatabases_areCounted() throws Exception {
        List<Connection> others = new ArrayList<>();
        try (PostgresServer server = PostgresServer.start(dir)) {
            server.execute("CREATE ROLE keck LOGIN");
            server.execute("CREATE DATABASE other");
            ServerConnections connections = new ServerConnections(Jdbi.create(server.jdbcUrl("postgres"), "keck", ""));
            assertThat(connections.used()).isEqualTo(-1);
            assertThat(connections.most()).isEqualTo(-1);
            connections.look();
            int before = connections.used();
            assertThat(before).isPositive();
            assertThat(connections.most()).isBetween(before, 10_000);
            for (int i = 0; i < 7; i++) {
                others.add(DriverManager.getConnection(server.jdbcUrl("other"), "postgres", ""));
            }
            connections.look();
            assertThat(connections.used()).isEqualTo(before + 7);
            for (Connection other : others) {
                other.close();
            }
            Eventually.await("the end of the others", () -> {
                connections.look();
                return connections.used() == before;
            });
            server.stop();
            connections.look(); // the last answer stands
            assertThat(connections.used()).isEqualTo(before);
        }
    }
}
