package io.keck.node;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import io.dropwizard.jetty.HttpsConnectorFactory;
import io.dropwizard.validation.ValidationMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * A connector of type {@code https}: as Dropwizard's, which it replaces, but it takes PEM files as well as key stores, and
 * reads them again when they have changed. Connections that are open go on with the certificate they have.
 */
public class TlsConnectorFactory extends HttpsConnectorFactory {
    /** Of a key store that is only in memory. */
    private static final String IN_MEMORY = "in-memory";

    private static final String ABSENT = "absent";
    private static final String UNKNOWN = "unknown";

    /** The certificate of the server and those of authorities between it and a root, in PEM. */
    @JsonProperty
    private @Nullable String certificate;

    /** The private key of the certificate, in PEM (PKCS #8). */
    @JsonProperty
    private @Nullable String privateKey;

    /** Authorities in PEM: only clients with a certificate of one of them may connect. */
    @JsonProperty
    private @Nullable String clientAuthorities;

    @JsonIgnore
    private SslContextFactory.@Nullable Server running;

    @JsonIgnore
    private String stamp = "";

    @JsonIgnore
    private String refused = "";

    /** Has the configuration read connectors of type {@code https} as these: of two with one name, the last counts. */
    public static void register(ObjectMapper mapper) {
        mapper.registerSubtypes(new NamedType(TlsConnectorFactory.class, "https"));
    }

    /** Whether it is said where the certificate is. */
    @Override
    @JsonIgnore
    @ValidationMethod(message = "needs certificate and privateKey (PEM files), or keyStorePath")
    public boolean isValidKeyStorePath() {
        return certificate == null ? privateKey == null && super.isValidKeyStorePath() : privateKey != null;
    }

    @Override
    @JsonIgnore
    @ValidationMethod(message = "keyStorePassword should not be null or empty")
    public boolean isValidKeyStorePassword() {
        return certificate != null || super.isValidKeyStorePassword();
    }

    @Override
    protected SslContextFactory.Server configureSslContextFactory(SslContextFactory factory) {
        SslContextFactory.Server server = super.configureSslContextFactory(factory);
        if (certificate != null && privateKey != null) {
            server.setKeyStore(PemFiles.keyStore(Path.of(certificate), Path.of(privateKey), IN_MEMORY.toCharArray()));
            server.setKeyStorePassword(IN_MEMORY);
            server.setKeyManagerPassword(IN_MEMORY);
        }
        if (clientAuthorities != null) {
            server.setTrustStore(PemFiles.trustStore(Path.of(clientAuthorities)));
            server.setNeedClientAuth(true);
        }
        if (running == null) {
            stamp = stamp();
            running = server;
        }
        return server;
    }

    /** What tells whether files have changed. Where a name leads to another file, as certbot's do, that is a change. */
    private String stamp() {
        return Stream.of(certificate, privateKey, clientAuthorities, getKeyStorePath(), getTrustStorePath())
                .filter(path -> path != null && !path.isEmpty())
                .map(path -> stamp(Path.of(path)))
                .collect(Collectors.joining("\n"));
    }

    private static String stamp(Path file) {
        try {
            Path real = file.toRealPath();
            return real + " " + Files.getLastModifiedTime(real).toMillis() + " " + Files.size(real);
        } catch (IOException e) {
            return ABSENT;
        }
    }

    /** The result of checking the files for changes. */
    record Look(boolean isChanged, @Nullable String problem) {
        static final Look SAME = new Look(false, null);
    }

    /**
     * Reads the files again if they have changed. If they are unusable, the old certificate stays in use and the next look tries
     * again; a problem is logged once for each change.
     */
    Look look() {
        SslContextFactory.Server server = running;
        String now = stamp();
        if (server == null || !server.isRunning() || now.equals(stamp)) {
            return Look.SAME;
        }
        try {
            tryOut();
            server.reload(this::configureSslContextFactory);
            stamp = now;
            refused = "";
            return new Look(true, null);
        } catch (Exception e) { // whatever the JDK's key stores throw
            boolean isNews = !now.equals(refused);
            refused = now;
            return isNews ? new Look(false, String.valueOf(e.getMessage())) : Look.SAME;
        }
    }

    /** Tries the files before Jetty reloads them, because Jetty serves no connection after a failed reload. */
    private void tryOut() throws Exception {
        SslContextFactory.Server trial = configureSslContextFactory(new SslContextFactory.Server());
        trial.start();
        trial.stop();
    }

    /** For people: whose certificate is served and until when it is good. */
    String described() {
        X509Certificate x509 = served();
        return x509 == null
                ? UNKNOWN
                : x509.getSubjectX500Principal().getName() + ", good until "
                        + x509.getNotAfter().toInstant();
    }

    /** Until when the certificate is good that is served now, in milliseconds since 1970; empty if that is not known. */
    OptionalLong goodUntil() {
        X509Certificate x509 = served();
        return x509 == null
                ? OptionalLong.empty()
                : OptionalLong.of(x509.getNotAfter().toInstant().toEpochMilli());
    }

    private @Nullable X509Certificate served() {
        SslContextFactory.Server server = running;
        KeyStore store = server == null ? null : server.getKeyStore();
        if (store == null) {
            return null;
        }
        try {
            for (String alias : Collections.list(store.aliases())) {
                Certificate found = store.getCertificate(alias);
                if (found instanceof X509Certificate x509 && store.isKeyEntry(alias)) {
                    return x509;
                }
            }
        } catch (KeyStoreException e) {
            return null;
        }
        return null;
    }
}
