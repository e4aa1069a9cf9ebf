package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UndoManagerTest {
    private long now = 1000;
    private final Doc doc = new Doc();
    private final YText text = doc.getText("t");
    private final YMap map = doc.getMap("m");
    private final UndoOptions options = UndoOptions.create(() -> now);

    private UndoManager manager(UndoOptions with) {
        return new UndoManager(List.of(text, map), with);
    }

    private static void sync(Doc a, Doc b) {
        b.applyUpdate(a.encodeStateAsUpdate(b.stateVector()), "remote");
        a.applyUpdate(b.encodeStateAsUpdate(a.stateVector()), "remote");
    }

    @Test
    void quickChanges_areOneStepSlowOnesTwo() {
        UndoManager undo = manager(options);
        text.insert(0, "a");
        now += 499;
        text.insert(1, "b");
        now += 500;
        text.insert(2, "c");
        assertThat(undo.undoSteps()).isEqualTo(2);
        assertThat(undo.undo()).isTrue();
        assertThat(text).hasToString("ab");
        assertThat(undo.undo()).isTrue();
        assertThat(text).hasToString("");
        assertThat(undo.undo()).isFalse();
        assertThat(undo.redo()).isTrue();
        assertThat(undo.redo()).isTrue();
        assertThat(undo.redo()).isFalse();
        assertThat(text).hasToString("abc");
    }

    @Test
    void stopCapturing_beginsAStep() {
        UndoManager undo = manager(options);
        text.insert(0, "a");
        undo.stopCapturing();
        text.insert(1, "b");
        undo.undo();
        assertThat(text).hasToString("a");
    }

    @Test
    void changesOfOthers_stay() {
        UndoManager undo = manager(options);
        text.insert(0, "mine");
        Doc other = new Doc();
        sync(doc, other);
        other.getText("t").insert(4, " theirs");
        other.getMap("m").set("k", 1);
        sync(doc, other);
        undo.undo();
        assertThat(text).hasToString(" theirs");
        assertThat(map.get("k")).isEqualTo(1.0);
        sync(doc, other);
        assertThat(other.getText("t")).hasToString(" theirs");
        undo.redo();
        assertThat(text).hasToString("mine theirs");
    }

    @Test
    void onlyTrackedOriginsAndScope_areCaptured() {
        UndoManager undo = manager(options.withTrackedOrigins(Set.of("editor", Integer.class)));
        text.insert(0, "a");
        doc.transact("import", transaction -> text.insert(0, "b"));
        doc.getArray("elsewhere").push(1);
        assertThat(undo.canUndo()).isFalse();
        doc.transact("editor", transaction -> text.insert(0, "c"));
        undo.stopCapturing();
        doc.transact(7, transaction -> text.insert(0, "d"));
        assertThat(undo.undoSteps()).isEqualTo(2);
        undo.undo();
        undo.undo();
        assertThat(text).hasToString("ba");
    }

    @Test
    void deletedContent_comesBackThoughTheDocumentCollects() {
        map.set("text", new YText("inside"));
        map.set("n", 1);
        UndoManager undo = manager(options.withCaptureTimeout(0));
        map.delete("text");
        map.set("n", 2);
        undo.undo();
        assertThat(map.get("n")).isEqualTo(1.0);
        undo.undo();
        assertThat(map.get("text")).hasToString("inside");
        Doc other = new Doc();
        other.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(other.getMap("m").toJson()).isEqualTo(map.toJson());
    }

    @Test
    void valueThatSomebodyElseReplaced_isNotBroughtBack() {
        map.set("k", "old");
        UndoManager undo = manager(options);
        map.set("k", "mine");
        Doc other = new Doc();
        sync(doc, other);
        other.getMap("m").set("k", "theirs");
        sync(doc, other);
        undo.undo();
        assertThat(map.get("k")).isEqualTo("theirs");
    }

    @Test
    void newChange_dropsWhatCouldBeRedone() {
        UndoManager undo = manager(options.withCaptureTimeout(0));
        text.insert(0, "a");
        undo.undo();
        text.insert(0, "b");
        assertThat(undo.canRedo()).isFalse();
        undo.clear();
        assertThat(undo.canUndo()).isFalse();
        undo.close();
        text.insert(0, "c");
        assertThat(undo.canUndo()).isFalse();
    }

    @Test
    void events_carryNotes() {
        UndoManager undo = manager(options);
        List<UndoEvent.Kind> kinds = new ArrayList<>();
        undo.onEvent(event -> {
            kinds.add(event.kind());
            if (event.kind() == UndoEvent.Kind.POPPED) {
                assertThat(event.meta()).isEqualTo(Map.of("cursor", 3));
            } else if (!event.redo()) {
                event.meta().put("cursor", 3);
            }
        });
        text.insert(0, "a");
        text.insert(0, "b");
        undo.undo();
        assertThat(kinds)
                .containsExactly(
                        UndoEvent.Kind.ADDED, UndoEvent.Kind.UPDATED, UndoEvent.Kind.ADDED, UndoEvent.Kind.POPPED);
    }

    @Test
    void deleteFilter_keepsWhatItRefuses() {
        YArray array = doc.getArray("a");
        UndoManager undo = new UndoManager(
                List.of(array),
                options.withDeleteFilter(
                        item -> !(item.type() instanceof YMap && item.isIn(array) && item.key() == null)));
        doc.transact(transaction -> array.insert(0, List.of(1, new YMap(), new YArray(), 2)));
        assertThat(undo.undo()).isTrue();
        assertThat(array.length()).isEqualTo(1);
        assertThat(array.get(0)).isInstanceOf(YMap.class);
        undo.redo();
        assertThat(array.length()).isEqualTo(4);
    }

    @Test
    void wholeDocument_staysInScopeWhenATypeIsAdded() {
        UndoManager undo = new UndoManager(doc, options.withCaptureTimeout(0));
        undo.addToScope(map);
        text.insert(0, "a");
        map.set("k", 1);
        assertThat(undo.undoSteps()).isEqualTo(2);
        UndoManager other = new UndoManager(List.of(map), options.withCaptureTimeout(0));
        other.addDocumentToScope();
        text.insert(0, "b");
        assertThat(other.undoSteps()).isEqualTo(1);
    }

    @Test
    void trackedOrigins_comeAndGo() {
        UndoManager undo = manager(options.withCaptureTimeout(0));
        undo.addTrackedOrigin("editor");
        doc.transact("editor", transaction -> text.insert(0, "a"));
        assertThat(undo.undoSteps()).isEqualTo(1);
        undo.removeTrackedOrigin("editor");
        doc.transact("editor", transaction -> text.insert(0, "b"));
        assertThat(undo.undoSteps()).isEqualTo(1);
    }

    @Test
    void transactionsNotCaptured_areLeftOut() {
        UndoManager undo = manager(options.withCaptureTimeout(0)
                .withCaptureTransaction(transaction -> !transaction.meta().containsKey("silent")));
        doc.transact(transaction -> {
            transaction.meta().put("silent", true);
            text.insert(0, "a");
        });
        text.insert(1, "b");
        undo.undo();
        assertThat(text).hasToString("a");
    }

    @Test
    void clear_forgetsOneStackOrBothAndTells() {
        UndoManager undo = manager(options.withCaptureTimeout(0));
        List<String> cleared = new ArrayList<>();
        undo.onClear(() -> cleared.add("cleared"));
        undo.clear();
        assertThat(cleared).isEmpty();
        text.insert(0, "a");
        text.insert(1, "b");
        undo.undo();
        undo.clear(false, true);
        assertThat(undo.canRedo()).isFalse();
        assertThat(undo.undoSteps()).isEqualTo(1);
        undo.clear();
        assertThat(undo.canUndo()).isFalse();
        assertThat(cleared).hasSize(2);
    }

    @Test
    void events_haveTheTransaction() {
        UndoManager undo = manager(options);
        List<Boolean> textChanged = new ArrayList<>();
        undo.onEvent(event -> {
            textChanged.add(event.transaction().changed(text));
            assertThat(event.transaction().changed(map)).isFalse();
        });
        text.insert(0, "a");
        undo.undo();
        assertThat(textChanged).containsExactly(true, true, true);
    }

    @Test
    void destroyedDocument_endsTheManager() {
        UndoManager undo = manager(options);
        doc.destroy();
        text.insert(0, "a");
        assertThat(undo.canUndo()).isFalse();
    }

    @Test
    void typeOfAnotherDocument_isRefused() {
        UndoManager undo = manager(options);
        assertThatThrownBy(() -> undo.addToScope(new Doc().getText("t"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new UndoManager(List.of(new YText()), options))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void relativePosition_followsWhatWasMadeAgain() {
        UndoManager undo = manager(options.withCaptureTimeout(0));
        text.insert(0, "abc");
        RelativePosition position = RelativePosition.of(text, 1);
        text.delete(0, 3);
        assertThat(position.resolve(doc).index()).isZero();
        undo.undo();
        assertThat(position.resolve(doc).index()).isEqualTo(1);
        assertThat(position.resolve(doc, false).index()).isNotNegative();
    }

    @Test
    void snapshot_restoresWhatWasThen() {
        Doc kept = new Doc(DocOptions.create().withGc(false));
        kept.getText("t").insert(0, "before");
        Snapshot then = Snapshot.of(kept);
        kept.getText("t").delete(0, 3);
        kept.getText("t").insert(0, "after ");
        assertThat(then.restore(kept).getText("t")).hasToString("before");
        assertThat(kept.getText("t").toDelta(then)).containsExactly(Delta.insert("before"));
        assertThatThrownBy(() -> then.restore(doc)).isInstanceOf(IllegalArgumentException.class);
        Doc ignorant = new Doc(DocOptions.create().withGc(false));
        assertThatThrownBy(() -> then.restore(ignorant)).isInstanceOf(IllegalArgumentException.class);
    }
}
