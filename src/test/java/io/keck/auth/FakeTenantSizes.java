package io.keck.auth;

import io.keck.access.TenantSizes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Documents and blobs by name, in memory; counts the questions, and can be switched off. */
final class FakeTenantSizes implements TenantSizes {
    final TreeMap<String, Long> documents = new TreeMap<>();
    final TreeMap<String, Long> blobs = new TreeMap<>();
    final TreeMap<String, Long> deletedDocuments = new TreeMap<>();
    final TreeMap<String, Long> deletedBlobs = new TreeMap<>();
    int questions;
    boolean isDown;

    private Page page(TreeMap<String, Long> all, String tenant, @Nullable String after, int limit) {
        questions++;
        if (isDown) {
            throw new UncheckedIOException(new IOException("the database does not answer"));
        }
        long count = 0;
        long bytes = 0;
        String last = null;
        for (var row : all.subMap(after == null ? tenant + "/" : after, false, tenant + "0", false)
                .entrySet()) {
            count++;
            bytes += row.getValue();
            if (count == limit) {
                last = row.getKey();
                break;
            }
        }
        return new Page(count, bytes, last);
    }

    @Override
    public Page documents(String tenant, @Nullable String after, int limit) {
        return page(documents, tenant, after, limit);
    }

    @Override
    public Page blobs(String tenant, @Nullable String after, int limit) {
        return page(blobs, tenant, after, limit);
    }

    @Override
    public Page deletedDocuments(String tenant, @Nullable String after, int limit) {
        return page(deletedDocuments, tenant, after, limit);
    }

    @Override
    public Page deletedBlobs(String tenant, @Nullable String after, int limit) {
        return page(deletedBlobs, tenant, after, limit);
    }
}
