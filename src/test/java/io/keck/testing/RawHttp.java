package io.keck.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The answer to an HTTP request that is written to a socket byte for byte, so that its path may be one that no client library
 * sends. Immutable.
 *
 * @param status the HTTP status
 * @param headers the last value of each header; names are found in upper or lower case
 * @param body the body as text
 */
public record RawHttp(int status, Map<String, String> headers, String body) {
    /** The header lines that ask for an upgrade to a WebSocket. */
    public static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n";

    /** Asks for an upgrade to a WebSocket; where it is refused, the body says why. */
    public static RawHttp upgrade(KeckProcess keck, String rawPath) {
        return ask(keck, "GET", rawPath, UPGRADE);
    }

    /** Sends a request with these header lines. */
    public static RawHttp ask(KeckProcess keck, String method, String rawPath, String headerLines) {
        return ask(keck.port(), method, rawPath, headerLines, "");
    }

    /** Sends a request with these header lines and this body to a port of this machine. */
    public static RawHttp ask(int port, String method, String rawPath, String headerLines, String body) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return ask(socket, method, rawPath, headerLines, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a request over an open connection and leaves it open. */
    public static RawHttp ask(Socket socket, String method, String rawPath, String headerLines, String body)
            throws IOException {
        socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String length = bytes.length == 0 ? "" : "Content-Length: " + bytes.length + "\r\n";
        String head = method + " " + rawPath + " HTTP/1.1\r\nHost: localhost\r\n" + headerLines + length + "\r\n";
        // in one piece: a proxy that passes bodies on as they come repeats only what it had got whole
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.getBytes(StandardCharsets.UTF_8));
        request.writeBytes(bytes);
        socket.getOutputStream().write(request.toByteArray());
        return read(socket.getInputStream());
    }

    private static RawHttp read(InputStream in) throws IOException {
        int status = Integer.parseInt(line(in).split(" ", 3)[1]);
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
        return new RawHttp(status, headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the answer ends in its head");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
