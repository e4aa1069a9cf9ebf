package io.keck.node;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads certificates and private keys from PEM files, as certbot and openssl write them. Stateless. */
final class PemFiles {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]*)-----END PRIVATE KEY-----");

    private static final long MAX_BYTES = 1 << 20;

    private PemFiles() {}

    /**
     * Creates the key store of a server.
     *
     * @param chain the certificate of the server first, then those of the authorities between it and a root
     * @param key PKCS #8, without a password
     * @param password the password of the key store, which is only in memory
     * @throws IllegalArgumentException with a sentence, if a file lacks what it should contain, or the key does not
     *     belong to the certificate
     */
    static KeyStore keyStore(Path chain, Path key, char[] password) {
        Certificate[] certificates = certificates(chain).toArray(new Certificate[0]);
        PrivateKey secret = key(key, certificates[0].getPublicKey());
        try {
            if (!belongTogether(secret, certificates[0].getPublicKey())) {
                throw new IllegalArgumentException(
                        "The private key in " + key + " is not that of the certificate in " + chain + ".");
            }
            KeyStore store = empty();
            store.setKeyEntry("keck", secret, password, certificates);
            return store;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("The certificate in " + chain + " cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * Creates a trust store of the authorities whose certificates are accepted.
     *
     * @throws IllegalArgumentException with a sentence, if the file contains no certificates
     */
    static KeyStore trustStore(Path authorities) {
        try {
            KeyStore store = empty();
            int n = 0;
            for (Certificate certificate : certificates(authorities)) {
                store.setCertificateEntry("authority-" + n++, certificate);
            }
            return store;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "The certificates in " + authorities + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static byte[] bytes(Path file) {
        try {
            if (Files.size(file) <= MAX_BYTES) {
                return Files.readAllBytes(file);
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "The file " + file + " cannot be read (" + e.getClass().getSimpleName() + ").");
        }
        throw new IllegalArgumentException("The file " + file + " is larger than 1 MiB.");
    }

    private static Collection<? extends Certificate> certificates(Path file) {
        try {
            Collection<? extends Certificate> read =
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes(file)));
            if (!read.isEmpty()) {
                return read;
            }
        } catch (GeneralSecurityException e) {
            // the same sentence
        }
        throw new IllegalArgumentException("The file " + file + " has no certificates (BEGIN CERTIFICATE).");
    }

    private static PrivateKey key(Path file, PublicKey of) {
        Matcher pem = KEY.matcher(new String(bytes(file), StandardCharsets.US_ASCII));
        try {
            if (pem.find()) {
                return KeyFactory.getInstance(of.getAlgorithm())
                        .generatePrivate(
                                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1))));
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // the same sentence, which shows nothing of the file
        }
        throw new IllegalArgumentException(
                "The file " + file + " has no private key that fits the certificate: it has to be"
                        + " " + of.getAlgorithm()
                        + " in PKCS #8, without a password (BEGIN PRIVATE KEY). \"openssl pkcs8 -topk8"
                        + " -nodes\" makes one of other forms.");
    }

    /**
     * Whether a key belongs to a certificate. They are two files, so while they are being replaced one may be older
     * than the other.
     */
    private static boolean belongTogether(PrivateKey secret, PublicKey open) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(
                switch (open.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> open.getAlgorithm();
                });
        byte[] text = {1, 2, 3};
        signature.initSign(secret);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(open);
        signature.update(text);
        return signature.verify(signed);
    }
}
