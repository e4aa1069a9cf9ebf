package io.keck.room;

import io.keck.access.Caller;
import io.keck.access.NameRange;
import io.keck.access.Right;
import io.keck.room.Documents.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A page of the documents that one caller may read. The log is asked for ranges of names that the caller's rules cover,
 * so documents of others are not read. Stateless, except for the page that is being made.
 */
final class DocumentNames {
    private static final int LEAST = 100;

    private final UpdateLog log;
    private final Caller caller;
    private final List<NameRange> ranges;
    private final int limit;
    private final List<UpdateLog.Named> page = new ArrayList<>();

    private DocumentNames(UpdateLog log, Caller caller, List<NameRange> ranges, int limit) {
        this.log = log;
        this.caller = caller;
        this.ranges = ranges;
        this.limit = limit;
    }

    static CompletionStage<Names> list(UpdateLog log, Caller caller, String prefix, String after, int limit) {
        NameRange wanted = NameRange.of(prefix);
        List<NameRange> ranges = new ArrayList<>();
        for (NameRange range : caller.rules().names(Right.READ)) {
            NameRange both = range.within(wanted);
            if (both != null) {
                ranges.add(both);
            }
        }
        return ranges.isEmpty()
                ? CompletableFuture.completedStage(new Names(List.of(), null))
                : new DocumentNames(log, caller, List.copyOf(ranges), limit).goOn(after);
    }

    /** Reads on; a rule for one name may hide it, so a read may bring fewer names than the page still needs. */
    private CompletionStage<Names> goOn(String after) {
        int asked = Math.max(LEAST, limit) + 1;
        return log.names(ranges, after, asked).thenCompose(found -> {
            for (UpdateLog.Named one : found) {
                if (!caller.on(one.name()).allows(Right.READ)) {
                    continue;
                }
                if (page.size() == limit) {
                    return CompletableFuture.completedStage(
                            new Names(List.copyOf(page), page.get(limit - 1).name()));
                }
                page.add(one);
            }
            return found.size() < asked
                    ? CompletableFuture.completedStage(new Names(List.copyOf(page), null))
                    : goOn(found.get(found.size() - 1).name());
        });
    }
}
