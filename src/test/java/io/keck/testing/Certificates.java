package io.keck.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority for one test, and the certificates that it issues. The JDK's keytool makes all of them in a
 * directory of the test; no key is kept in the repository.
 */
public final class Certificates {
    /** Of {@link #keyStore}. */
    public static final String PASSWORD = "of-no-use";

    private final Path dir;
    private final Path store;

    private Certificates(Path dir, Path store) {
        this.dir = dir;
        this.store = store;
    }

    /** Makes an authority, whose own certificate is {@link #ca}. */
    public static Certificates authority(Path dir, String name) {
        Certificates made = new Certificates(dir, dir.resolve(name + ".p12"));
        made.keytool("ca", "CN=" + name, "-ext", "bc:c", "-ext", "ku=keyCertSign");
        made.write("ca");
        return made;
    }

    /** Issues the certificate of a server; its files are {@link #certificate} and {@link #key}. */
    public Certificates certify(String alias, String names) {
        keytool(alias, "CN=" + alias, "-signer", "ca", "-ext", "san=" + names);
        write(alias);
        return this;
    }

    /** The file of the certificate of the authority, as PEM. */
    public Path ca() {
        return certificate("ca");
    }

    /** The file of the certificate with that alias, as PEM. */
    public Path certificate(String alias) {
        return file(alias, "crt");
    }

    /** The file of the private key with that alias, as PEM. */
    public Path key(String alias) {
        return file(alias, "key");
    }

    /** A key store (PKCS #12) with the key and the certificate of that alias alone. */
    public Path keyStore(String alias) {
        Path file = file(alias, "p12");
        try (InputStream in = Files.newInputStream(store);
                OutputStream out = Files.newOutputStream(file)) {
            KeyStore made = KeyStore.getInstance("PKCS12");
            made.load(in, PASSWORD.toCharArray());
            KeyStore one = KeyStore.getInstance("PKCS12");
            one.load(null, null);
            one.setKeyEntry(
                    alias,
                    made.getKey(alias, PASSWORD.toCharArray()),
                    PASSWORD.toCharArray(),
                    made.getCertificateChain(alias));
            one.store(out, PASSWORD.toCharArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return file;
    }

    /** Trusts this authority, and shows the certificate of that alias if asked; null for none. */
    public SSLContext client(@Nullable String alias) {
        try (InputStream in = Files.newInputStream(ca())) {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            KeyStore own = KeyStore.getInstance("PKCS12");
            if (alias == null) {
                own.load(null, null);
            } else {
                try (InputStream store = Files.newInputStream(keyStore(alias))) {
                    own.load(store, PASSWORD.toCharArray());
                }
            }
            keys.init(own, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path file(String alias, String kind) {
        return dir.resolve(store.getFileName().toString().replace(".p12", "-" + alias + "." + kind));
    }

    private void keytool(String alias, String name, String... more) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair"));
        command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
        command.addAll(List.of("-alias", alias, "-dname", name, "-keyalg", "EC", "-groupname", "secp256r1"));
        command.addAll(List.of("-validity", "2"));
        command.addAll(List.of(more));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new AssertionError("keytool: " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void write(String alias) {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore made = KeyStore.getInstance("PKCS12");
            made.load(in, PASSWORD.toCharArray());
            Certificate certificate = made.getCertificate(alias);
            Key key = made.getKey(alias, PASSWORD.toCharArray());
            Files.writeString(certificate(alias), pem("certificate", certificate.getEncoded()));
            Files.writeString(key(alias), pem("private key", key.getEncoded()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(String kind, byte[] bytes) {
        String name = kind.toUpperCase(Locale.ROOT);
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + name + "-----\n" + text + "\n-----END " + name + "-----\n";
    }
}
