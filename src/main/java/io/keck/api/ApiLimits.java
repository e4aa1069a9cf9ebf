package io.keck.api;

/**
 * What a request may ask for.
 *
 * @param maxBody bytes of a JSON body
 * @param maxUpdate bytes of an update that makes a workspace
 * @param maxJsonDepth how deep arrays and objects may nest in a body
 * @param minRate bytes a second of a body below which its client is given up
 */
record ApiLimits(int maxBody, int maxUpdate, int maxJsonDepth, long minRate) {}
