package io.keck.api;

import io.keck.access.Public;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Serves the OpenAPI description of the interface, which a test compares with the server. Thread-safe. */
@Path("/jwst.json")
public final class OpenApiResource {
    private final byte[] description = read();

    OpenApiResource() {}

    private static byte[] read() {
        try (InputStream in = OpenApiResource.class.getResourceAsStream("openapi.json")) {
            if (in == null) {
                throw new IllegalStateException("openapi.json is not in the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The description. */
    @Public("It describes the interface, and no document.")
    @GET
    @Produces(MediaType.APPLICATION_JSON)
    public byte[] get() {
        return description.clone();
    }
}
