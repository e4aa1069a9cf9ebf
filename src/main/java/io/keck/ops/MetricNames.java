package io.keck.ops;

/**
 * The names of all metrics that Keck defines itself. Names with dots are those of Dropwizard's metrics and appear in
 * {@code /metrics} as they are; in Prometheus they have underscores, and counters end in {@code _total}. Names with
 * underscores are those of metrics for Prometheus only: they have labels, or are histograms whose buckets can be added
 * up over nodes. Times are in seconds, sizes in bytes.
 *
 * <p>No label has a value that a peer chooses: the number of values is bounded by this class and by the meters.
 */
final class MetricNames {
    // ---- connections
    static final String CONNECTIONS_OPEN = "keck.connections.open";
    static final String CONNECTIONS_OPENED = "keck.connections.opened";
    /** By {@code code}: the WebSocket close code, or "other". */
    static final String CONNECTIONS_CLOSED = "keck_connections_closed_total";
    /** By {@code status}: the HTTP status, or "other". */
    static final String CONNECTIONS_REFUSED = "keck_connections_refused_total";
    /** By {@code kind}: step1, step2, update, awareness, other. */
    static final String MESSAGES_RECEIVED = "keck_connections_messages_received_total";

    static final String BYTES_RECEIVED = "keck_connections_bytes_received_total";
    static final String MESSAGES_SENT = "keck_connections_messages_sent_total";
    static final String BYTES_SENT = "keck_connections_bytes_sent_total";
    /** Connections that receive no single updates at the moment, because too much is queued for them. */
    static final String CONNECTIONS_SLOW = "keck.connections.slow";
    /** Open connections, by protocol. */
    static final String DIALECT_OPEN = "keck_connections_dialect_open";
    /** Messages, by protocol. */
    static final String DIALECT_RECEIVED = "keck_connections_dialect_messages_received_total";

    static final String DIALECT_SENT = "keck_connections_dialect_messages_sent_total";
    /** How often a connection became slow. */
    static final String CONNECTIONS_SLOWED = "keck.connections.slowed";

    /** Connections that sent malformed bytes repeatedly, and whose close is delayed by some seconds. */
    static final String CONNECTIONS_HELD = "keck.connections.held";
    /** By {@code kind}: text, type, sync, auth. */
    static final String MESSAGES_IGNORED = "keck_connections_messages_ignored_total";
    /** By {@code reason}: too_large, malformed, too_many. */
    static final String AWARENESS_DROPPED = "keck_connections_awareness_dropped_total";

    /** Bytes from clients above {@code socket.receivedPerSecond} of their address, so that later ones had to wait. */
    static final String CONNECTIONS_RECEIVED_HELD = "keck.connections.received-over-rate-bytes";
    /** Bytes to clients above {@code socket.sentPerSecond} of their address, so that later ones had to wait. */
    static final String CONNECTIONS_SENT_HELD = "keck.connections.sent-over-rate-bytes";

    static final String CONNECTIONS_BACKLOG = "keck.connections.backlog-bytes";

    // ---- rooms
    /** Rooms in memory, or being loaded. */
    static final String ROOMS_LOADED = "keck.rooms.open";
    /** Rooms with at least one member. */
    static final String ROOMS_OCCUPIED = "keck.rooms.occupied";
    /** Rooms in unsaved mode. */
    static final String ROOMS_UNSAVED = "keck.rooms.unsaved";

    /** Rooms that are read-only because their stored data is damaged. */
    static final String ROOMS_QUARANTINED = "keck.rooms.quarantined";

    static final String UNSAVED_BYTES = "keck.rooms.unsaved-bytes";
    static final String UNSAVED_LIMIT = "keck.rooms.unsaved-limit-bytes";
    /** Age of the oldest received update that is not committed. */
    static final String UNSAVED_AGE = "keck.rooms.oldest-uncommitted-seconds";

    static final String UNSAVED_BEGAN = "keck.rooms.unsaved-began";
    static final String UNSAVED_ENDED = "keck.rooms.unsaved-ended";
    static final String COMMIT_SECONDS = "keck_rooms_commit_seconds";
    static final String COMMIT_FAILURES = "keck.rooms.commit-failures";
    /** Updates per row. */
    static final String BATCH_UPDATES = "keck_rooms_batch_updates";
    /** Bytes per row. */
    static final String BATCH_BYTES = "keck_rooms_batch_bytes";
    /** Rows of other nodes that arrived over the bus. */
    static final String ROWS_HEARD = "keck.rooms.rows-heard";
    /** Bus messages for a room that held no update, or one beyond the limits. */
    static final String ROWS_REFUSED = "keck.rooms.rows-refused";
    /** Rows of other nodes that were read from the log. */
    static final String ROWS_CAUGHT_UP = "keck.rooms.rows-caught-up";

    /** Documents whose content took too many steps to integrate for back ends. */
    static final String DOCUMENTS_TOO_COSTLY = "keck.documents.too-costly";

