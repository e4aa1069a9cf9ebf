package io.keck.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dropwizard.jackson.Jackson;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.keck.testing.Certificates;
import jakarta.validation.Validation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates that are served, and changed while they are. */
class TlsConnectorFactoryTest {
    private static final ObjectMapper JSON = Jackson.newObjectMapper();

    static {
        TlsConnectorFactory.register(JSON);
    }

    @TempDir
    private static Path authority;

    private static Certificates certificates;

    @TempDir
    private Path dir;

    private final QueuedThreadPool threads = new QueuedThreadPool();
    private final Server server = new Server(threads);
    private TlsConnectorFactory factory;
    private ServerConnector connector;

    @BeforeAll
    static void certify() {
        certificates = Certificates.authority(authority, "authority")
                .certify("one", "dns:localhost,ip:127.0.0.1")
                .certify("two", "dns:localhost,ip:127.0.0.1")
                .certify("three", "dns:localhost,ip:127.0.0.1");
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
    }

    private void serve(String more) throws Exception {
        String json = "{\"type\":\"https\",\"bindHost\":\"127.0.0.1\",\"port\":0," + more + "}";
        factory = (TlsConnectorFactory) JSON.readValue(json, ConnectorFactory.class);
        connector = (ServerConnector) factory.build(server, new MetricRegistry(), "application", threads);
        server.addConnector(connector);
        server.start();
    }

    private String pem() {
        return "\"certificate\":\"" + dir.resolve("chain.pem") + "\",\"privateKey\":\"" + dir.resolve("key.pem") + "\"";
    }

    private void put(String alias) throws Exception {
        copy(certificates.certificate(alias), "chain.pem");
        copy(certificates.key(alias), "key.pem");
    }

