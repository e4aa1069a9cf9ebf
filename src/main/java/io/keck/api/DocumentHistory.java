package io.keck.api;

import io.keck.access.Grant;
import io.keck.api.DocumentCalls.Missing;
import io.keck.api.HistoryWork.Means;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader;
import io.keck.history.PastStates.Past;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response.Status;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The parts that the resources of history share. Thread-safe. */
final class DocumentHistory {
    private final DocumentCalls calls;
    private final HistoryWork work;
    private final PastCache past;
    private final DocumentVersions versions;
    private final Moments moments;

    DocumentHistory(DocumentCalls calls, HistoryWork work, PastCache past, DocumentVersions versions) {
        this.calls = calls;
        this.work = work;
        this.past = past;
        this.versions = versions;
        this.moments = new Moments(past.states().reader(), versions);
    }

    DocumentCalls calls() {
        return calls;
    }

    DocumentVersions versions() {
        return versions;
    }

    HistoryWork work() {
        return work;
    }

    Moments moments() {
        return moments;
    }

    HistoryReader reader() {
        return past.states().reader();
    }

    /** The document of a call. */
    final class Asked {
        private final long roomId;
        private final Means means;
        private long shown;

        private Asked(long roomId, long head, Means means) {
            this.roomId = roomId;
            this.means = means;
            this.shown = head;
        }

        long roomId() {
            return roomId;
        }

        Means means() {
            return means;
        }

        /** Returns the row of a moment; the newest row for null. */
        long seq(@Nullable String moment) {
            return moment == null ? reader().range(roomId).head() : moments.seq(roomId, moment);
        }

        /** Returns the document at a row; the answer then names this row. */
        Past at(long seq) {
            shown = seq;
            long[] taken = new long[1];
            return past.at(roomId, seq, bytes -> {
                means.takeMore(bytes - taken[0]);
                taken[0] = Math.max(taken[0], bytes);
            });
        }
    }

    /** Computes the answer of a call from its document. */
    @FunctionalInterface
    interface Question {
        Reply answer(Asked asked);
    }

    /** Answers a call on a thread that may wait; with 404 if the document does not exist. */
    void answer(Call call, AsyncResponse response, Question question) {
        Grant grant = call.grant();
        String address = call.address();
        CompletionStage<Answer<Reply>> stage = calls.documents()
                .find(grant)
                .thenCompose(there -> work.run(grant.document(), address, means -> {
                    Asked asked = new Asked(there.roomId(), there.seq(), means);
                    Reply reply = question(question, asked, grant.document());
                    return new Answer<>(reply, there.roomId(), asked.shown, there.stale());
                }));
        calls.finish(response, grant.document(), Missing.SENTENCE, stage);
    }

    /**
     * Answers with the document at a moment.
     *
     * @param at the moment; null for now
     * @param format a name of {@link PastAnswers.Format}; null for v1
     * @param root the only root of a text; null for all
     */
    void past(Call call, @Nullable String at, @Nullable String format, @Nullable String root, AsyncResponse response) {
        PastAnswers.Format wanted = PastAnswers.Format.named(format == null ? "v1" : format);
        Moments.check("at", at);
        if (root != null && !wanted.isProse()) {
            throw Refusal.bad("root goes with the formats \"text\", \"markdown\" and \"html\".");
        }
        answer(call, response, asked -> PastAnswers.write(asked.at(asked.seq(at)), wanted, root, asked.means()));
    }

    /**
     * Answers with the differences between two moments.
     *
     * @param from the first moment; null for the empty document
     * @param to the second moment; null for now
     */
    void difference(
            Call call,
            @Nullable String from,
            @Nullable String to,
            PastAnswers.Question question,
            AsyncResponse response) {
        Moments.check("from", from);
        Moments.check("to", to);
        answer(call, response, asked -> {
            long first = from == null ? 0 : asked.seq(from);
            long last = asked.seq(to);
            if (question.named() && first > last) {
                throw Refusal.bad("from is later than to.");
            }
            Past before = asked.at(first);
            Past after = asked.at(last);
            return PastAnswers.difference(before, after, question, asked.means());
        });
    }

    private static Reply question(Question question, Asked asked, String document) {
        try {
            return question.answer(asked);
        } catch (Refusal refusal) {
            return refusal.reply();
        } catch (HistoryGone gone) {
            return gone(gone);
        } catch (RoomGone | RoomLost deleted) {
            throw new RoomMissing(document);
        }
    }

    /** Answers with 410 for a row that is no longer known, with 404 for one that is not written yet. */
    private static Reply gone(HistoryGone gone) {
        return gone.first() > 0
                ? Reply.text(
                        Status.GONE,
                        "The history of the document is kept from row " + gone.first() + " to row " + gone.head() + ".")
                : Reply.text(Status.NOT_FOUND, "The document has rows up to " + gone.head() + ".");
    }
}
