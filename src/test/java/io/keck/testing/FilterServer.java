package io.keck.testing;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real Jetty with few threads, one filter and one servlet, and plain sockets to it. A JUnit extension, which closes the
 * sockets and stops the server after each test. Used by one thread.
 */
public final class FilterServer implements AfterEachCallback {
    private static final int TIMEOUT_MILLIS = 30_000;

    private final QueuedThreadPool pool;
    private final Server server;
    private final ServerConnector connector;
    private final List<Socket> open = new ArrayList<>();

    /**
     * Creates a server that is not started.
     *
     * @param threads the number of its threads
     */
    public FilterServer(int threads) {
        pool = new QueuedThreadPool(threads, threads);
        server = new Server(pool);
        connector = new ServerConnector(server, 1, 1);
    }

    /** Starts the server on a free port of the loopback interface. */
    public void start(Filter filter, HttpServlet servlet) throws Exception {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(servlet), "/*");
        server.setHandler(context);
        server.start();
    }

    /** The threads of the server. */
    public QueuedThreadPool pool() {
        return pool;
    }

    /** Sends bytes over a connection of their own, which stays open. */
    public Socket send(String request) throws IOException {
        Socket socket = new Socket("127.0.0.1", connector.getLocalPort());
        socket.setSoTimeout(TIMEOUT_MILLIS);
        open.add(socket);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** Reads the status line of an answer. */
    public static String status(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine();
    }

    /** The connections, in the order in which they were opened. */
    public List<Socket> open() {
        return open;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (Socket socket : open) {
            socket.close();
        }
        server.stop();
    }
}
