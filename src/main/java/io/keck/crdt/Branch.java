package io.keck.crdt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a shared type is inside: its list of children, its map of attributes, and the item it is the content of. What a
 * user holds is a view of it ({@link AbstractType}), made when it is asked for first; so a root type about which only
 * updates have spoken yet is a branch of unknown kind. Source: Yjs {@code AbstractType.js}.
 */
final class Branch {
    static final int UNKNOWN = -1;
    static final int ARRAY = 0;
    static final int MAP = 1;
    static final int TEXT = 2;
    static final int XML_ELEMENT = 3;
    static final int XML_FRAGMENT = 4;
    static final int XML_HOOK = 5;
    static final int XML_TEXT = 6;

    /** The item this is the content of; null for a root and before it is inserted. */
    @Nullable
    Item item;
    /** The first child, deleted ones included. */
    @Nullable
    Item start;
    /** Visible units. */
    long length;
    /** Null while nobody edited by index, and for good once the text has formats. */
    @Nullable
    Markers markers;

    /** The index of the first unit of the item that was looked for last; see {@link Lists}. */
    long found;

    /** What the newest transaction that changed it did. */
    @Nullable
    TypeChange change;

    final List<Consumer<YEvent>> observers = new ArrayList<>(0);
    final List<Consumer<List<YEvent>>> deepObservers = new ArrayList<>(0);

    private int kind;
    /** The key of a root, the name of an element or hook. */
    private final String name;

    private boolean rich;
    /** Kinds of all that came into the list of a root. */
    private int seenContent;

    private @Nullable Doc doc;
    private @Nullable Map<String, Item> map;
    private @Nullable AbstractType view;

    Branch(int kind, String name) {
        this.kind = kind;
        this.name = name;
    }

    /** A branch made by the constructor of its view. */
    Branch(int kind, String name, AbstractType view) {
        this(kind, name);
        this.view = view;
    }

    /** A root. */
    static Branch root(Doc doc, String name) {
        Branch branch = new Branch(UNKNOWN, name);
        branch.doc = doc;
        return branch;
    }

    static final int HAS_TEXT = 1;
    /** XML nodes. */
    static final int HAS_NODES = 2;
    /** XML nodes that are texts. */
    static final int HAS_XML_TEXTS = 4;

    static final int HAS_TYPES = 8;
    static final int HAS_VALUES = 16;
    static final int HAS_FORMATS = 32;

    /** What content tells of the list that it stands in; 0 if it is deleted. */
    static int kindOf(ItemContent content) {
        if (content instanceof ContentFormat) {
            return HAS_TEXT | HAS_FORMATS;
        }
        if (content instanceof ContentString || content instanceof ContentEmbed) {
            return HAS_TEXT;
        }
        if (content instanceof ContentType type) {
            int kind = type.branch.kind();
            return kind == XML_TEXT ? HAS_NODES | HAS_XML_TEXTS : kind >= XML_ELEMENT ? HAS_NODES : HAS_TYPES;
        }
        return content instanceof ContentDeleted ? 0 : HAS_VALUES;
    }

    /** Kinds of all that came into the list of a root, which may be gone by now; 0 if nothing is known. */
    int seenContent() {
        return seenContent;
    }

    /** Something comes into the list. */
    void comes(ItemContent content) {
        if (item == null) {
            seenContent |= kindOf(content);
        }
    }

    int kind() {
        return kind;
    }

    /** A root becomes of the kind under which it is asked for first. */
    void becomes(int newKind) {
        kind = newKind;
    }

    String name() {
        return name;
    }

    /** Not unique: for tables of what is in one document. */
    int hash() {
        return item == null ? name.hashCode() : (int) item.clock();
    }

    /** Whether the name goes over the wire with the type. */
    boolean hasName() {
        return kind == XML_ELEMENT || kind == XML_HOOK;
    }

    /** The document, or null before the type is inserted into one. */
    @Nullable
    Doc doc() {
        return doc;
    }

    void attach(Doc owner, Item owning) {
        doc = owner;
        item = owning;
        if (view != null) {
            view.integratePreliminary();
        }
    }

    boolean isDeleted() {
        return item != null && item.isDeleted();
    }

    AbstractType view() {
        if (view == null) {
            view = switch (kind) {
                case ARRAY -> new YArray(this);
                case MAP -> new YMap(this);
                case TEXT -> new YText(this);
                case XML_ELEMENT -> new YXmlElement(this);
                case XML_FRAGMENT -> new YXmlFragment(this);
                case XML_HOOK -> new YXmlHook(this);
                case XML_TEXT -> new YXmlText(this);
                default -> throw new IllegalStateException("root \"" + name + "\" was not given a type yet");
            };
        }
        return view;
    }

    /** The newest item of each key, deleted ones included, in the order in which keys came. */
    Map<String, Item> map() {
        if (map == null) {
            map = new LinkedHashMap<>();
        }
        return map;
    }

    boolean hasMap() {
        return map != null && !map.isEmpty();
    }

    void dropChildren() {
        start = null;
        map = null;
    }

    /** The value of a key, or null if there is none or it is deleted. */
    @Nullable
    Item value(String key) {
        Item found = map == null ? null : map.get(key);
        return found == null || found.isDeleted() ? null : found;
    }

    /** The values of all keys. */
    List<Item> values() {
        List<Item> values = new ArrayList<>();
        if (map != null) {
            for (Item newest : map.values()) {
                if (!newest.isDeleted()) {
                    values.add(newest);
                }
            }
        }
        return values;
    }

    /** The first item of the list into which an item with that key goes. */
    @Nullable
    Item first(@Nullable String key) {
        if (key == null) {
            return start;
        }
        Item first = map == null ? null : map.get(key);
        while (first != null && first.left != null) {
            first = first.left;
        }
        return first;
    }

    /** Whether it ever had a format: what an attribute is at an index is then known only from the start on. */
    boolean isRich() {
        return rich;
    }

    void becomesRich() {
        rich = true;
        dropMarkers();
    }

    /** Somebody changed the list without saying where by index. */
    void dropMarkers() {
        if (markers != null) {
            markers.clear();
        }
    }

    @Nullable
    Branch parent() {
        return item == null ? null : item.parent();
    }

    /** Whether {@code other} is this or stands somewhere in it. */
    boolean contains(@Nullable Branch other) {
        Branch b = other;
        while (b != null && b != this) {
            b = b.parent();
        }
        return b != null;
    }
}
