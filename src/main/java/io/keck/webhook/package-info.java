/**
 * Webhooks: {@link io.keck.webhook.WebhookFactory} builds what tells an HTTP endpoint of every committed change, of each
 * room in order, from one node at a time, until it is taken.
 */
@NullMarked
package io.keck.webhook;

import org.jspecify.annotations.NullMarked;
