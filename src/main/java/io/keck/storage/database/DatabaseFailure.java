package io.keck.storage.database;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.sql.SQLException;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Explains why a database cannot be used and what to do, in one line without a password. For the start of the server
 * and for commands; {@link DatabaseChecks} reports on the database while the server runs.
 */
public final class DatabaseFailure {
    private static final String SQLITE_TEMPORARY = "org.sqlite.tmpdir";
    private static final int SQLITE_PRIMARY_CODE = 0xff;

    /** Remedies by SQLSTATE of PostgreSQL. */
    private static final Map<String, String> REMEDIES = Map.ofEntries(
            Map.entry("28P01", "Correct the user and the password in DATABASE_URL; special characters are %-encoded."),
            Map.entry(
                    "28000",
                    "Correct the user and the password in DATABASE_URL, allow the connection in pg_hba.conf, or add"
                            + " ?sslmode=require where the server wants TLS."),
            Map.entry("3D000", "Create it (CREATE DATABASE … ENCODING 'UTF8'), or correct its name in DATABASE_URL."),
            Map.entry(
                    "42501",
                    "Let the user of DATABASE_URL create tables (GRANT USAGE, CREATE ON SCHEMA public TO …), or own the"
                            + " database and Keck's tables."),
            Map.entry(
                    "3F000",
                    "Give the user a schema to create tables in: ALTER ROLE … SET search_path = public, or create the"
                            + " schema that its search_path names."),
            Map.entry("53100", "The disk of the database is full: make room there and start again."),
            Map.entry(
                    "53300",
                    "The server has no connection left: raise max_connections, or lower KECK_DATABASE_POOL of the"
                            + " nodes."),
            Map.entry("57P03", "The server starts, stops or recovers: start again in a moment."),
            Map.entry("25006", "It is a standby or set to read only: let DATABASE_URL name the primary."),
            Map.entry(
                    "08P01",
                    "Is PostgreSQL there, or a pooler? PgBouncer wants ignore_startup_parameters ="
                            + " extra_float_digits."));

    /** Remedies by the primary result code of SQLite. */
    private static final Map<Integer, String> SQLITE_REMEDIES = Map.of(
            5, "Another process has locked the file: stop it.",
            6, "Another process has locked the file: stop it.",
            8, "The file or its directory cannot be written: give the user that runs Keck the right to write both.",
            10, "The disk or the file system failed: look at the system's log.",
            11, "The file is damaged: restore a backup of it.",
            13, "The disk is full: make room there and start again.",
            14, "The file or its directory cannot be opened: let the user that runs Keck write there.",
            26, "The file is not an SQLite database: correct DATABASE_URL, or move the file away.");

    private DatabaseFailure() {}

    /** Returns a sentence with the reason, and one with the remedy. */
    public static String explain(Throwable error, DatabaseUrl url) {
        if (url.isSqlite()) {
            return sqlite(error, url);
        }
        UnknownHostException unknown = find(error, UnknownHostException.class);
        if (unknown != null) {
            return at(url) + "its host is unknown. Correct the host in DATABASE_URL, or the name service.";
        }
        if (find(error, ConnectException.class) != null || find(error, NoRouteToHostException.class) != null) {
            return at(url)
                    + "the connection is refused. Is PostgreSQL up, does it listen at this host and port, and does no"
                    + " firewall keep Keck out?";
        }
        if (find(error, SocketTimeoutException.class) != null) {
            return at(url) + "it does not answer in time. Is it up, and does no firewall keep Keck out?";
        }
        SQLException sql = find(error, SQLException.class);
        String message = firstLine(sql == null ? error : sql);
        if (message.contains("does not support SSL")) {
            return at(url) + "it offers no TLS, and DATABASE_URL demands it. Turn on ssl in postgresql.conf, or remove"
                    + " sslmode (or set sslmode=disable) where the network is trusted.";
        }
        if (find(error, SSLException.class) != null) {
            return at(url) + "TLS failed (" + firstLine(find(error, SSLException.class)) + "). Let sslrootcert name the"
                    + " certificate of its authority, or use sslmode=require, which verifies nothing.";
        }
        if (message.contains("no password was provided")) {
            return at(url)
                    + "it asks for a password, and DATABASE_URL has none. Add it: postgres://user:password@host/db.";
        }
        String state = sql == null ? null : sql.getSQLState();
        String remedy = state == null ? null : REMEDIES.get(state);
        return at(url) + sentence(message) + " " + (remedy == null ? "Its own log may say more." : remedy);
    }

    private static String at(DatabaseUrl url) {
        return "The database at " + url.place() + " cannot be used: ";
    }

    private static String sqlite(Throwable error, DatabaseUrl url) {
        FileSystemException file = find(error, FileSystemException.class);
        if (file != null) {
            String why = file instanceof AccessDeniedException
                    ? "is not writable for the user that runs Keck"
                    : file instanceof FileAlreadyExistsException
                            ? "is a file, and has to be a directory"
                            : "cannot be made or opened (" + String.valueOf(file.getReason()) + ")";
            return at(url) + file.getFile() + " " + why + ". Correct that, start Keck in another directory, or set"
                    + " DATABASE_URL=jdbc:sqlite:/path/keck.db.";
        }
        if (isNativeLibraryMissing(error)) {
            return at(url) + "SQLite's native library cannot be loaded from "
                    + System.getProperty(SQLITE_TEMPORARY, System.getProperty("java.io.tmpdir"))
                    + ", which is missing, full, not writable or mounted noexec. Name a directory that is none of"
                    + " these:"
                    + " java -D" + SQLITE_TEMPORARY + "=/path -jar keck.jar …";
        }
        SQLException sql = find(error, SQLException.class);
        String remedy = sql == null ? null : SQLITE_REMEDIES.get(sql.getErrorCode() & SQLITE_PRIMARY_CODE);
        return at(url) + sentence(firstLine(sql == null ? error : sql)) + (remedy == null ? "" : " " + remedy);
    }

    /** Whether SQLite's native library is missing, which the driver reports by several kinds of exceptions. */
    private static boolean isNativeLibraryMissing(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            if (cause instanceof LinkageError
                    || text.contains("No native library found")
                    || text.contains("native library")
                    || text.contains("native-library")) {
                return true;
            }
        }
        return false;
    }

    private static <T extends Throwable> @Nullable T find(Throwable error, Class<T> kind) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return kind.cast(cause);
            }
        }
        return null;
    }

    private static String firstLine(@Nullable Throwable error) {
        String message = error == null ? null : error.getMessage();
        return message == null
                ? String.valueOf(error)
                : message.lines().findFirst().orElse("").strip();
    }

    private static String sentence(String text) {
        return text.endsWith(".") || text.endsWith("!") ? text : text + ".";
    }
}
