package io.keck.socket;

import io.keck.access.Right;
import io.keck.protocol.Message;

/** The right that each kind of message needs. A new kind of message does not compile until it has one. */
final class MessageRight implements Message.Handler<Right[]> {
    private static final MessageRight EACH = new MessageRight();

    private MessageRight() {}

    /** Returns the right that a message needs. */
    static Right of(Message message) {
        Right[] needed = new Right[1];
        message.tell(needed, EACH);
        return needed[0];
    }

    @Override
    public void syncStep1(Right[] needed, Message.SyncStep1 message) {
        needed[0] = Right.READ;
    }

    @Override
    public void syncStep2(Right[] needed, Message.SyncStep2 message) {
        needed[0] = Right.WRITE;
    }

    @Override
    public void syncUpdate(Right[] needed, Message.SyncUpdate message) {
        needed[0] = Right.WRITE;
    }

    /** Needs no right to write: its content is not applied and only shows whether the sender has more than the room. */
    @Override
    public void syncRepeat(Right[] needed, Message.SyncRepeat message) {
        needed[0] = Right.READ;
    }

    @Override
    public void awarenessUpdate(Right[] needed, Message.AwarenessUpdate message) {
        needed[0] = Right.PRESENT;
    }

    @Override
    public void queryAwareness(Right[] needed, Message.QueryAwareness message) {
        needed[0] = Right.READ;
    }

    @Override
    public void auth(Right[] needed, Message.Auth message) {
        needed[0] = Right.READ;
    }

    /** Needs no right: the credential is judged on its own. */
    @Override
    public void credential(Right[] needed, Message.Credential message) {
        needed[0] = Right.READ;
    }

    @Override
    public void clientMessage(Right[] needed, Message.ClientMessage message) {
        needed[0] = Right.PRESENT;
    }

    @Override
    public void unknown(Right[] needed, Message.Unknown message) {
        needed[0] = Right.READ;
    }
}
