package io.keck.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.util.DataSize;
import io.keck.room.Documents;
import jakarta.servlet.DispatcherType;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.glassfish.jersey.server.ServerProperties;

/** The {@code api} block of the configuration: what a request may ask for. Builds the HTTP interface. */
public class ApiFactory {
    @NotNull
    @JsonProperty
    private DataSize maxBody = DataSize.mebibytes(2);

    @NotNull
    @JsonProperty
    private DataSize maxUpdate = DataSize.mebibytes(64);

    /** A body holds a value one level up; deeper ones no document takes. */
    @Min(1)
    @Max(1000)
    @JsonProperty
    private int maxJsonDepth = 100;

    @NotNull
    @JsonProperty
    private DataSize minRate = DataSize.kibibytes(1);

    @JsonProperty
    private boolean docs = true;

    /** Registers all resources over these documents, with their failures and, unless it is off, their description. */
    public void build(Environment environment, Documents documents) {
        // at run time: answers are written by the threads of the server, as if it had waited for them
        Executor writers = task ->
                environment.getApplicationContext().getServer().getThreadPool().execute(task);
        build(environment, documents, writers, System::currentTimeMillis, System::nanoTime);
    }

    /**
     * The same.
     *
     * @param clock milliseconds since 1970
     * @param nanos a steady clock
     */
    void build(Environment environment, Documents documents, Executor writers, LongSupplier clock, LongSupplier nanos) {
        ApiLimits limits = new ApiLimits(
                Math.toIntExact(maxBody.toBytes()),
                Math.toIntExact(maxUpdate.toBytes()),
                maxJsonDepth,
                minRate.toBytes());
        DocumentCalls calls = new DocumentCalls(documents, writers, new Bodies(limits, nanos));
        var jersey = environment.jersey();
        // an answer without a body has none: not the servlet container's page about its status
        jersey.property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        components(calls, clock).forEach(jersey::register);
        environment
                .servlets()
                .addFilter("content-type", new ContentTypeFilter())
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/api/*");
    }

    /** All that is registered. */
    List<Object> components(DocumentCalls calls, LongSupplier clock) {
        List<Object> all = new ArrayList<>(List.of(
                new RawPathFilter(),
                new UnreadBodyFilter(calls.bodies()),
                new UnwantedBodyFilter(calls.bodies()),
                new Failures(),
                new WorkspaceResource(calls),
                new InitResource(calls),
                new ExportResource(calls),
                new BlocksResource(calls),
                new FlavourResource(calls),
                new KeysResource(calls),
                new BlockResource(calls, clock),
                new MapResource(calls),
                new ArrayResource(calls),
                new TextResource(calls),
                new XmlResource(calls)));
        if (docs) {
            all.add(new OpenApiResource());
            all.add(new DocsResource());
        }
        return all;
    }

    /** For tests: other limits. */
    void limit(int body, int update, int jsonDepth, long rate, boolean described) {
        maxBody = DataSize.bytes(body);
        maxUpdate = DataSize.bytes(update);
        maxJsonDepth = jsonDepth;
        minRate = DataSize.bytes(rate);
        docs = described;
    }
}
