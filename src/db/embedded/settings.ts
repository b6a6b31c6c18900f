import type { Place } from './place.ts';

/** For one machine that also runs Weir itself, with small memory and many small commits. `fsync` stays on. */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '64MB',
  max_connections: '60',
  max_wal_size: '1GB',
  // Segments of a busy hour are used again; making a new one fills it with zeros while a group waits.
  min_wal_size: '512MB',
  checkpoint_timeout: '10min',
  // Short statements: compiling them costs more than it saves.
  jit: 'off',
  // Counter rows are updated all the time: vacuum them early and often, so that updates stay on their page.
  autovacuum_naptime: '10s',
  autovacuum_vacuum_scale_factor: '0.02',
  autovacuum_vacuum_threshold: '500',
  autovacuum_analyze_scale_factor: '0.05',
  autovacuum_vacuum_cost_delay: '1ms',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

/** The server's arguments; later ones win, so a caller's `settings` override ours but never where it listens. */
export function serverArguments(
  place: Place,
  port: number,
  settings: Readonly<Record<string, string>>,
): string[] {
  const where: Record<string, string> = {
    cluster_name: place.clusterName,
    port: String(port),
    listen_addresses: place.socketDir === undefined ? '127.0.0.1' : '',
    ...(place.socketDir !== undefined && {
      unix_socket_directories: place.socketDir,
      unix_socket_permissions: '0700',
    }),
  };
  const all = Object.entries({ ...SETTINGS, ...settings, ...where });
  return ['-D', place.clusterArgument, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
