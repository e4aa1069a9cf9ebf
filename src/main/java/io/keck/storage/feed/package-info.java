/**
 * The room log for followers: {@link io.keck.storage.feed.JdbiChangeLog} reads changes, {@link
 * io.keck.storage.feed.JdbiCursors} keeps the positions of webhooks.
 */
@NullMarked
package io.keck.storage.feed;

import org.jspecify.annotations.NullMarked;
