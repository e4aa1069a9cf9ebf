package io.keck.api;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.api.DocumentCalls.Missing;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The changes of a workspace as server-sent events. Jersey routes the call and answers refusals. A stream then writes
 * to the servlet's response without blocking, so it needs no thread while idle. (Jersey's own sink blocks the writing
 * thread on a slow reader.) Thread-safe.
 */
@Path("/block/{workspace}/subscribe/sse")
public final class SseResource {
    /** A position that belongs to no life. */
    private static final String NO_POSITION = "0-0";
    /** The bytes of heap of an idle stream: the request, its connection and its buffers. */
    private static final long ITSELF = 16 << 10;

    private static final int TOO_MANY_REQUESTS = 429;

    private final EventStreams streams;

    SseResource(EventStreams streams) {
        this.streams = streams;
    }

    /** Follows the workspace, from now on or from the position in {@code Last-Event-ID}. */
    @Needs(value = Right.READ, tickets = Purpose.EVENTS)
    @GET
    public void get(
            @BeanParam Call call,
            @HeaderParam("Last-Event-ID") @Nullable String lastEventId,
            @Context HttpServletRequest request,
            @Suspended AsyncResponse response) {
        String workspace = call.workspace();
        boolean head = request.getMethod().equals("HEAD");
        AsyncContext context = request.getAsyncContext();
        String address = request.getRemoteAddr();
        Decision.Refused full = head ? null : NeedsFilter.allowance(request).connection();
        if (full != null) {
            response.resume(NeedsFilter.refusal(full));
            return;
        }
        AddressShares.Answer place = streams.shares().enter(address);
        if (place != AddressShares.Answer.TAKEN) {
            response.resume(Failures.response(
                            place == AddressShares.Answer.FULL
                                    ? Reply.text(
                                            Status.SERVICE_UNAVAILABLE,
                                            "This node has reached its limit of" + " streams.")
                                    : Reply.text(TOO_MANY_REQUESTS, "Your address has reached its limit of streams."))
                    .header("Retry-After", "5")
                    .build());
            return;
        }
        Tally tally = streams.ledger().open(HeapLedger.Kind.STREAM, workspace, address, null);
        tally.add(ITSELF);
        AtomicBoolean open = new AtomicBoolean(true);
        Runnable ended = () -> {
            if (open.compareAndSet(true, false)) {
                tally.close();
                streams.shares().leave(address);
            }
        };
        Visit visit = Visit.of(request.getAttribute(Visit.ATTRIBUTE));
        RoomFeed.Reader reader = reader(workspace, head, context, response, ended, visit, address);
        boolean accepted = streams.open(call.grant(), reader, visible(lastEventId, visit, workspace));
        if (!accepted) {
            ended.run();
            response.resume(Failures.response(
                            Reply.text(Status.SERVICE_UNAVAILABLE, "This node has reached its limit of streams."))
                    .header("Retry-After", "5")
                    .build());
        }
    }

    /**
     * A reader without the right to the history starts with the whole current state, as after the end of the retention.
     */
    private static @Nullable String visible(@Nullable String lastEventId, Visit visit, String workspace) {
        boolean past = lastEventId == null
                || (visit.on(workspace, Purpose.EVENTS) instanceof Decision.Admitted admitted
                        && admitted.grant().allows(Right.HISTORY));
        return past ? lastEventId : NO_POSITION;
    }

    private static RoomFeed.Reader reader(
            String workspace,
            boolean head,
            AsyncContext context,
            AsyncResponse response,
            Runnable ended,
            Visit visit,
            String address) {
        return new RoomFeed.Reader() {
            @Override
            public String address() {
                return address;
            }

            @Override
            public EventStream.Output open() {
                return head ? new Nowhere(response, ended) : new Servlet(context, ended);
            }

            @Override
            public void opened(EventStream stream) {
                if (head) {
                    stream.end();
                } else {
                    listen(context, stream);
                    follow(workspace, context, stream, visit);
                }
            }

            @Override
            public void refused(RuntimeException why) {
                ended.run();
                response.resume(Failures.of(why, workspace, Missing.SENTENCE));
            }
        };
    }

    /** Ends the stream when its grant ends. */
    private static void follow(String workspace, AsyncContext context, EventStream stream, Visit visit) {
        if (!(visit.on(workspace, Purpose.EVENTS) instanceof Decision.Admitted admitted)) {
            stream.abort();
            return;
        }
        stream.hears(admitted.grant().allows(Right.MESSAGES));
        Runnable unfollow = visit.follow(
                admitted.grant(),
                new Visit.Follower() {
                    @Override
                    public void ended(Fault fault) {
                        stream.abort();
                    }

                    @Override
                    public void changed(Grant grant) {
                        stream.hears(grant.allows(Right.MESSAGES));
                    }

                    @Override
                    public boolean isConnection() {
                        return true;
                    }
                },
                Right.READ);
        if (visit == Visit.OPEN) {
            return;
        }
        try {
            context.addListener(new AsyncListener() {
                @Override
                public void onComplete(AsyncEvent event) {
                    unfollow.run();
                }

                @Override
                public void onTimeout(AsyncEvent event) {}

                @Override
                public void onError(AsyncEvent event) {}

                @Override
                public void onStartAsync(AsyncEvent event) {}
            });
        } catch (IllegalStateException e) {
            unfollow.run(); // the reader has already left
        }
    }

    private static void listen(AsyncContext context, EventStream stream) {
        try {
            context.getResponse().getOutputStream().setWriteListener(new WriteListener() {
                @Override
                public void onWritePossible() {
                    stream.write();
                }

                @Override
                public void onError(Throwable error) {
                    stream.abort();
                }
            });
        } catch (IOException | IllegalStateException e) {
            stream.abort(); // the reader has already left
        }
    }

    /** An output to the response of a servlet. */
    private static final class Servlet implements EventStream.Output {
        private final AsyncContext context;
        private final ServletOutputStream out;
        private final Runnable ended;

        Servlet(AsyncContext context, Runnable ended) {
            this.ended = ended;
            this.context = context;
            context.setTimeout(0);
            HttpServletResponse response = (HttpServletResponse) context.getResponse();
            response.setStatus(200);
            response.setContentType(MediaType.SERVER_SENT_EVENTS);
            response.setHeader("Cache-Control", "no-cache");
            response.setHeader("X-Accel-Buffering", "no"); // makes nginx pass on every event at once
            try {
                out = response.getOutputStream();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean isReady() {
            return out.isReady();
        }

        @Override
        public void write(byte[] bytes) throws IOException {
            out.write(bytes);
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        @Override
        public void complete() {
            ended.run();
            try {
                context.complete();
            } catch (IllegalStateException e) {
                // the response has already ended
            }
        }
    }

    /** An output for HEAD, which drops all bytes. */
    private static final class Nowhere implements EventStream.Output {
        private final AsyncResponse response;
        private final Runnable ended;

        Nowhere(AsyncResponse response, Runnable ended) {
            this.ended = ended;
            this.response = response;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void write(byte[] bytes) {}

        @Override
        public void flush() {}

        @Override
        public void complete() {
            ended.run();
            response.resume(Response.ok()
                    .type(MediaType.SERVER_SENT_EVENTS)
                    .header("Cache-Control", "no-cache")
                    .build());
        }
    }
}
