import type { Socket } from 'node:net';

/**
 * Resets a connection, or lets go of one whose own end is under way: libuv refuses to reset that, Node takes it for closed
 * all the same, and a process that has one never ends: its teardown waits for it in a busy loop.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
