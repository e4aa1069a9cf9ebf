package io.keck.storage.log;

import io.keck.room.UpdateLog;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Appends of one batch whose author nobody knows. */
final class Appends {
    private Appends() {}

    static LogWrite.Append of(long room, UUID batch, long link, byte[] payload, boolean again) {
        return new LogWrite.Append(
                room, List.of(new UpdateLog.Entry(batch, link, payload, null)), again, null, new CompletableFuture<>());
    }
}
