package io.keck.storage.history;

import io.keck.failure.RoomDamaged;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A reference to an object of a store.
 *
 * @param store the name of the store
 * @param id the id of the object
 * @param bytes the size of the object
 * @param checksum the checksum of its content, its room and the rows that it holds, see {@link Packed#checksum}
 */
record StoredObject(String store, long id, long bytes, long checksum) {
    /** A source of objects. */
    interface Source {
        /**
         * Reads an object; returns null if there is none.
         *
         * @param h a handle of the database or replica in which the reference was found
         * @param store the name of the store
         */
        byte @Nullable [] get(Handle h, String store, long roomId, long object);
    }

    /** Reads and verifies objects. A twin test switches the verification off. */
    static class Reading {
        private final Source source;

        Reading(Source source) {
            this.source = source;
        }

        /**
         * Reads an object.
         *
         * @param first the first row that it holds
         * @param last the last row that it holds
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
