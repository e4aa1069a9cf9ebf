package io.keck.api;

import io.keck.api.HistoryWork.Means;
import io.keck.crdt.Difference;
import io.keck.crdt.Doc;
import io.keck.crdt.DocOptions;
import io.keck.crdt.Snapshot;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateInPieces;
import io.keck.history.PastStates.Past;
import io.keck.prose.Prose;
import io.keck.room.Reading;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes documents of the past, and the differences of two of them. Used by threads of {@link HistoryWork}. Stateless.
 */
final class PastAnswers {
    private static final String TEXT = "text/plain;charset=utf-8";
    private static final String MARKDOWN = "text/markdown;charset=utf-8";
    private static final String HTML = "text/html;charset=utf-8";

    /** Steps of integration that each byte adds to the limit, and bytes of heap, as in {@link io.keck.feed.Histories}. */
    private static final long STEPS_PER_BYTE = 16;

    private static final long EMPTY = 20_000;
    private static final long PER_BYTE = 2;
    private static final long PER_STRUCT = 500;
    /** The number of steps of writing between two checks of the limit. */
    private static final long PART = 100_000;

    private static final int BYTES_PER_STEP = 16;

    private PastAnswers() {}

    /** The format of an answer. */
    enum Format {
        V1,
        V2,
        JSON,
        TEXT,
        MARKDOWN,
        HTML;

        static Format named(String name) {
            for (Format format : values()) {
                if (format.is(name)) {
                    return format;
                }
            }
            throw Refusal.bad("format is \"v1\", \"v2\", \"json\", \"text\", \"markdown\" or \"html\".");
        }

        boolean is(@Nullable String name) {
            return name().toLowerCase(Locale.ROOT).equals(name);
        }

        boolean isProse() {
            return this == TEXT || this == MARKDOWN || this == HTML;
        }
    }

    /** Whether a format is the text of an editor. */
    static boolean isText(@Nullable String format) {
        return Format.TEXT.is(format) || Format.MARKDOWN.is(format) || Format.HTML.is(format);
    }

    /** Writes a document. */
    static Reply write(Past past, Format format, @Nullable String root, Means means) {
        Spool spool = means.spool();
        boolean isDone = false;
        try {
            Reply reply = write(past, format, root, means, spool);
            isDone = true;
            return reply;
        } finally {
            if (!isDone) {
                spool.close();
            }
        }
    }

    private static Reply write(Past past, Format format, @Nullable String root, Means means, Spool spool) {
        switch (format) {
            case V1, V2 -> {
                means.takeMore(EMPTY + PER_BYTE * past.update().length); // a kept document counts its bytes only once
                StructStore store = new StructStore();
                store.apply(past.update(), DecodeLimits.OWN);
                return Reply.bytes(spool.inOrder(
                        format == Format.V1 ? UpdateInPieces.v1(store, spool) : UpdateInPieces.v2(store, spool)));
            }
            case JSON -> {
                Doc doc = doc(past, means, false);
                Reading<Reply> reading = WholeDocuments.json(doc).reading(doc, spool);
                while (!reading.goOn(PART)) {
                    means.checkSteps(reading.steps());
                }
                return reading.result();
            }
            default -> {
                Prose prose = Prose.of(doc(past, means, false), root);
                Utf8Buffer out = new Utf8Buffer(spool::write);
                Consumer<String> text = piece -> {
                    for (int i = 0; i < piece.length(); i++) {
                        i += out.codePoint(piece, i);
                    }
                    means.checkSteps(out.written() / BYTES_PER_STEP);
                };
                String type = prose(prose, format, text);
                out.flush();
                return Reply.of(type, spool);
            }
        }
    }

    private static String prose(Prose prose, Format format, Consumer<String> out) {
        if (format == Format.TEXT) {
            prose.writeText(out);
            return TEXT;
        } else if (format == Format.MARKDOWN) {
            prose.writeMarkdown(out);
            return MARKDOWN;
        }
        out.accept("<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>Document</title></head>\n<body>\n");
        prose.writeHtml(out);
        out.accept("</body>\n</html>\n");
        return HTML;
    }

    /** Builds a document. */
    private static Doc doc(Past past, Means means, boolean keepsDeleted) {
        Update update = Update.decode(past.update(), DecodeLimits.OWN);
        means.takeMore(EMPTY + PER_BYTE * past.update().length + PER_STRUCT * update.structCount());
        Doc doc = new Doc(DocOptions.create().withGc(!keepsDeleted));
        if (!doc.applyUpdate(update, null, means.maxSteps() + STEPS_PER_BYTE * past.update().length)) {
            throw means.tooCostly(doc.work());
        }
        return doc;
    }

    /** The options of a difference. */
    record Question(boolean named, @Nullable String by) {}

    /**
     * Writes the differences between two states of one log.
     *
     * @param from the first state, which may also be the later one
     */
    static Reply difference(Past from, Past to, Question asked, Means means) {
        boolean isForward = from.seq() <= to.seq();
        Past earlier = isForward ? from : to;
        Past later = isForward ? to : from;
        Snapshot before = Snapshot.of(doc(earlier, means, false));
        Doc doc = doc(later, means, true);
        Snapshot after = Snapshot.of(doc);
        Spool spool = means.spool();
        boolean isDone = false;
        try {
            Utf8Buffer out = new Utf8Buffer(spool::write);
            out.ascii("{\"from\":" + from.seq() + ",\"to\":" + to.seq() + ",\"data\":[");
            ChangesJson json = new ChangesJson(out, asked.named ? later.authors() : null, asked.by, means::checkSteps);
            Difference.tell(doc, isForward ? before : after, isForward ? after : before, json);
            out.ascii("],\"next\":null}");
            out.flush();
            isDone = true;
            return Reply.json(200, spool);
        } finally {
            if (!isDone) {
                spool.close();
            }
        }
    }
}
