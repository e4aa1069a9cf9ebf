import io.keck.crdt.Doc;
import io.keck.crdt.YText;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;

/** A program that depends on the engine alone: two documents and a sync server between them. */
public final class Example {
    private Example() {}

    public static void main(String[] args) {
        StructStore server = new StructStore();
        Doc alice = new Doc();
        Doc bob = new Doc();
        alice.onUpdate((update, transaction) -> server.apply(server.reduce(Update.decode(update))));

        YText text = alice.getText("text");
        text.insert(0, "Hello from the engine");
        bob.applyUpdate(server.diff(bob.stateVector()));

        System.out.println(bob.getText("text"));
    }
}
