package io.keck.storage.history;

import io.keck.failure.RoomDamaged;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A reference to an object of a store.
 *
 * @param store the name of the store
 * @param id of the object
 * @param bytes its size
 * @param checksum over the rows that it stands for, and its content
 */
record StoredObject(String store, long id, long bytes, long checksum) {
    /** Where objects are read from. */
    interface Source {
        /**
         * Reads an object; null if there is none.
         *
         * @param h of the database, or of a replica of it, where the reference was found
         * @param store the name of the store
         */
        byte @Nullable [] get(Handle h, String store, long roomId, long object);
    }

    /** Reads and verifies objects; a twin does not verify. */
    static class Reading {
        private final Source source;

        Reading(Source source) {
            this.source = source;
        }

        /**
         * Reads an object.
         *
         * @param first the first row it stands for
         * @param last the last row it stands for
         * @throws RoomDamaged if it is missing or does not match its checksum
         */
        byte[] packed(Handle h, long roomId, StoredObject object, long first, long last) {
            byte[] packed = source.get(h, object.store(), roomId, object.id());
            if (packed == null) {
                throw new RoomDamaged(roomId, "the history of rows " + first + " to " + last + " is missing");
            }
            if (!matches(roomId, object, first, last, packed)) {
                throw new RoomDamaged(
                        roomId, "the history of rows " + first + " to " + last + " does not match its checksum");
            }
            return packed;
        }

        boolean matches(long roomId, StoredObject object, long first, long last, byte[] packed) {
            return Packed.checksum(roomId, first, last, packed) == object.checksum();
        }
    }
}
