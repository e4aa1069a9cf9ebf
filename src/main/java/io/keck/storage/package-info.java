/**
 * Storage, through Jdbi and Liquibase. {@link io.keck.storage.DatabaseFactory} is the {@code database}
 * block of the configuration, {@link io.keck.storage.Storage} wires the parts and provides them. SQLite (embedded) and
 * PostgreSQL run the same SQL.
 *
 * <p>The parts are layers, and imports only run down:
 * <pre>
 * storage                       the configuration, the wiring
 * purge                         deleted documents: brought back, emptied, purged
 * history                       segments, checkpoints and versions, over log and feed
 * archive   doctor   octobase   exports and imports, examination and repair, the old Keck
 * log   feed   blob   nodes     independent of each other
 * rows                          stored rows of rooms, keys of requests
 * database                      connections, lanes, clock, health, migrations; knows no table
 * </pre>
 */
@NullMarked
package io.keck.storage;

import org.jspecify.annotations.NullMarked;
