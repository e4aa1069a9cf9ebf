package io.keck.cluster;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;

/** Whose certificates a Redis may show over TLS. The name in the URL has to be one of the certificate, too. */
final class Trust {
    private static final String TYPE = "PKCS12";
    private static final String STORE = "store";

    private Trust() {}

    /** Those whom Java trusts. */
    static SslOptions byJava() {
        return SslOptions.defaults();
    }

    /**
     * Those whose chain ends at one of these certificates, and at none of Java's own.
     *
     * @param file certificates, PEM (RFC 7468), one after the other
     * @throws IllegalArgumentException with a sentence, where there are none
     */
    static SslOptions in(Path file) {
        char[] password = STORE.toCharArray(); // of a store that never leaves the memory
        byte[] store = store(file, password);
        return SslOptions.builder()
                .trustStoreType(TYPE)
                .truststore(() -> new ByteArrayInputStream(store), password)
                .sslVerifyMode(SslVerifyMode.FULL)
                .build();
    }

    private static byte[] store(Path file, char[] password) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            Collection<? extends Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (certificates.isEmpty()) {
                throw new IllegalArgumentException("There is no certificate in " + file + ".");
            }
            KeyStore store = KeyStore.getInstance(TYPE);
            store.load(null, null);
            for (Certificate certificate : certificates) {
                store.setCertificateEntry("ca" + store.size(), certificate);
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            store.store(bytes, password);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalArgumentException("The certificates in " + file + " cannot be read: " + e + ".", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("These are no certificates in PEM: " + file + ".", e);
        }
    }
}
