/**
 * The room log in a database, through Jdbi and Liquibase: {@link io.keck.storage.DatabaseFactory} is the configuration,
 * {@link io.keck.storage.JdbiUpdateLog} the log, {@link io.keck.storage.JdbiBlobStore} the blobs beside it. SQLite (embedded) and PostgreSQL run the same SQL.
 */
@NullMarked
package io.keck.storage;

import org.jspecify.annotations.NullMarked;
