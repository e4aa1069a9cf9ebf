package io.keck.api;

/**
 * What a request may ask for.
 *
 * @param maxBody bytes of a JSON body
 * @param maxUpdate bytes of an update that makes a workspace
 * @param maxJsonDepth how deep arrays and objects may nest in a body
 */
record ApiLimits(int maxBody, int maxUpdate, int maxJsonDepth) {}