    /** Updates and edits that were refused because their document has reached a limit. */
    static final String GROWTH_REFUSED = "keck.rooms.growth-refused";
    /** Bytes of updates that strict authorship did not apply. */
    static final String HELD = "keck.rooms.held";
    /** Updates that strict authorship neither applied nor kept, because a limit was reached. */
    static final String NOT_KEPT = "keck.rooms.not-kept";
    /** Held updates that have come into the document, by a decision or by themselves. */
    static final String HELD_TAKEN = "keck.rooms.held-taken";
    /** Documents above 80 % of a limit. */
    static final String NEAR_LIMIT = "keck.rooms.near-limit";

    /** Ids under which a peer sent other content than the document has. */
    static final String CONFLICTS = "keck.rooms.conflicts";

    /**
     * Structs and deleted ranges of zero length that were left out of updates from sockets and of created documents.
     */
    static final String EMPTY_STRUCTS = "keck.rooms.empty-structs";

    static final String CATCH_UPS = "keck.rooms.catch-ups";
    static final String GAPS = "keck.rooms.gaps";
    static final String WENT_BACK = "keck.rooms.log-went-back";
    static final String WENT_BACK_BYTES = "keck.rooms.log-went-back-bytes";
    /** The share of a thread's time that the busiest room takes, 0 to 1. */
    static final String BUSIEST = "keck.rooms.busiest-ratio";

    static final String DOCUMENTS = "keck.rooms.documents";
    static final String DOCUMENT_BYTES = "keck.rooms.document-bytes";
    static final String DOCUMENT_LIMIT = "keck.rooms.document-limit-bytes";

    // ---- sync lag
    /** By {@code stage}, see {@link SyncStages}. */
    static final String SYNC_SECONDS = "keck_sync_seconds";
    /** Rows that the replica of the room furthest behind lacked at the last comparison: head - applied. */
    static final String SYNC_BEHIND_ROWS = "keck.sync.behind-rows";

    static final String SYNC_BEHIND_ROOMS = "keck.sync.behind-rooms";
    /** Seconds for which some room has lacked rows at every comparison. */
    static final String SYNC_BEHIND_SECONDS = "keck.sync.behind-seconds";

    // ---- bus
    static final String BUS_CONFIGURED = "keck.bus.configured";
    static final String BUS_HEALTHY = "keck.bus.healthy";
    static final String BUS_NODES = "keck.bus.other-nodes";
    static final String BUS_QUEUED = "keck.bus.queued-bytes";
    static final String BUS_PUBLISHED = "keck.bus.published";
    static final String BUS_PUBLISHED_BYTES = "keck.bus.published-bytes";
    static final String BUS_RECEIVED = "keck.bus.received";
    static final String BUS_RECEIVED_BYTES = "keck.bus.received-bytes";
    static final String BUS_DROPPED = "keck.bus.dropped";
    static final String BUS_TOO_LARGE = "keck.bus.too-large";
    static final String BUS_DAMAGED = "keck.bus.damaged";
    static final String BUS_ALIEN = "keck.bus.alien";
    /** Messages that no node of this database has signed, or replays. */
    static final String BUS_FORGED = "keck.bus.forged";

    static final String BUS_CONNECTS = "keck.bus.connects";
    static final String BUS_DISCONNECTS = "keck.bus.disconnects";
    static final String BUS_NODES_GONE = "keck.bus.nodes-gone";
    /** The round trip of a beat through Redis. */
    static final String BUS_BEAT_SECONDS = "keck_bus_beat_seconds";

    // ---- database
    /**
     * Connections of all clients to the PostgreSQL server, other nodes and other programs included; -1 before the first
     * answer.
     */
    static final String SERVER_CONNECTIONS = "keck.database.server-connections";
    /** Reads that a replica answered. */
    static final String REPLICA_ANSWERED = "keck.replica.answered";
    /** Reads for which a replica had not replayed enough; the primary answered. */
    static final String REPLICA_BEHIND = "keck.replica.behind";
    /** Reads for which a replica was away or failed; the primary answered. */
    static final String REPLICA_FAILED = "keck.replica.failed";
    /** Connections that the server accepts from users who are not superusers. */
    static final String SERVER_CONNECTIONS_LIMIT = "keck.database.server-connections-limit";

    static final String DATABASE_UP = "keck.database.up";
    /** The ping of the database every half second. */
    static final String DATABASE_PING_SECONDS = "keck_database_ping_seconds";

    static final String DATABASE_FAILURES = "keck.database.failures";
    static final String DATABASE_FULL = "keck.database.full";
    /** Free bytes on the volume of an embedded database; -1 with any other database. */
    static final String DISK_FREE = "keck.disk.free-bytes";

