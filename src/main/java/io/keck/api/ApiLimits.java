package io.keck.api;

/**
 * The limits of requests.
 *
 * @param maxBody the largest JSON body in bytes
 * @param maxUpdate the largest update in bytes that initialises a workspace
 * @param maxJsonDepth the deepest nesting of arrays and objects in a body
 * @param minRate the bytes per second below which the upload of a body is aborted
 */
record ApiLimits(int maxBody, int maxUpdate, int maxJsonDepth, long minRate) {}
