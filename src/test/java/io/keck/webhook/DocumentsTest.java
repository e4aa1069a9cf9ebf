package io.keck.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.failure.TooCostly;
import io.keck.feed.ChangeLog;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;

class DocumentsTest {
    /** Encoded once: documents have random client ids, whose encodings differ in length. */
    private static final byte[] STATE = state();

    private static byte[] state() {
        Doc doc = new Doc();
        doc.getText("t").insert(0, "hello");
        return doc.encodeStateAsUpdate();
    }

    /** A log that is only asked for the state of a room. */
    private static ChangeLog log() {
        return (ChangeLog) Proxy.newProxyInstance(
                DocumentsTest.class.getClassLoader(), new Class<?>[] {ChangeLog.class}, (proxy, method, args) -> {
                    assertThat(method.getName()).isEqualTo("base");
                    return new ChangeLog.Base(1, STATE, List.of());
                });
    }

    @Test
    void aDocumentBeyondTheConfiguredSteps_isGivenUp() {
        Documents documents = new Documents(log(), 1 << 20, -16L * STATE.length);
        assertThatThrownBy(() -> documents.take(7, "room", 1)).isInstanceOf(TooCostly.class);
    }

    /** The twin: where the limit is higher, it is not. */
    @Test
    void aDocumentWithinTheConfiguredSteps_isDerived() {
        assertThat(new Documents(log(), 1 << 20, 100).take(7, "room", 1).known())
                .isEqualTo(1);
    }
}
