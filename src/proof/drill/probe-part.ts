/** The probe as a child of `probe-process.ts`: looks until it is told to stop, and tells what it saw. */
import { type ProbeReport, startProbe } from './probe.ts';

export type ToProbe = { readonly url: string; readonly campaign: number } | { readonly stop: true };
export type FromProbe = { readonly ready: true } | { readonly report: ProbeReport };

let probe: ReturnType<typeof startProbe> | undefined;
// A terminal's Ctrl-C reaches the children too; when to stop is their parent's to say.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToProbe) => {
  if ('url' in message) probe = startProbe(message.url, message.campaign);
  else void probe?.stop().then((report) => tell({ report }));
});
tell({ ready: true });

function tell(message: FromProbe): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
