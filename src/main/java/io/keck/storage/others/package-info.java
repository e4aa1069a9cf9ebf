/**
 * Imports documents from the stores of other Yjs servers. An {@link io.keck.storage.others.OtherStore} lists and reads the
 * documents of a store; {@link io.keck.storage.others.StoreImporter} writes each into its room and verifies it.
 */
@NullMarked
package io.keck.storage.others;

import org.jspecify.annotations.NullMarked;
