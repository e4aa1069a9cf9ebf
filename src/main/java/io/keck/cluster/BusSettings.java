package io.keck.cluster;

/**
 * The settings of the bus. Immutable. Times in milliseconds, sizes in bytes.
 *
 * @param clusterLanes the number of routes with a cluster; otherwise there is one
 * @param beat the time between two beats
 * @param healthyWithin the time that a beat may take to come back
 * @param timeout the time without a returned beat after which the connections are reopened
 * @param nodeGoneAfter the time without a beat after which another node is gone
 * @param maxQueued the size of all messages that may wait to be published, of all rooms
 * @param maxMessage the largest update that is published; other nodes read larger ones from the log
 */
record BusSettings(
        int clusterLanes,
        long beat,
        long healthyWithin,
        long timeout,
        long nodeGoneAfter,
        long maxQueued,
        int maxMessage) {}
