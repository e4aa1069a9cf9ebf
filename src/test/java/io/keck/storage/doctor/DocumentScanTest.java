package io.keck.storage.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import org.junit.jupiter.api.Test;

class DocumentScanTest {
    private static byte[] text(String text) {
        Doc doc = new Doc();
        doc.setClientId(1);
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    @Test
    void aWholeDocument_getsNoRemark() {
        DocumentScan scan = new DocumentScan(1_000);
        scan.snapshot(text("whole"));
        assertThat(scan.remarks()).isEmpty();
    }

    @Test
    void aDocumentBeyondTheLimit_isNotExamined_andThatIsSaid() {
        byte[] state = text("a text of some length");
        DocumentScan scan = new DocumentScan(state.length - 1);
        scan.snapshot(state);
        assertThat(scan.remarks())
                .containsExactly(new DocumentScan.Remark(
                        "large",
                        "it has more than " + (state.length - 1)
                                + " bytes, so it was not examined whether it is complete"));
    }
}
