/**
 * The change feed: the changes of each row of a room's log, for receivers that do not know Yjs.
 * {@link io.keck.feed.Histories} derives {@link io.keck.feed.BlockHistory} entries with a temporary document.
 */
@NullMarked
package io.keck.feed;

import org.jspecify.annotations.NullMarked;
