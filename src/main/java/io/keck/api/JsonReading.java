package io.keck.api;

import io.keck.crdt.Doc;
import io.keck.room.Reading;
import org.jspecify.annotations.Nullable;

/** Writes a value of a document as JSON, in parts: unless it is small, the text is never in memory as a whole. */
final class JsonReading implements Reading<Reply> {
    /** The bytes of an answer that count as one step. */
    private static final int BYTES_PER_STEP = 16;

    private final Doc doc;
    private final int status;
    private final long begin;
    private final Spool spool;
    private final Utf8Buffer out;
    private final @Nullable Object value;
    private @Nullable JsonText text;

    /** @param spool receives the answer; closed if the reading is abandoned */
    JsonReading(Doc doc, int status, @Nullable Object value, Spool spool) {
        this.doc = doc;
        this.status = status;
        this.spool = spool;
        this.begin = doc.walked();
        this.value = value;
        this.out = new Utf8Buffer(spool::write);
    }

    @Override
    public boolean goOn(long most) {
        long now = steps();
        long until = most > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + most;
        JsonText json = text == null ? JsonText.begin(value, out) : text;
        text = json;
        while (steps() < until) {
            if (!json.goOn()) {
                out.flush();
                return true;
            }
        }
        return false;
    }

    @Override
    public long steps() {
        return doc.walked() - begin + out.written() / BYTES_PER_STEP;
    }

    @Override
    public Reply result() {
        return Reply.json(status, spool);
    }

    @Override
    public void giveUp() {
        spool.close();
    }
}
