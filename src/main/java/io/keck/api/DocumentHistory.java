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
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Response.Status;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What the calls on the history of a document have in common. Thread-safe. */
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

    HistoryReader reader() {
        return past.states().reader();
    }

    /** A document that a call asks about. */
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

        /** The row of a moment; without one the newest. */
        long seq(@Nullable String moment) {
            return moment == null ? reader().range(roomId).head() : moments.seq(roomId, moment);
        }

        /** The document at a row; the answer has its number. */
        io.keck.history.PastStates.Past at(long seq) {
            shown = seq;
            long[] taken = new long[1];
            return past.at(roomId, seq, bytes -> {
                means.takeMore(bytes - taken[0]);
                taken[0] = Math.max(taken[0], bytes);
            });
        }
    }

    /** What a call does with the document that it asks about. */
    @FunctionalInterface
    interface Question {
        Reply answer(Asked asked);
    }

    /** Answers a call, if there is such a document, on a thread that may wait. */
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

    /** 410 for what is not kept any more, 404 for what is not written yet. */
    private static Reply gone(HistoryGone gone) {
        return gone.first() > 0
                ? Reply.text(
                        Status.GONE,
                        "The history of the document is kept from row " + gone.first() + " to row " + gone.head() + ".")
                : Reply.text(Status.NOT_FOUND, "The document has rows up to " + gone.head() + ".");
    }
}
