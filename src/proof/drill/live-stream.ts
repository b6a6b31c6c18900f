import { askPatiently } from './ask-patiently.ts';
import type { Rig } from './rig.ts';

/** A live stream that somebody holds open. */
export interface LiveStream {
  /** Resolves when the server ends it; rejects where the connection is cut off. */
  readonly ended: Promise<void>;
}

/** Opens the live stream of a campaign, and resolves with its first message. */
export async function openLiveStream(rig: Rig, campaign: number): Promise<LiveStream> {
  const url = `${rig.server.url}/api/campaigns/${campaign}/live`;
  const headers = { authorization: `Bearer ${await rig.signIn()}` };
  const answer = await askPatiently(() => fetch(url, { headers }));
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  const reader = answer.body!.getReader();
  await reader.read();
  const ended = (async () => {
    while (!(await reader.read()).done);
  })();
  // Looked at when the server has stopped.
  ended.catch(() => undefined);
  return { ended };
}
