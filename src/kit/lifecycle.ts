import type { Logger } from './logger.ts';

interface Closable {
  readonly close: () => Promise<void>;
}

export interface Lifecycle {
  /** Opens one part; if a later one fails to open, everything opened before is closed in reverse. */
  readonly open: <T extends Closable>(name: string, opening: Promise<T> | T) => Promise<T>;
  readonly onClose: (name: string, close: () => Promise<void> | void) => void;
  /** Closes in reverse order; a part that fails to close does not keep the others open. Safe to call twice. */
  readonly close: () => Promise<void>;
}

export function createLifecycle(log: Logger): Lifecycle {
  const opened: { name: string; close: () => Promise<void> | void }[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    for (let part = opened.pop(); part; part = opened.pop()) {
      try {
        await part.close();
      } catch (error) {
        log.error({ part: part.name, err: error }, 'could not close');
      }
    }
  }
  const close = () => {
    closing ??= closeAll();
    return closing;
  };
  return {
    close,
    onClose: (name, closePart) => opened.push({ name, close: closePart }),
    open: async (name, opening) => {
      try {
        const part = await opening;
        opened.push({ name, close: () => part.close() });
        return part;
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}
