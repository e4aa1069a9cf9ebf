package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.ext.WriterInterceptor;
import jakarta.ws.rs.ext.WriterInterceptorContext;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EofException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers that end with their grant. An answer without a grant, as with open access, is the twin: it goes on. */
class GrantedAnswersTest {
    private static final byte[] LARGE = new byte[LargeAnswers.LARGE];
    private static final StreamingOutput STREAM = out -> {};

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private Visit.@Nullable Follower follower;
    private int followed;

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private final Visit visit = new Visit() {
        @Override
        public Decision on(String document, @Nullable Purpose purpose) {
            return new Decision.Admitted(Caller.OPEN.on(document));
        }

        @Override
        public Decision onServer(Right right) {
            return new Decision.Refused(Fault.FORBIDDEN);
        }

        @Override
        public @Nullable Ticket ticket(Grant grant, Purpose purpose, boolean once) {
            return null;
        }

        @Override
        public Runnable follow(Grant grant, Follower given, Right... needed) {
            assertThat(needed).containsExactly(Right.READ);
            assertThat(given.isConnection()).isFalse();
            follower = given;
            followed++;
            return () -> followed--;
        }
    };

    private WriterInterceptor interceptor(boolean granted) {
        NeedsFilter.Granted by = new NeedsFilter.Granted(visit, Caller.OPEN.on("d"), Right.READ);
        return new GrantedAnswers((HttpServletRequest) Proxy.newProxyInstance(
                GrantedAnswersTest.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, args) -> granted && method.getName().equals("getAttribute") ? by : null));
    }

    private interface Writing {
        void to(OutputStream out) throws IOException;
    }

    private static WriterInterceptorContext answer(Object entity, OutputStream client, Writing writing) {
        OutputStream[] out = {client};
        return (WriterInterceptorContext) Proxy.newProxyInstance(
                GrantedAnswersTest.class.getClassLoader(),
                new Class<?>[] {WriterInterceptorContext.class},
                (proxy, method, args) -> {
                    switch (method.getName()) {
                        case "getEntity":
                            return entity;
                        case "getOutputStream":
                            return out[0];
                        case "setOutputStream":
                            out[0] = (OutputStream) args[0];
                            return null;
                        case "proceed":
                            writing.to(out[0]);
                            return null;
                        default:
                            throw new AssertionError(method);
                    }
                });
    }

    private void endAfterTheFirst(OutputStream out) throws IOException {
        out.write(LARGE, 0, 10);
        if (follower != null) {
            follower.ended(Fault.REVOKED);
        }
        out.write(LARGE, 0, 10);
    }

    private static final class Client extends OutputStream {
        int taken;

        @Override
        public void write(int b) {
            taken++;
        }
    }

    @Test
    void answerOnItsWay_endsWithItsGrant() {
        for (Object entity : new Object[] {LARGE, STREAM}) {
            Client client = new Client();
            assertThatThrownBy(() -> interceptor(true).aroundWriteTo(answer(entity, client, this::endAfterTheFirst)))
                    .isInstanceOf(EofException.class);
            assertThat(client.taken).isEqualTo(10);
            assertThat(followed).isZero();
        }
    }

    @Test
    void twin_answerWithoutAGrant_goesOn() throws IOException {
        Client client = new Client();
        interceptor(false).aroundWriteTo(answer(LARGE, client, this::endAfterTheFirst));
        assertThat(client.taken).isEqualTo(20);
    }

    @Test
    void smallAnswer_isLeft() throws IOException {
        Client client = new Client();
        interceptor(true).aroundWriteTo(answer(new byte[10], client, this::endAfterTheFirst));
        assertThat(client.taken).isEqualTo(20);
        assertThat(follower).isNull();
    }

    /** A client that takes nothing would hold the answer for half a minute more. */
    @Test
    void threadThatWaitsForTheClient_waitsNoLonger() throws Exception {
        CountDownLatch waits = new CountDownLatch(1);
        OutputStream stuck = new OutputStream() {
            @Override
            public void write(int b) {
                throw new AssertionError();
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                waits.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            }
        };
        Future<Boolean> answering = threads.submit(() -> {
            assertThatThrownBy(() ->
                            interceptor(true).aroundWriteTo(answer(STREAM, stuck, out -> out.write(LARGE, 0, 10))))
                    .isInstanceOf(IOException.class);
            return Thread.currentThread().isInterrupted();
        });
        assertThat(waits.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(follower).isNotNull();
        follower.ended(Fault.EXPIRED);
        assertThat(answering.get(30, TimeUnit.SECONDS))
                .as("the interrupt is not for the next request")
                .isFalse();
    }
}