    private void copy(Path file, String name) throws Exception {
        Files.copy(file, dir.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }

    /** The name in the certificate that is served to a new connection. */
    private String served() throws Exception {
        SSLContext trusting = certificates.client(null);
        try (SSLSocket socket =
                (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", connector.getLocalPort())) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSubjectX500Principal()
                    .getName();
        }
    }

    @Test
    void https_isThisFactory_andHttpIsNot() throws Exception {
        assertThat(JSON.readValue("{\"type\":\"https\"}", ConnectorFactory.class))
                .isExactlyInstanceOf(TlsConnectorFactory.class);
        assertThat(JSON.readValue("{\"type\":\"http\"}", ConnectorFactory.class))
                .isExactlyInstanceOf(HttpConnectorFactory.class);
    }

    @Test
    void certificateOrKeyStore_isNeeded() throws Exception {
        try (var validators = Validation.buildDefaultValidatorFactory()) {
            var validator = validators.getValidator();
            assertThat(validator.validate(JSON.readValue("{\"type\":\"https\"}", ConnectorFactory.class)))
                    .isNotEmpty();
            assertThat(validator.validate(
                            JSON.readValue("{\"type\":\"https\",\"certificate\":\"a\"}", ConnectorFactory.class)))
                    .isNotEmpty();
            assertThat(validator.validate(JSON.readValue(
                            "{\"type\":\"https\",\"certificate\":\"a\",\"privateKey\":\"b\"}", ConnectorFactory.class)))
                    .isEmpty();
            assertThat(validator.validate(JSON.readValue(
                            "{\"type\":\"https\",\"keyStorePath\":\"a\",\"keyStorePassword\":\"b\"}",
                            ConnectorFactory.class)))
                    .isEmpty();
        }
    }

    @Test
    void changedPemFiles_areServedAfterALook() throws Exception {
        put("one");
        serve(pem());
        assertThat(served()).isEqualTo("CN=one");
        assertThat(factory.look().isChanged()).isFalse();
        put("two");
        assertThat(served()).as("twin: without a look the old one stays").isEqualTo("CN=one");
        assertThat(factory.look().isChanged()).isTrue();
        assertThat(served()).isEqualTo("CN=two");
        assertThat(factory.described()).startsWith("CN=two, good until 20");
        assertThat(factory.look().isChanged()).isFalse();
    }

    /** As certbot does it: the names in live stay, and lead to other files. */
    @Test
    void linksThatLeadElsewhere_areAChange() throws Exception {
        Files.createSymbolicLink(dir.resolve("chain.pem"), certificates.certificate("one"));
        Files.createSymbolicLink(dir.resolve("key.pem"), certificates.key("one"));
        serve(pem());
        Files.delete(dir.resolve("chain.pem"));
        Files.delete(dir.resolve("key.pem"));
        Files.createSymbolicLink(dir.resolve("chain.pem"), certificates.certificate("three"));
        Files.createSymbolicLink(dir.resolve("key.pem"), certificates.key("three"));
        assertThat(factory.look().isChanged()).isTrue();
        assertThat(served()).isEqualTo("CN=three");
    }

    /** Two files are written one after the other, and may be written badly: the old certificate is served until they fit. */
    @Test
    void filesThatDoNotFit_changeNothing_andAreSaidOnce() throws Exception {
        put("one");
        serve(pem());
        copy(certificates.certificate("two"), "chain.pem");
        TlsConnectorFactory.Look look = factory.look();
        assertThat(look.isChanged()).isFalse();
        assertThat(look.problem()).contains("is not that of the certificate").contains("key.pem");
        assertThat(factory.look().problem()).isNull();
        assertThat(served()).isEqualTo("CN=one");
        Files.writeString(dir.resolve("key.pem"), "nonsense");
        assertThat(factory.look().problem()).contains("BEGIN PRIVATE KEY").doesNotContain("nonsense");
        Files.delete(dir.resolve("key.pem"));
        assertThat(factory.look().problem()).contains("cannot be read");
        assertThat(served()).isEqualTo("CN=one");
        copy(certificates.key("two"), "key.pem");
        assertThat(factory.look().isChanged()).isTrue();
        assertThat(served()).isEqualTo("CN=two");
    }

    @Test
    void changedKeyStore_isServedAfterALook() throws Exception {
        copy(certificates.keyStore("one"), "store.p12");
        serve("\"keyStorePath\":\"" + dir.resolve("store.p12")
                + "\",\"keyStoreType\":\"PKCS12\",\"keyStorePassword\":\"" + Certificates.PASSWORD + "\"");
        assertThat(served()).isEqualTo("CN=one");
        Files.writeString(dir.resolve("store.p12"), "nonsense");
        assertThat(factory.look().problem()).isNotNull();
        assertThat(served()).isEqualTo("CN=one");
        copy(certificates.keyStore("two"), "store.p12");
        assertThat(factory.look().isChanged()).isTrue();
        assertThat(served()).isEqualTo("CN=two");
    }

    @Test
    void wrongFilesAtTheStart_areSaid() throws Exception {
        copy(certificates.certificate("one"), "chain.pem");
        copy(certificates.key("two"), "key.pem");
        assertThatThrownBy(() -> serve(pem())).hasMessageContaining("is not that of the certificate");
        copy(certificates.key("one"), "chain.pem");
        assertThatThrownBy(() -> serve(pem())).hasMessageContaining("no certificates");
    }

    /** Clients without a certificate of the authority do not get in; the others do. */
    @Test
    void clientAuthorities_letOnlyTheirClientsIn() throws Exception {
        put("one");
        serve(pem() + ",\"clientAuthorities\":\"" + certificates.ca() + "\"");
        assertThatThrownBy(() -> ask(certificates.client(null))).isInstanceOf(java.io.IOException.class);
        Certificates others = Certificates.authority(dir, "others").certify("stranger", "dns:stranger");
        Files.copy(certificates.ca(), others.ca(), StandardCopyOption.REPLACE_EXISTING); // it trusts the server
        assertThatThrownBy(() -> ask(others.client("stranger"))).isInstanceOf(java.io.IOException.class);
        assertThat(ask(certificates.client("two"))).startsWith("HTTP/1.1 ");
    }

    private String ask(SSLContext client) throws Exception {
        try (SSLSocket socket =
                (SSLSocket) client.getSocketFactory().createSocket("127.0.0.1", connector.getLocalPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readAllBytes();
            if (answer.length == 0) {
                throw new java.io.EOFException();
            }
            return new String(answer, java.nio.charset.StandardCharsets.US_ASCII);
        }
    }
}