    static final String DISK_SIZE = "keck.disk.size-bytes";
    static final String GROUP_WRITES = "keck_log_group_writes";
    static final String GROUP_SECONDS = "keck_log_group_seconds";
    static final String FOLDS = "keck.log.folds";
    static final String FOLD_FAILURES = "keck.log.fold-failures";
    static final String FOLD_SECONDS = "keck_log_fold_seconds";
    static final String ROWS_FOLDED = "keck.log.rows-folded";
    static final String ROWS_PURGED = "keck.log.rows-purged";
    /** Authors that were deleted, since neither rows nor ranges of folded rows referred to them. */
    static final String AUTHORS_PRUNED = "keck.log.authors-pruned";

    /** Rows that were moved from the log to segments. */
    static final String HISTORY_ROWS = "keck.history.rows";

    static final String HISTORY_SEGMENT_BYTES = "keck.history.segment-bytes";
    static final String HISTORY_CHECKPOINT_BYTES = "keck.history.checkpoint-bytes";
    /** Failures after which rows stayed in the log. */
    static final String HISTORY_FAILURES = "keck.history.failures";

    // ---- blobs
    static final String BLOBS_UPLOADS = "keck.blobs.uploads";
    static final String BLOBS_UPLOAD_BYTES = "keck.blobs.upload-bytes";
    static final String BLOBS_DUPLICATES = "keck.blobs.upload-duplicates";
    static final String BLOBS_DOWNLOADS = "keck.blobs.downloads";
    static final String BLOBS_DOWNLOAD_BYTES = "keck.blobs.download-bytes";
    static final String BLOBS_DOWNLOADS_ABORTED = "keck.blobs.downloads-aborted";
    static final String BLOBS_DELETED = "keck.blobs.deleted";
    static final String BLOBS_SWEPT_BYTES = "keck.blobs.swept-bytes";
    static final String BLOBS_SWEEP_FAILURES = "keck.blobs.sweep-failures";
    /** Followed by the reason, with hyphens. */
    static final String BLOBS_REFUSED = "keck.blobs.refused-";

    static final String BLOBS_TRANSFERS = "keck.blobs.transfers";

    // ---- the HTTP interface, and the node itself
    /** By {@code status}: 2xx, 3xx, 4xx, 5xx; without event streams, which are long-lived. */
    static final String REST_SECONDS = "keck_rest_request_seconds";
    /** Bytes of answers that are too large for memory and wait in files to be taken. */
    static final String ANSWERS_SPOOLED = "keck.answers.spooled-bytes";
    /** Bytes of answers above {@code api.sentPerSecond} of their address, so that later ones had to wait. */
    static final String ANSWERS_HELD = "keck.answers.over-rate-bytes";
    /** Large answers that were refused with 503 because there was no space for their files. */
    static final String ANSWERS_REFUSED = "keck.answers.refused";
    /**
     * By {@code reason}: host, origin, preflight, header. Requests of browsers that were refused before all other
     * processing.
     */
    static final String EDGE_REFUSED = "keck_edge_refused_total";
    /** 1 while {@code /health} answers 200. */
    static final String NODE_READY = "keck.node.ready";
    /** The part of the old generation that was in use after its last collection, relative to its maximum size. */
    static final String HEAP_LIVE = "keck.heap.live-ratio";

    static final String GC_SECONDS = "keck_gc_seconds_total";
    /** Bytes of heap in use for peers, according to the ledger. */
    static final String LEDGER_BYTES = "keck.ledger.bytes";
    /** The limit of {@link #LEDGER_BYTES}. */
    static final String LEDGER_LIMIT = "keck.ledger.limit-bytes";
    /** Large answers that wait for their turn. */
    static final String LEDGER_WAITING = "keck.ledger.waiting-answers";
    /** Guests that were closed to free memory. */
    static final String LEDGER_SENT_AWAY = "keck.ledger.sent-away";
    /** By {@code kind}: the parts of {@link #LEDGER_BYTES}. */
    static final String LEDGER_KINDS = "keck_ledger_kind_bytes";
    /** By {@code kind}: allocations that were refused. */
    static final String LEDGER_REFUSALS = "keck_ledger_refusals_total";

    static final String DIRECT_BYTES = "keck.direct.bytes";
    static final String DIRECT_LIMIT = "keck.direct.limit-bytes";

    /**
     * 1 while a node knows all revocations, as it always does while access is open; registered by the block
     * {@code access}.
     */
    static final String ACCESS_FRESH = "keck.access.fresh";

    /** By {@code loop}, the name of its thread or of the work if a thread has several: failed turns. */
    static final String LOOP_FAILURES = "keck_loops_failures_total";
    /** By {@code loop}: seconds since its turn should have ended; 0 while it is on time. */
    static final String LOOP_LATE = "keck_loops_late_seconds";
    /** Requested arrays or strings that are too long for any memory; each failed one request. */
    static final String TOO_LARGE_ARRAYS = "keck_heap_too_large_arrays_total";

    private MetricNames() {}
}
