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
 * A connector of type {@code https}, which replaces Dropwizard's: it accepts PEM files as well as key stores, and
 * reloads them when they have changed. Open connections keep the certificate with which they were made.
 */
public class TlsConnectorFactory extends HttpsConnectorFactory {
    /** The password of a key store that exists only in memory. */
    private static final String IN_MEMORY = "in-memory";

    private static final String ABSENT = "absent";
    private static final String UNKNOWN = "unknown";

    /** The file with the certificate of the server and those of the authorities between it and a root, in PEM. */
    @JsonProperty
    private @Nullable String certificate;

    /** The file with the private key of the certificate, in PEM (PKCS #8). */
    @JsonProperty
    private @Nullable String privateKey;

    /** The file with authorities in PEM: only clients with a certificate of one of them may connect. */
    @JsonProperty
    private @Nullable String clientAuthorities;

    @JsonIgnore
    private SslContextFactory.@Nullable Server running;

    @JsonIgnore
    private String stamp = "";

    @JsonIgnore
    private String refused = "";

    /**
     * Registers this class for connectors of type {@code https}; of two classes with one type name, the last registered
     * one is used.
     */
    public static void register(ObjectMapper mapper) {
        mapper.registerSubtypes(new NamedType(TlsConnectorFactory.class, "https"));
    }

    /** Whether the configuration names a certificate: a key store or PEM files. */
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

    /**
     * Returns a text that changes whenever one of the files changes, or a symbolic link, as certbot uses them, leads to
     * another file.
     */
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
     * Reloads the files if they have changed. If they are unusable, the old certificate stays in use and the next call
     * tries again; a problem is logged once for each change.
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
        } catch (Exception e) { // the JDK's key stores throw many kinds of exceptions
            boolean isNews = !now.equals(refused);
            refused = now;
            return isNews ? new Look(false, String.valueOf(e.getMessage())) : Look.SAME;
        }
    }

    /** Loads the files before Jetty reloads them, because Jetty serves no connection after a failed reload. */
    private void tryOut() throws Exception {
        SslContextFactory.Server trial = configureSslContextFactory(new SslContextFactory.Server());
        trial.start();
        trial.stop();
    }

    /** Describes the served certificate for the log: its subject and the end of its validity. */
    String described() {
        X509Certificate x509 = served();
        return x509 == null
                ? UNKNOWN
                : x509.getSubjectX500Principal().getName() + ", good until "
                        + x509.getNotAfter().toInstant();
    }

    /** The end of the validity of the certificate that is served now, in milliseconds since 1970; empty if unknown. */
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
