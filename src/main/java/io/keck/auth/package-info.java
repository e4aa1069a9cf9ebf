/**
 * Recognises callers: by JSON web tokens, API keys, the operator's own back end, headers of a trusted proxy, or tickets.
 * {@link io.keck.auth.AccessFactory} is the door; {@link io.keck.auth.Authenticator} decides.
 */
@NullMarked
package io.keck.auth;

import org.jspecify.annotations.NullMarked;
