package io.keck.auth;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Rule;
import io.keck.access.Rules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * API keys of back ends. The file has one JSON object per line, {@code {"name":"ci","hash":"sha256:…","documents":[rules]}}.
 * It holds the hash of a key, never the key; {@code #} begins a comment. A key is 32 random bytes, so an unsalted hash cannot
 * be reversed by guessing. A changed file is read again within a second; if it cannot be read, the keys stay as they were
 * and an error is logged. Thread-safe.
 */
final class ApiKeys {
    private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
    /** The prefix of every key, by which secret scanners recognise it. */
    static final String PREFIX = "keck_";

    private static final String HASH = "sha256:";
    private static final int KEY_BYTES = 32;
    private static final int MAX_KEYS = 10_000;
    private static final long MAX_FILE = 8 << 20;

    /**
     * A line of the file.
     *
     * @param made when the key was made, in milliseconds since 1970; 0 if the line does not say
     * @param until when the key expires, in milliseconds since 1970
     * @param limits the limits that the line names; the others are 0
     */
    record Entry(
            String name,
            String hash,
            Rules rules,
            Map<String, String> attributes,
            long made,
            long until,
            Limits limits) {
        @Override
        public String toString() {
            return "Entry[" + name + "]";
        }
    }

    private final Path file;
    private volatile List<Entry> entries;
    private final AtomicLong generation = new AtomicLong();
    private String stamp;
    private final Changes changes;

    /** Receives the names of the keys that were added to the file, changed in it and removed from it. */
    interface Changes {
        void changed(Collection<String> added, Collection<String> changed, Collection<String> removed);
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException if the file cannot be read or a line is malformed; the message has the line's number
     */
    ApiKeys(Path file) {
        this(file, (added, changed, removed) -> {});
    }

    /** Reads a file, and reports later changes of it. */
    ApiKeys(Path file, Changes changes) {
        this.file = file;
        this.changes = changes;
        this.stamp = stamp();
        this.entries = read();
    }

    /** Reads the file again if it has changed. To be called about every second, by one thread. */
    synchronized void look() {
        String now = stamp();
        if (now.equals(stamp)) {
            return;
        }
        stamp = now;
        try {
            List<Entry> before = entries;
            entries = read();
            generation.incrementAndGet();
            tell(before, entries);
            LOG.info("Read {} API keys from {}", entries.size(), file);
        } catch (IllegalArgumentException e) {
            LOG.error("Reading changed API keys failed, the old keys stay in use: {}", e.getMessage());
        }
    }

    private void tell(List<Entry> before, List<Entry> after) {
        Map<String, Entry> old = new HashMap<>();
        before.forEach(entry -> old.put(entry.name(), entry));
        List<String> added = new ArrayList<>();
        List<String> changed = new ArrayList<>();
        for (Entry entry : after) {
            Entry known = old.remove(entry.name());
            if (known == null) {
                added.add(entry.name());
            } else if (!known.equals(entry)) {
                changed.add(entry.name());
            }
        }
        if (!added.isEmpty() || !changed.isEmpty() || !old.isEmpty()) {
            changes.changed(added, changed, old.keySet());
        }
    }

    /** Returns a number that changes with the file. */
    long generation() {
        return generation.get();
    }

    /** Whether a credential has the form of a key. */
    static boolean isKey(String text) {
        return text.startsWith(PREFIX);
    }

    /**
     * Returns the back end that a key belongs to.
     *
     * @throws RefusedException if the key is not known or has expired
     */
    Identified verify(String key, long now) throws RefusedException {
        String hash = hash(key);
        Entry found = null;
        for (Entry entry : entries) { // always all of them, so that the time tells nothing about the position of a key
            if (Credential.same(entry.hash(), hash)) {
                found = entry;
            }
        }
        if (found == null) {
            throw new RefusedException(Fault.BAD, "the API key is not known");
        }
        if (now >= found.until()) {
            throw new RefusedException(Fault.EXPIRED, "the API key has expired");
        }
        return new Identified(
                new Principal(Principal.KEY + found.name(), found.name()),
                Principal.KEY + found.name(),
                found.rules(),
                List.of(),
                found.attributes(),
                found.made(),
                found.until(),
                found.limits());
    }

    private static String hash(String key) {
        return HASH + Credential.hash(key);
    }

    /** A new key, which is shown once, and its line for the file. */
    record Made(String key, String line) {
        @Override
        public String toString() {
            return "Made[" + line + "]";
        }
    }

    /** Draws a random key. */
    static Made make(String name, Rule rule, Instant now, SecureRandom random) {
        byte[] bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        ObjectNode line = StrictJson.object();
        line.put("name", new Principal(Principal.KEY + name, name).name());
        line.put("hash", hash(key));
        line.put("made", now.truncatedTo(ChronoUnit.SECONDS).toString());
        ObjectNode document = line.putArray("documents").addObject();
        document.put("match", rule.match());
        ArrayNode rights = document.putArray("rights");
        rule.rights().forEach(right -> rights.add(right.text()));
        return new Made(key, new String(StrictJson.bytes(line), StandardCharsets.UTF_8));
    }

    private String stamp() {
        try {
            return Files.getLastModifiedTime(file) + " " + Files.size(file);
        } catch (IOException e) {
            return "absent";
        }
    }

    private List<Entry> read() {
        List<String> lines;
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new IllegalArgumentException("The file of API keys " + file + " is larger than 8 MiB.");
            }
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalArgumentException("The file of API keys " + file + " cannot be read ("
                    + e.getClass().getSimpleName() + ").");
        }
        List<Entry> read = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            try {
                Entry entry = entry(line);
                if (!names.add(entry.name()) || read.size() >= MAX_KEYS) {
                    throw new IllegalArgumentException(
                            "The name was used in an earlier line, or the file has too many keys.");
                }
                read.add(entry);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "Line " + (i + 1) + " of the file of API keys " + file + ": " + e.getMessage());
            }
        }
        return List.copyOf(read);
    }

    private static Entry entry(String line) {
        ObjectNode object = StrictJson.object(line.getBytes(StandardCharsets.UTF_8));
        if (object == null) {
            throw new IllegalArgumentException("The line is not a JSON object.");
        }
        String name = StrictJson.text(object, "name");
        String hash = StrictJson.text(object, "hash");
        if (name == null || name.isBlank() || hash == null || !isHash(hash)) {
            throw new IllegalArgumentException("The line needs a name, and a hash as \"keck.jar key new\" prints it.");
        }
        var documents = object.get("documents");
        if (documents == null) {
            throw new IllegalArgumentException("The line has no documents.");
        }
        new Principal(Principal.KEY + name, name);
        return new Entry(
                name,
                hash,
                RuleReader.rules(documents),
                RuleReader.attributes(object.get("attributes")),
                time(StrictJson.text(object, "made"), 0),
                time(StrictJson.text(object, "until"), Caller.NEVER),
                LimitsReader.limits(object.get("limits")));
    }

    private static boolean isHash(String hash) {
        try {
            return hash.startsWith(HASH)
                    && Base64.getUrlDecoder().decode(hash.substring(HASH.length())).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static long time(@Nullable String instant, long otherwise) {
        try {
            return instant == null ? otherwise : Instant.parse(instant).toEpochMilli();
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("made and until must be times such as 2027-01-01T00:00:00Z.", e);
        }
    }
}
