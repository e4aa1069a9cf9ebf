package io.keck.webhook;

import io.keck.feed.Cursors.Endpoint;

/**
 * A delivery that was planned.
 *
 * @param id the id under which it is sent
 * @param isResync whether it only tells the receiver that changes are missing
 */
record Delivery(Room room, Endpoint endpoint, String id, byte[] body, boolean isResync) {}
