package io.keck.api;

import io.keck.access.Author;
import io.keck.crdt.Difference;
import io.keck.crdt.Difference.Format;
import io.keck.crdt.Difference.Piece;
import io.keck.crdt.store.Id;
import io.keck.feed.Authorship;
import io.keck.feed.Authorship.Known;
import io.keck.feed.Authorship.Mark;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a difference as JSON: a list of types, each with a delta and with the keys that changed. If authors are given,
 * every run has its author; the changes can be limited to those of one principal. Equal neighbouring runs are merged.
 * Used by one thread.
 */
final class ChangesJson implements Difference.Receiver {
    private static final long JOINED_MILLIS = 3_600_000;
    /** The number of characters of text after which a run is written. */
    private static final int MAX_RUN = 32 << 10;

    /** The authors of a change; {@code writer} wrote what a deletion deleted. */
    private record Credit(
            @Nullable Mark<Author> mark, @Nullable Mark<Author> writer) {
        static final Credit NONE = new Credit(null, null);

        boolean isOf(String principal) {
            return principal.equals(name(mark));
        }

        boolean joins(Credit next) {
            return same(mark, next.mark) && same(writer, next.writer);
        }

        private static boolean same(@Nullable Mark<Author> one, @Nullable Mark<Author> other) {
            if (one == null || other == null) {
                return one == null && other == null;
            }
            return Objects.equals(one.author(), other.author()) && Math.abs(one.at() - other.at()) < JOINED_MILLIS;
        }
    }

    /** A run of text that may continue. */
    private record Run(boolean isInsertion, StringBuilder text, Map<String, @Nullable Object> formats, Credit credit) {}

    private final Utf8Buffer out;
    private final @Nullable Authorship<Author> authors;
    private final @Nullable String by;
    private final LongConsumer onStep;
    private long steps;

    private List<String> path = List.of();
    private Difference.Type type = new Difference.Type("unknown", null, null);
    private boolean isFirstType = true;
    private boolean isBegun;
    private int written;
    private long kept;
    private @Nullable Run run;
    private boolean hasKeys;

    /**
     * @param authors the authors of the content; null to leave them out
     * @param by the principal whose changes are written; null for all changes
     * @param onStep receives the number of steps taken so far; may throw to end the work
     */
    ChangesJson(Utf8Buffer out, @Nullable Authorship<Author> authors, @Nullable String by, LongConsumer onStep) {
        this.out = out;
        this.authors = authors;
        this.by = by;
        this.onStep = onStep;
    }

    @Override
    public void passed() {
        onStep.accept(++steps + out.written() / 16);
    }

    @Override
    public void begin(List<String> newPath, Difference.Type newType) {
        path = newPath;
        type = newType;
        isBegun = false;
        hasKeys = false;
        written = 0;
        kept = 0;
        run = null;
    }

    private void beginType() {
        if (!isBegun) {
            isBegun = true;
            out.ascii(isFirstType ? "" : ",");
            isFirstType = false;
            out.ascii("{\"path\":");
            value(path);
            out.ascii(",\"type\":");
            value(type.kind());
            if (type.name() != null) {
                out.ascii(",\"name\":");
                value(type.name());
            }
            Id id = type.id();
            if (id != null) {
                out.ascii(",\"id\":");
                value(id.toString());
            }
        }
    }

    @Override
    public void end() {
        endRun();
        if (isBegun) {
            out.ascii(hasKeys ? "}" : written > 0 ? "]" : "");
            out.ascii('}');
        }
    }

    // ------------------------------------------------------------------ lists

    private void step() {
        beginType();
        if (kept > 0) {
            out.ascii(written++ == 0 ? ",\"delta\":[" : ",");
            out.ascii("{\"retain\":" + kept + "}");
            kept = 0;
        }
        out.ascii(written++ == 0 ? ",\"delta\":[" : ",");
    }

    @Override
    public void kept(long length, Map<String, Format> changed) {
        endRun();
        Map<String, @Nullable Object> formats = new LinkedHashMap<>();
        Map<String, @Nullable Object> named = new LinkedHashMap<>();
        changed.forEach((key, format) -> {
            Id mark = format.mark();
            Credit credit = mark == null ? Credit.NONE : credit(mark, format.isDeletion());
            if (by == null || credit.isOf(by)) {
                formats.put(key, format.value());
                named.put(key, author(credit.mark()));
            }
        });
        if (formats.isEmpty()) {
            kept += length;
            return;
        }
        step();
        out.ascii("{\"retain\":" + length + ",\"attributes\":");
        value(formats);
        if (authors != null) {
            out.ascii(",\"authors\":");
            value(named);
        }
        out.ascii('}');
    }

    private Credit credit(Id id, boolean isDeletion) {
        if (authors == null) {
            return Credit.NONE;
        }
        Known<Author> known =
                isDeletion ? authors.deleter(id.client(), id.clock()) : authors.writer(id.client(), id.clock());
        return new Credit(known.mark(), null);
    }

    @Override
    public void inserted(Piece piece) {
        each(piece, false);
    }

    @Override
    public void deleted(Piece piece) {
        each(piece, true);
    }

