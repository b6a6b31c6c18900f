import { useRef } from 'react';

const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * The key that a text is created under: the same text again, after an answer that never came, is the same request and is kept
 * once. Call `done` when it is kept, so that the next one is another even if it says the same.
 */
export const useIdempotencyKey = () => {
  const last = useRef({ text: '', key: '' });
  return {
    keyOf: (body: object): string => {
      const text = JSON.stringify(body);
      if (text !== last.current.text) last.current = { text, key: newKey() };
      return last.current.key;
    },
    done: () => {
      last.current = { text: '', key: '' };
    },
  };
};
