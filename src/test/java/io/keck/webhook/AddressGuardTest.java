package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.feed.Hooks.RefusedException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
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
        assertThatThrownBy(() -> Webhooks.check("http://" + host + "/x", false)).isInstanceOf(RefusedException.class);
        assertThatCode(() -> Webhooks.check("http://" + host + "/x", true)).doesNotThrowAnyException();
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
        assertThatThrownBy(() -> Webhooks.check(url, false)).isInstanceOf(RefusedException.class);
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
}
