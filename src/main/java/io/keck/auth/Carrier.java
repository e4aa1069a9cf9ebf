package io.keck.auth;

/** Where a credential stands in a request. */
enum Carrier {
    /** {@code Authorization: Bearer}. */
    HEADER,
    /** A WebSocket subprotocol that begins with {@code bearer.}. */
    SUBPROTOCOL,
    /** The parameter {@code token} of the address. */
    QUERY,
    /** The configured cookie. */
    COOKIE,
    /** A message of a connection, in protocols that have one for it. */
    MESSAGE
}
