import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Live } from './api.ts';
import { watchLive } from './live.ts';

const REFETCH_MS = 1000;

/** The live totals of a campaign; when they move, the open statistics are asked for anew, at most once a second. */
export const useLive = (id: number): { latest: Live | null; connected: boolean } => {
  const queries = useQueryClient();
  const [latest, setLatest] = useState<Live | null>(null);
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    let seen = '';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refetch = () => {
      timer = undefined;
      void queries.invalidateQueries({ queryKey: ['stats', id] }, { cancelRefetch: false });
    };
    const onLive = (live: Live) => {
      setLatest(live);
      const totals = JSON.stringify(live.totals);
      if (seen && totals !== seen) timer ??= setTimeout(refetch, REFETCH_MS);
      seen = totals;
    };
    void watchLive(id, onLive, setConnected, stop.signal);
    return () => {
      stop.abort();
      clearTimeout(timer);
      setLatest(null);
    };
  }, [id, queries]);
  return { latest, connected };
};
