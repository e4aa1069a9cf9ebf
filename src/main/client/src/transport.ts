/** Carries messages of y-protocols to and from a server. A transport is used for one connection; it never reconnects. */
export interface Transport {
  readonly kind: 'websocket' | 'http'
  /** Sends one message; a message sent after the end is dropped. */
  send (message: Uint8Array): void
  /** Ends the transport without calling `ended`. */
  close (): void
}

/** Receives the events of a transport. */
export interface Listener {
  opened (): void
  message (message: Uint8Array): void
  /**
   * Called when the connection has ended or could not be opened.
   *
   * @param code the close code of the server; 1006 if there is none
   */
  ended (code: number, reason: string): void
}

/** Opens a WebSocket. */
export const openWebSocket = (
  url: string, protocols: string[], Socket: typeof WebSocket, listener: Listener
): Transport => {
  const socket = new Socket(url, protocols)
  socket.binaryType = 'arraybuffer'
  let isOver = false
  const end = (code: number, reason: string): void => {
    if (isOver) return
    isOver = true
    listener.ended(code, reason)
  }
  socket.onopen = () => { if (!isOver) listener.opened() }
  socket.onmessage = event => { if (!isOver) listener.message(new Uint8Array(event.data as ArrayBuffer)) }
  socket.onclose = event => end(event.code, event.reason)
  socket.onerror = () => {} // the close event follows
  return {
    kind: 'websocket',
    send: message => { if (!isOver && socket.readyState === 1) socket.send(message as Uint8Array<ArrayBuffer>) },
    close: () => {
      isOver = true
      socket.close()
    }
  }
}
