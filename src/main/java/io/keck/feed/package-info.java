/**
 * The change feed: what a row of a room's log has changed, told to those who do not speak Yjs. {@link
 * io.keck.feed.Histories} derives {@link io.keck.feed.BlockHistory} entries with a document that is thrown away.
 */
@NullMarked
package io.keck.feed;

import org.jspecify.annotations.NullMarked;
