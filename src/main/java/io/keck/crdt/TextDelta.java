package io.keck.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The content of a text, now or at the time of a snapshot. Source: Yjs {@code YText.js} {@code toDelta}. */
final class TextDelta {
    private static final String CHANGE = "ychange";

    private final List<Delta> steps = new ArrayList<>();
    private final Map<String, @Nullable Object> current = new LinkedHashMap<>();
    private final StringBuilder run = new StringBuilder();

    private TextDelta() {}

    static String plain(Branch text) {
        StringBuilder out = new StringBuilder((int) Math.min(text.length, Integer.MAX_VALUE >> 1));
        for (Item item = text.start; item != null; item = item.right) {
            if (item.isString() && !item.isDeleted()) {
                item.list().text().appendTo(out, item.at, item.at + (int) item.length());
            }
        }
        return out.toString();
    }

    static List<Delta> of(Branch text) {
        TextDelta delta = new TextDelta();
        for (Item item = text.start; item != null; item = item.right) {
            if (!item.isDeleted()) {
                delta.add(item);
            }
        }
        delta.endRun();
        return delta.steps;
    }

    static List<Delta> between(YText text, Snapshot now, @Nullable Snapshot earlier) {
        Doc doc = text.doc();
        if (doc == null) {
            return List.of();
        }
        TextDelta delta = new TextDelta();
        // items split here are merged again when the transaction ends, so they are read within it
        doc.transact(transaction -> {
            now.split(transaction);
            if (earlier != null) {
                earlier.split(transaction);
            }
            for (Item item = text.branch.start; item != null; item = item.right) {
                boolean visible = now.shows(item);
                boolean was = earlier != null && earlier.shows(item);
                if (visible || was) {
                    boolean known = earlier == null || was;
                    delta.mark(item, visible, known);
                    if (visible || !(item.content() instanceof ContentFormat)) {
                        delta.add(item);
                    }
                }
            }
        });
        delta.endRun();
        return Collections.unmodifiableList(delta.steps);
    }

    /** Marks text as added or removed since the earlier snapshot. */
    private void mark(Item item, boolean visible, boolean known) {
        if (!item.isString()) {
            return;
        }
        if (!visible || !known) {
            endRun(); // Yjs compares with a user it never sets, so each item is a run of its own
            current.put(CHANGE, Map.of("type", visible ? "added" : "removed"));
        } else if (current.containsKey(CHANGE)) {
            endRun();
            current.remove(CHANGE);
        }
    }

    private void add(Item item) {
        if (item.isString()) {
            item.list().text().appendTo(run, item.at, item.at + (int) item.length());
        } else if (item.content() instanceof ContentFormat format) {
            endRun();
            if (format.value == null) {
                current.remove(format.key);
            } else {
                current.put(format.key, format.value);
            }
        } else if (item.content() instanceof ContentType || item.content() instanceof ContentEmbed) {
            endRun();
            steps.add(Delta.insert(item.content().value(item, 0), current));
        }
    }

    private void endRun() {
        if (run.length() > 0) {
            steps.add(Delta.insert(run.toString(), current));
            run.setLength(0);
        }
    }
}
