package io.keck.api;

import io.keck.heap.HeapLedger;
import io.keck.history.HistoryPorts;
import java.util.concurrent.Executor;

/**
 * What resources need that answer from the history of documents.
 *
 * @param ledger the ledger of the heap
 * @param maxSteps the steps of integration that a document may take
 * @param workers runs tasks that wait for the database and take long
 */
record Past(HistoryPorts ports, HeapLedger ledger, long maxSteps, Executor workers) {}
