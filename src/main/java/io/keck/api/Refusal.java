package io.keck.api;

import jakarta.ws.rs.core.Response.Status;

/** Thrown to refuse a call, with the answer. Has no stack trace, because it is not an error of Keck. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Reply reply;

    Refusal(Reply reply) {
        super("HTTP " + reply.status(), null, false, false);
        this.reply = reply;
    }

    /** With a sentence. */
    Refusal(Status status, String sentence) {
        this(Reply.text(status, sentence));
    }

    /** 400 with a sentence. */
    static Refusal bad(String sentence) {
        return new Refusal(Status.BAD_REQUEST, sentence);
    }

    Reply reply() {
        return reply;
    }
}
