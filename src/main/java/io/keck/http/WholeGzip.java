package io.keck.http;

import java.nio.ByteBuffer;
import java.util.zip.ZipException;
import org.eclipse.jetty.http.GZIPContentDecoder;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Fails a compressed request body that ends before its gzip stream does. Jetty, which decompresses after this handler,
 * accepts a truncated stream as complete, so half an upload would be stored as a whole one. The body is therefore
 * decompressed twice, in constant memory. Thread-safe.
 */
final class WholeGzip extends Handler.Wrapper {
    private static final String GZIP = "gzip";
    private static final int BUFFER = 8 << 10;

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String encoding = request.getHeaders().get(HttpHeader.CONTENT_ENCODING);
        if (encoding == null || !encoding.strip().equalsIgnoreCase(GZIP)) {
            return super.handle(request, response, callback);
        }
        Watched watched = new Watched(request);
        Request.addCompletionListener(request, failure -> watched.end());
        return super.handle(watched, response, callback);
    }

    /** Read by one thread at a time, like every request. */
    private static final class Watched extends Request.Wrapper {
        private @Nullable GZIPContentDecoder decoder = new GZIPContentDecoder(BUFFER);
        private Content.@Nullable Chunk failure;

        Watched(Request request) {
            super(request);
        }

        @Override
        public Content.@Nullable Chunk read() {
            if (failure != null) {
                return failure;
            }
            Content.Chunk chunk = super.read();
            if (chunk == null || Content.Chunk.isFailure(chunk) || isWhole(chunk)) {
                return chunk;
            }
            chunk.release();
            failure = Content.Chunk.from(new ZipException("the gzip stream has no end"));
            return failure;
        }

        /** False only for the last chunk of a stream that goes on. */
        private synchronized boolean isWhole(Content.Chunk chunk) {
            if (decoder == null) {
                return true;
            }
            try {
                ByteBuffer bytes = chunk.getByteBuffer().slice();
                boolean goesOn = bytes.hasRemaining();
                while (goesOn) {
                    RetainableByteBuffer decoded = decoder.decode(bytes);
                    // at the end of a stream, another call would wait for the next stream
                    goesOn = bytes.hasRemaining() || (decoded.hasRemaining() && !decoder.isFinished());
                    decoded.release();
                }
            } catch (RuntimeException e) {
                end(); // not gzip: Jetty detects that, too, and refuses the request
                return true;
            }
            return !chunk.isLast() || decoder.isFinished();
        }

        synchronized void end() {
            if (decoder != null) {
                decoder.destroy();
                decoder = null;
            }
        }
    }
}
