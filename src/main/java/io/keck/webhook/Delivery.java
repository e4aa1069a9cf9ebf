package io.keck.webhook;

import io.keck.feed.Cursors.Endpoint;

/**
 * A delivery that was decided on.
 *
 * @param id under which it is sent
 * @param isResync whether it only says that changes are missing
 */
record Delivery(Room room, Endpoint endpoint, String id, byte[] body, boolean isResync) {}
