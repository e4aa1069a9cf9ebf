package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.feed.Hooks.RefusedException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
    private static void check(String url, boolean trusted) {
        try (Resolver resolver = new Resolver(InetAddress::getAllByName, 30_000)) {
            Webhooks.check(url, trusted, Ports.parse("80,443,1024-65535"), resolver);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.255.255.255",
                "0.0.0.0",
                "10.0.0.1",
                "100.64.0.1",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "192.0.0.8",
                "198.18.0.1",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b:1::1",
                "2002:7f00:1::",
                "2001:0:4136:e378::1",
                "2001:db8::1",
                "fc00::1",
                "fdff::1",
                "fe80::1",
                "fec0::1",
                "ff02::1"
            })
    void addressesThatAreNotPublic_areRefused(String address) throws UnknownHostException {
        assertThat(AddressGuard.isPublic(InetAddress.getByName(address))).isFalse();
        String host = address.contains(":") ? "[" + address + "]" : address;
        assertThatThrownBy(() -> check("http://" + host + "/x", false)).isInstanceOf(RefusedException.class);
        assertThatCode(() -> check("http://" + host + "/x", true)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8.8.8.8",
                "100.63.255.255",
                "172.15.0.1",
                "172.32.0.1",
                "223.255.255.255",
                "2606:4700::1",
                "64:ff9b::808:808",
                "2002:808:808::1",
                "2001:4860:4860::8888"
            })
    void publicAddresses_areTaken(String address) throws UnknownHostException {
        assertThat(AddressGuard.isPublic(InetAddress.getByName(address))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://8.8.8.8/",
                "8.8.8.8",
                "http://",
                "http:///x",
                "file:///etc/passwd",
                "http://user:pw@8.8.8.8/",
                "http://8.8.8.8/#x",
                "http://no such host/",
                "http://localhost/",
                "http://2130706433/",
                "http://127.1/",
                "http://does-not-exist.invalid/"
            })
    void otherEndpoints_areRefused(String url) {
        assertThatThrownBy(() -> check(url, false)).isInstanceOf(RefusedException.class);
    }

    /** The key and the signed text of Standard Webhooks, the signature as OpenSSL makes it. */
    @Test
    void signature_isThatOfStandardWebhooks() {
        byte[] body = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);
        Signature signature = Signature.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assertThat(signature.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assertThat(Signature.of("")).isNull();
        assertThat(Signature.of("plain").sign("i", 1, body))
                .isEqualTo("v1,nS1RMCFC9Dj8Up7xNB4hU6/20Wezr9dTrEA2p1N8A+A=");
        assertThatThrownBy(() -> Signature.of("whsec_***")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusals_ofAddresses_sayTheSame_whetherTheNameIsThereOrNot() {
        for (String host : new String[] {"127.0.0.1", "10.0.0.1", "no-such-name.invalid", "localhost"}) {
            assertThatThrownBy(() -> check("http://" + host + "/", false)).hasMessage(Webhooks.ADDRESS_REFUSED);
        }
    }

    @Test
    void portsBeyondTheConfigured_areRefused_unlessItIsTheOperators() {
        for (int port : new int[] {1, 22, 25, 79, 1023}) {
            assertThatThrownBy(() -> check("http://203.0.114.1:" + port + "/", false))
                    .hasMessageContaining("webhook.ports");
            assertThatCode(() -> check("http://10.0.0.1:" + port + "/", true)).doesNotThrowAnyException();
        }
        for (String good :
                new String[] {"http://8.8.8.8/", "https://8.8.8.8/", "https://8.8.8.8:8443/", "http://8.8.8.8:65535/"
                }) {
            assertThatCode(() -> check(good, false)).doesNotThrowAnyException();
        }
        for (String bad : new String[] {"", "x", "0", "65536", "5-3", "1-2-3", "80,,443"}) {
            assertThatThrownBy(() -> Ports.parse(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** As many questions as there are threads hang; the next one is refused at once, and each ends in its time. */
    @Test
    void nameServerThatDoesNotAnswer_holdsUpNobody_forLong() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (Resolver resolver = new Resolver(
                host -> {
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    throw new UnknownHostException();
                },
                50)) {
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> resolver.resolve("slow.example")).isInstanceOf(UnknownHostException.class);
            }
        } finally {
            never.countDown();
        }
    }
}