    /** Writes the parts of a piece, each of which has one author. */
    private void each(Piece piece, boolean isDeleted) {
        if (authors == null) {
            take(piece, isDeleted, Credit.NONE);
            return;
        }
        long client = piece.id().client();
        long clock = piece.id().clock();
        for (long at = 0; at < piece.length(); ) {
            Known<Author> writer = authors.writer(client, clock + at);
            Known<Author> deleter = isDeleted ? authors.deleter(client, clock + at) : writer;
            long until = Math.min(piece.length(), Math.min(writer.until(), deleter.until()) - clock);
            Credit credit = isDeleted ? new Credit(deleter.mark(), writer.mark()) : new Credit(writer.mark(), null);
            take(piece.part(at, until), isDeleted, credit);
            at = until;
        }
    }

    private void take(Piece piece, boolean isDeleted, Credit credit) {
        if (by != null && !credit.isOf(by)) {
            // what others inserted is in the later state, what others deleted is not
            endRun();
            kept += isDeleted ? 0 : piece.length();
            return;
        }
        if (piece.content() instanceof String text) {
            Run now = run;
            boolean joins = now != null
                    && now.isInsertion() == !isDeleted
                    && now.formats().equals(piece.formats())
                    && now.credit().joins(credit)
                    && now.text().length() < MAX_RUN;
            if (!joins || now == null) {
                endRun();
                now = new Run(!isDeleted, new StringBuilder(), piece.formats(), credit);
                run = now;
            }
            now.text().append(text);
            return;
        }
        endRun();
        write(!isDeleted, piece.length(), content(piece.content()), piece.formats(), credit);
    }

    private void endRun() {
        Run now = run;
        if (now != null) {
            run = null;
            String text = now.text().toString();
            write(now.isInsertion(), text.length(), text, now.formats(), now.credit());
        }
    }

    private void write(
            boolean isInsertion,
            long length,
            @Nullable Object content,
            Map<String, @Nullable Object> formats,
            Credit credit) {
        step();
        out.ascii(isInsertion ? "{\"insert\":" : "{\"delete\":" + length + ",\"content\":");
        value(content);
        if (!formats.isEmpty()) {
            out.ascii(",\"attributes\":");
            value(formats);
        }
        credit(credit, !isInsertion);
        out.ascii('}');
    }

    private void credit(Credit credit, boolean isDeletion) {
        if (authors != null) {
            out.ascii(",\"author\":");
            value(author(credit.mark()));
            if (isDeletion) {
                out.ascii(",\"writtenBy\":");
                value(name(credit.writer()));
            }
        }
    }

    /**
     * Returns the JSON of a piece that is not text: a list of values, an embedded value, or a reference to a type or a
     * document.
     */
    private static @Nullable Object content(@Nullable Object content) {
        if (content instanceof Difference.Type type) {
            Map<String, @Nullable Object> shown = new LinkedHashMap<>();
            shown.put("$type", type.kind());
            if (type.name() != null) {
                shown.put("name", type.name());
            }
            shown.put("id", String.valueOf(type.id()));
            return shown;
        } else if (content instanceof Difference.Subdocument document) {
            return Map.of("$document", document.guid());
        } else if (content instanceof Difference.Embed embed) {
            return embed.value();
        }
        return content instanceof byte[] bytes ? List.of(bytes) : content;
    }

    // ------------------------------------------------------------------ keys

    @Override
    public void key(String key, @Nullable Piece before, @Nullable Piece after) {
        endRun();
        Credit credit = credit(before, after);
        if (by != null && !credit.isOf(by)) {
            return;
        }
        beginType();
        if (!hasKeys) {
            out.ascii(written > 0 ? "]" : "");
            out.ascii(",\"keys\":{");
            hasKeys = true;
        } else {
            out.ascii(',');
        }
        value(key);
        out.ascii(":{");
        if (before != null) {
            out.ascii("\"before\":");
            value(single(before));
        }
        if (after != null) {
            out.ascii(before == null ? "\"after\":" : ",\"after\":");
            value(single(after));
        }
        credit(credit, after == null);
        out.ascii('}');
    }

    private Credit credit(@Nullable Piece before, @Nullable Piece after) {
        if (after != null) {
            return credit(after.id(), false);
        }
        return before == null
                ? Credit.NONE
                : new Credit(
                        credit(before.id(), true).mark(),
                        credit(before.id(), false).mark());
    }

    private static @Nullable Object single(Piece piece) {
        Object content = piece.content();
        return content instanceof List<?> values && values.size() == 1
                ? values.get(0)
                : content instanceof byte[] ? content : content(content);
    }

    // ------------------------------------------------------------------ values

    private static String name(@Nullable Mark<Author> mark) {
        Author author = mark == null ? null : mark.author();
        return author == null ? Author.UNKNOWN : author.principal();
    }

    /** Returns an author as JSON. */
    static Map<String, @Nullable Object> author(@Nullable Author author) {
        Map<String, @Nullable Object> shown = new LinkedHashMap<>();
        shown.put("by", author == null ? Author.UNKNOWN : author.principal());
        shown.put("origin", author == null ? Author.UNKNOWN : author.origin().text());
        if (author != null && !author.attributes().isEmpty()) {
            shown.put("attributes", new TreeMap<>(author.attributes()));
        }
        return shown;
    }

    private static Map<String, @Nullable Object> author(@Nullable Mark<Author> mark) {
        Map<String, @Nullable Object> shown = author(mark == null ? null : mark.author());
        if (mark != null && mark.at() > 0) {
            shown.put("at", Instant.ofEpochMilli(mark.at()).toString());
        }
        return shown;
    }

    private void value(@Nullable Object value) {
        JsonText text = JsonText.begin(value, out);
        boolean isLeft = true;
        while (isLeft) {
            isLeft = text.goOn();
        }
    }
}
