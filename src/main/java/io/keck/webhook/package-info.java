/**
 * Webhooks: {@link io.keck.webhook.WebhookFactory} builds the parts that report every committed change to an HTTP
 * endpoint, in order for each room, from one node at a time, until the receiver accepts it.
 */
@NullMarked
package io.keck.webhook;

import org.jspecify.annotations.NullMarked;
