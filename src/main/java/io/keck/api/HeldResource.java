package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.Update;
import io.keck.room.HeldContent;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.State;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The updates that strict authorship holds. The owner of their client ids and principals with the right {@code admin} take them
 * in or drop them; their sender sees them. Thread-safe.
 */
@Path("/held/{workspace}")
public final class HeldResource {
    private static final int MAX_CLIENTS = 100;

    private final DocumentCalls calls;

    HeldResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The caller, and the visit of the request. */
    private record Asker(Visit visit, Grant grant) {
        static Asker of(HttpServletRequest request, Call call) {
            return new Asker(Visit.of(request.getAttribute(Visit.ATTRIBUTE)), call.grant());
        }

        /** Whether the caller may take such an entry in or drop it. */
        boolean decides(Entry entry) {
            return entry.owner().equals(grant.principal().id())
                    || grant.caller().onServer().contains(Right.ADMIN);
        }

        boolean sees(Entry entry) {
            return decides(entry)
                    || entry.author().principal().equals(grant.principal().id());
        }
    }

    /** Lists the entries that the caller may see, including decided ones, oldest first. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    public void list(@BeanParam Call call, @Context HttpServletRequest request, @Suspended AsyncResponse response) {
        Asker asker = Asker.of(request, call);
        answer(
                response,
                asker,
                held().list(asker.grant)
                        .thenApply(entries -> Reply.json(entries.stream()
                                .filter(asker::sees)
                                .map(HeldResource::described)
                                .toList())));
    }

    /** Answers with the content of an entry, as an update in V1. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    @Path("/{id}")
    public void get(
            @BeanParam Call call,
            @PathParam("id") String id,
            @Context HttpServletRequest request,
            @Suspended AsyncResponse response) {
        Asker asker = Asker.of(request, call);
        answer(response, asker, entry(asker, id, asker::sees).thenApply(entry -> {
            if (entry.state() != State.HELD) {
                throw decidedBefore(entry);
            }
            return Reply.bytes(entry.payload());
        }));
    }

    /** Takes an entry in, as an edit of the principal that sent it. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    @Path("/{id}")
    public void takeIn(
            @BeanParam Call call,
            @PathParam("id") String id,
            @Context HttpServletRequest request,
            @Suspended AsyncResponse response) {
        Asker asker = Asker.of(request, call);
        answer(
                response,
                asker,
                decided(
                        asker,
                        "taken-in",
                        id,
                        entry -> held().takeIn(asker.grant, entry).thenApply(now -> {
                            if (now == null) {
                                throw new Refusal(
                                        Status.CONFLICT,
                                        "The whole entry builds on content that the document does not have. Take that content in first.");
                            }
                            return outcome(now, State.TAKEN);
                        })));
    }

    /** Drops an entry. */
    @Needs({Right.READ, Right.WRITE})
    @DELETE
    @Path("/{id}")
    public void drop(
            @BeanParam Call call,
            @PathParam("id") String id,
            @Context HttpServletRequest request,
            @Suspended AsyncResponse response) {
        Asker asker = Asker.of(request, call);
        answer(
                response,
                asker,
                decided(
                        asker,
                        "held-dropped",
                        id,
                        entry -> held().drop(asker.grant, entry)
                                .thenApply(now -> outcome(now.orElseThrow(() -> missing(id)), State.DROPPED))));
    }

    private HeldContent held() {
        HeldContent held = calls.documents().held();
        if (held == null) {
            throw new Refusal(Status.NOT_FOUND, "This server holds no updates.");
        }
        return held;
    }

    private CompletionStage<Reply> decided(
            Asker asker, String event, String id, Function<Entry, CompletionStage<Reply>> decision) {
        return entry(asker, id, asker::decides)
                .thenCompose(entry -> decision.apply(entry).whenComplete((reply, error) -> {
                    int status = reply != null
                            ? reply.status()
                            : Failures.of(DocumentCalls.cause(error)).getStatus();
                    asker.visit.decided(asker.grant.document(), event, id, status);
                }));
    }

    private CompletionStage<Entry> entry(Asker asker, String id, Function<Entry, Boolean> may) {
        long number;
        try {
            number = Long.parseLong(id);
        } catch (NumberFormatException e) {
            return CompletableFuture.failedStage(missing(id));
        }
        return held().find(asker.grant, number).thenApply(found -> {
            Entry entry = found.filter(asker::sees).orElseThrow(() -> missing(id));
            if (!may.apply(entry)) {
                throw new Refusal(
                        Status.FORBIDDEN,
                        "Only the owner of this entry's client ids and principals with the right admin may do this.");
            }
            return entry;
        });
    }

    /** Answers a repeated request as the first one was answered. */
    private static Reply outcome(Entry entry, State asked) {
        if (entry.state() != asked && entry.state() != State.HELD && entry.state() != State.ARRIVED) {
            throw decidedBefore(entry);
        }
        return Reply.json(described(entry));
    }

    private static Refusal decidedBefore(Entry entry) {
        return new Refusal(
                Status.CONFLICT, "This entry is " + entry.state().text() + " already, by " + entry.decidedBy() + ".");
    }

    private static Refusal missing(String id) {
        return new Refusal(Reply.notFound("Held", id));
    }

    private void answer(AsyncResponse response, Asker asker, CompletionStage<Reply> stage) {
        calls.resume(
                response,
                stage.handle((reply, error) -> error == null
                        ? Failures.response(reply).build()
                        : Failures.of(DocumentCalls.cause(error), asker.grant.document(), Missing.SENTENCE)));
    }

    private static Map<String, Object> described(Entry entry) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", String.valueOf(entry.id()));
        json.put("state", entry.state().text());
        json.put("by", entry.author().principal());
        json.put("origin", entry.author().origin().text());
        if (!entry.author().attributes().isEmpty()) {
            json.put("attributes", new TreeMap<>(entry.author().attributes()));
        }
        json.put("owner", entry.owner());
        json.put("at", entry.createdAt());
        json.put("changed_at", entry.changedAt());
        if (entry.state() == State.HELD) {
            json.put("bytes", entry.payload().length);
            json.put("clients", clients(Update.decode(entry.payload(), DecodeLimits.OWN)));
        } else {
            json.put("decided_by", entry.decidedBy());
            json.put("decided_at", entry.decidedAt());
        }
        return json;
    }

    /** Returns the ranges of clocks in an update by client, at most a hundred. */
    private static List<Map<String, Object>> clients(Update update) {
        List<Map<String, Object>> clients = new ArrayList<>();
        StructRows rows = update.rows();
        long client = -1;
        long from = 0;
        long to = 0;
        for (int row = 0; row <= rows.count() && clients.size() < MAX_CLIENTS; row++) {
            boolean goesOn = row < rows.count() && rows.client(row) == client && rows.clock(row) == to;
            if (!goesOn && to > from) {
                clients.add(Map.of("client", client, "from", from, "to", to));
            }
            if (row < rows.count()) {
                from = goesOn ? from : rows.clock(row);
                client = rows.client(row);
                to = rows.end(row);
            }
        }
        return clients;
    }
}
