package io.keck.crdt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The inside of a shared type: its list of children, its map of attributes, and the item that has it as content. A user
 * holds a view of it ({@link AbstractType}), which is created on demand; so a root type that only updates have
 * mentioned is a branch of unknown kind. Source: Yjs {@code AbstractType.js}.
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

    /** The item that has this type as its content; null for a root, and before the type is inserted. */
    @Nullable
    Item item;
    /** The first child, deleted ones included. */
    @Nullable
    Item start;
    /** The number of visible units. */
    long length;
    /** Known indexes of items; null until the first access by index, unused once the text has formats. */
    @Nullable
    Markers markers;

    /** The index of the first unit of the item that was looked up last; see {@link Lists}. */
    long found;

    /** The changes made by the newest transaction that changed this type. */
    @Nullable
    TypeChange change;

    final List<Consumer<YEvent>> observers = new ArrayList<>(0);
    final List<Consumer<List<YEvent>>> deepObservers = new ArrayList<>(0);

    private int kind;
    /** The name of a root, element or hook. */
    private final String name;

    private boolean rich;
    /** The kinds of all content that was ever in the list of a root, as bits. */
    private int seenContent;

    private @Nullable Doc doc;
    private @Nullable Map<String, Item> map;
    private @Nullable AbstractType view;

    Branch(int kind, String name) {
        this.kind = kind;
        this.name = name;
    }

    /** Creates the branch of a view that is being constructed. */
    Branch(int kind, String name, AbstractType view) {
        this(kind, name);
        this.view = view;
    }

    /** Creates a root. */
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

    /** The bits that content sets for the list it is in; 0 for deleted content. */
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

    /** The kinds of all content that was ever in the list of a root, deleted content included; 0 if unknown. */
    int seenContent() {
        return seenContent;
    }

    /** Records the kind of content that is being added to the list. */
    void comes(ItemContent content) {
        if (item == null) {
            seenContent |= kindOf(content);
        }
    }

    int kind() {
        return kind;
    }

    /** Sets the kind of a root when it is first requested under one. */
    void becomes(int newKind) {
        kind = newKind;
    }

    String name() {
        return name;
    }

    /** A hash for tables over the types of one document; not unique. */
    int hash() {
        return item == null ? name.hashCode() : (int) item.clock();
    }

    /** Whether the wire form of the type contains its name. */
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
                default -> throw new IllegalStateException("root \"" + name + "\" was not requested under a kind yet");
            };
        }
        return view;
    }

    /** The newest item of each key, deleted ones included, in the order in which the keys were added. */
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

    /** The item with the value of a key, or null if there is none or it is deleted. */
    @Nullable
    Item value(String key) {
        Item found = map == null ? null : map.get(key);
        return found == null || found.isDeleted() ? null : found;
    }

    /** The items with the values of all keys. */
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

    /** The first item of the list that an item with this key belongs to; null is the list of children. */
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

    /** Whether the list ever had a format: the value of an attribute at an index is then known only from the start on. */
    boolean isRich() {
        return rich;
    }

    void becomesRich() {
        rich = true;
        dropMarkers();
    }

    /** Clears the markers after a change of the list that did not report its index. */
    void dropMarkers() {
        if (markers != null) {
            markers.clear();
        }
    }

    @Nullable
    Branch parent() {
        return item == null ? null : item.parent();
    }

    /** Whether {@code other} is this type or inside it, at any depth. */
    boolean contains(@Nullable Branch other) {
        Branch b = other;
        while (b != null && b != this) {
            b = b.parent();
        }
        return b != null;
    }
}
