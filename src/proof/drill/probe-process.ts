import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Probe, ProbeReport } from './probe.ts';
import type { FromProbe, ToProbe } from './probe-part.ts';

const PART = fileURLToPath(new URL('./probe-part.ts', import.meta.url));
/** Before everything that is as busy as a load. */
const URGENT = -10;

export interface ProbeProcess extends Probe {
  /** Whether the system lets it run before the load on the same processor. */
  readonly urgent: boolean;
}

/** The probe in a process of its own, so that what it measures is not how busy the load keeps its own. */
export async function startProbeProcess(url: string, campaign: number): Promise<ProbeProcess> {
  const child = fork(PART, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  const urgent = hurry(child);
  tell(child, { url, campaign });
  return {
    urgent,
    stop: async () => {
      const reported = new Promise<ProbeReport>((resolve, reject) => {
        child.on('message', (message: FromProbe) => 'report' in message && resolve(message.report));
        child.once('exit', (code, signal) =>
          reject(new Error(`The probe ended before its time (${signal ?? `exit code ${code}`}).`)),
        );
      });
      tell(child, { stop: true });
      const report = await reported;
      child.disconnect();
      return report;
    },
  };
}

function hurry({ pid }: ChildProcess): boolean {
  try {
    setPriority(pid!, URGENT);
    return true;
  } catch {
    // Only root may; it still waits little, as it mostly sleeps.
    return false;
  }
}

function tell(child: ChildProcess, message: ToProbe): void {
  child.send(message);
}
