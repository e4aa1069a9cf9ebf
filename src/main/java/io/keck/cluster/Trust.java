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

/**
 * The certificates that are trusted over TLS. In addition, the host name in the URL must be one of the server's
 * certificate.
 */
final class Trust {
    private static final String TYPE = "PKCS12";
    private static final String STORE = "store";

    private Trust() {}

    /** Trusts the certificates that Java trusts. */
    static SslOptions byJava() {
        return SslOptions.defaults();
    }

    /**
     * Trusts certificates whose chain ends at one of these, and none of those that Java trusts.
     *
     * @param file certificates in PEM (RFC 7468), one after another
     * @throws IllegalArgumentException with a sentence, if there are none
     */
    static SslOptions in(Path file) {
        char[] password = STORE.toCharArray(); // the store never leaves memory, so its password is no secret
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
            throw new IllegalArgumentException("The file has no valid certificates in PEM: " + file + ".", e);
        }
    }
}
