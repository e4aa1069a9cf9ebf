package io.keck.cluster;

import io.keck.check.Findings;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** Examines Redis: whether it answers and accepts the login, its version and clock, and whether messages arrive. */
public final class RedisDoctor {
    private static final String AREA = "redis";
    private static final Pattern VERSION = Pattern.compile("(redis|valkey)_version:(\\d+)\\.(\\d+)\\S*");
    private static final long CLOCK_MILLIS = 1_000;
    private static final int MAJOR = 6;
    private static final int MINOR = 2;
    private static final int SHARDED_SINCE = 7;

    private final RedisUrl url;
    private final Servers servers;
    private final Clock clock;

    RedisDoctor(RedisUrl url, Servers servers, Clock clock) {
        this.url = url;
        this.servers = servers;
        this.clock = clock;
    }

    /** Runs all checks. */
    public void look(Findings findings) {
        byte[] channel = ("keck:doctor:{0}:" + UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
        try (Connection connection = servers.connect(channel)) {
            findings.ok(AREA, url + " answers.");
            version(connection, findings);
            password(connection, findings);
            time(connection, findings);
            roundTrip(connection, channel, findings);
        } catch (JedisAccessControlException e) {
            findings.problem(
                    AREA,
                    url + " refused the login: " + e.getMessage() + ".",
                    "Correct user and password in REDIS_URL.");
        } catch (JedisDataException e) {
            findings.problem(
                    AREA,
                    url + " refused a command: " + e.getMessage() + ".",
                    "The user of REDIS_URL needs +@connection +@pubsub +info +time, and channels keck:*.");
        } catch (JedisException e) {
            findings.unknown(
                    AREA,
                    url + " cannot be reached: " + e.getMessage() + ".",
                    "Is it up, and does REDIS_URL name it? Until then nodes see each other's edits through the database,"
                            + " in about 0.2 s, and no cursors.");
        }
    }

    private static String text(Object answer) {
        return answer instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(answer);
    }

    private void version(Connection connection, Findings findings) {
        connection.sendCommand(Protocol.Command.INFO, "server");
        Matcher version = VERSION.matcher(text(connection.getOne()));
        if (!version.find()) {
            findings.hint(AREA, "Redis does not tell its version.", "Keck needs Redis 6.2 or Valkey.");
            return;
        }
        int major = Integer.parseInt(version.group(2));
        int minor = Integer.parseInt(version.group(3));
        boolean old =
                major < MAJOR || (major == MAJOR && minor < MINOR) || (servers.isSharded() && major < SHARDED_SINCE);
        String found = version.group(1) + " " + major + "." + minor;
        if (old) {
            findings.problem(
                    AREA,
                    "This is " + found + ".",
                    "Keck needs Redis 6.2 or newer, 7.0 or newer for a cluster, or Valkey: upgrade it.");
        } else {
            findings.ok(AREA, "This is " + found + ".");
        }
    }

    private void password(Connection connection, Findings findings) {
        String host = connection.getHostAndPort() == null
                ? url.hosts().get(0).getHost()
                : connection.getHostAndPort().getHost();
        boolean local = List.of("localhost", "127.0.0.1", "::1").contains(host);
        if (url.password() == null && !local) {
            findings.hint(
                    AREA,
                    "Redis on " + host + " needs no password: every client that reaches it can read all edits.",
                    "Set a password (requirepass or an ACL user) and put it into REDIS_URL, or keep others out of its"
                            + " network.");
        } else if (url.password() != null && !url.tls() && !local) {
            findings.hint(
                    AREA,
                    "The password goes to " + host + " unencrypted.",
                    "Use rediss:// unless the network in between is trusted.");
        } else {
            findings.ok(AREA, url.password() == null ? "No password is needed from here." : "The password is right.");
        }
    }

    private void time(Connection connection, Findings findings) {
        long before = clock.millis();
        connection.sendCommand(Protocol.Command.TIME);
        List<?> answer = (List<?>) connection.getOne();
        long after = clock.millis();
        long there = Long.parseLong(text(answer.get(0))) * 1_000 + Long.parseLong(text(answer.get(1))) / 1_000;
        long off = there < before ? before - there : Math.max(0, there - after);
        if (off > CLOCK_MILLIS) {
            findings.problem(
                    "clock",
                    "The clock of Redis is " + off / 1_000.0 + " s away from the one here.",
                    "Set both with NTP (chrony, systemd-timesyncd): the time that messages take is measured with them.");
        } else {
            findings.ok("clock", "The clock of Redis is the same as here.");
        }
    }

    private void roundTrip(Connection subscriber, byte[] channel, Findings findings) {
        byte[] word = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);
        subscriber.sendCommand(servers.subscribeCommand(), channel);
        Object subscribed = subscriber.getOne();
        long begun = System.nanoTime();
        try (Connection publisher = servers.connect(channel)) {
            publisher.sendCommand(servers.publishCommand(), channel, word);
            publisher.getOne();
        }
        Object got = subscriber.getUnflushedObject();
        long micros = (System.nanoTime() - begun) / 1_000;
        boolean right = subscribed instanceof List<?>
                && got instanceof List<?> message
                && message.size() == 3
                && message.get(2) instanceof byte[] bytes
                && Arrays.equals(bytes, word);
        if (right) {
            findings.ok(AREA, "A message came back in " + micros / 1_000.0 + " ms, with a new connection.");
        } else {
            findings.problem(
                    AREA,
                    "A published message did not come back.",
                    "Does a proxy in between not support publish and subscribe? Connect to Redis directly.");
        }
    }
}
