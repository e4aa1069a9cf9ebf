package io.keck.api;

import org.jspecify.annotations.Nullable;

/**
 * A reader that waits for the beginning of its stream.
 *
 * @param lastEventId after which it wants to resume; null for what comes from now on
 * @param isFirst whether the feed was created for this reader, so that everything the feed learns about the room is recent
 *     enough for it
 */
record Arrival(RoomFeed.Reader reader, @Nullable String lastEventId, boolean isFirst) {}
