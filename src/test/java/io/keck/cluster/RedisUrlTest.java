package io.keck.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.HostAndPort;

class RedisUrlTest {
    @Test
    void parse_takesTheThreeKinds() {
        RedisUrl plain = RedisUrl.parse("redis://cache");
        assertThat(plain.kind()).isEqualTo(RedisUrl.Kind.STANDALONE);
        assertThat(plain.hosts()).containsExactly(new HostAndPort("cache", 6379));
        assertThat(plain.tls()).isFalse();
        assertThat(plain.user()).isNull();
        assertThat(plain.password()).isNull();
        assertThat(plain.database()).isZero();

        RedisUrl sentinel = RedisUrl.parse("rediss-sentinel://u:p%40s%3As+@s_1,[::1]:7000/my%20master/3");
        assertThat(sentinel.kind()).isEqualTo(RedisUrl.Kind.SENTINEL);
        assertThat(sentinel.tls()).isTrue();
        assertThat(sentinel.hosts()).containsExactly(new HostAndPort("s_1", 26379), new HostAndPort("::1", 7000));
        assertThat(sentinel.user()).isEqualTo("u");
        assertThat(sentinel.password()).isEqualTo("p@s:s+");
        assertThat(sentinel.master()).isEqualTo("my master");
        assertThat(sentinel.database()).isEqualTo(3);

        RedisUrl cluster = RedisUrl.parse(" redis-cluster://:pw@a:1,b:2 ");
        assertThat(cluster.kind()).isEqualTo(RedisUrl.Kind.CLUSTER);
        assertThat(cluster.hosts()).containsExactly(new HostAndPort("a", 1), new HostAndPort("b", 2));
        assertThat(cluster.user()).isNull();
        assertThat(cluster.password()).isEqualTo("pw");
        assertThat(RedisUrl.parse("rediss://h:1/").database()).isZero();
        assertThat(RedisUrl.parse("redis://h/12").database()).isEqualTo(12);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://secret@h",
                "redis:secret",
                "redis://",
                "redis://u:secret@",
                "redis://u:se cret@h",
                "redis://u:secret@h:0",
                "redis://u:secret@h:70000",
                "redis://u:secret@h/x",
                "redis://u:secret@h/1/2",
                "redis://u:secret@h?a=b",
                "redis://u:secret@h#f",
                "redis://u:secret@h,i",
                "redis-sentinel://u:secret@h",
                "redis-cluster://u:secret@h/1",
                "redis://u:secret%@h",
            })
    void parse_refusesTheRestWithoutRepeatingIt(String url) {
        assertThatThrownBy(() -> RedisUrl.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Redis URL")
                .hasMessageNotContaining("cret")
                .hasNoCause();
    }

    @Test
    void toString_hasNoPassword() {
        assertThat(RedisUrl.parse("redis-cluster://u:secret@h")).hasToString("Redis cluster at [h:6379]");
        assertThat(RedisUrl.parse("redis://u:secret@h")).hasToString("Redis at [h:6379]");
    }
}
