import type { Db } from '../../db/pool.ts';
import type { Push, PushMessage } from '../../ports/push.ts';
import { deleteDeadToken, findSealedDevice } from './devices.queries.ts';
import { parsePushToken } from './push-token.ts';
import type { TokenSeal } from './token-seal.ts';

export interface DeviceSenderDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly services: readonly string[];
  readonly web: Push;
  /** undefined: not configured, so that nothing is sent to phones. */
  readonly fcm: Push | undefined;
}

export type Sent = 'delivered' | 'gone' | 'nowhere';

/**
 * Sends to a member's device: `nowhere` where the member has it no more, or this server cannot reach its kind. A token that
 * its service calls dead is removed. Rejects with an EngineError where it may be tried again.
 */
export type SendToDevice = (memberId: number, deviceId: number, message: PushMessage) => Promise<Sent>;

export function createDeviceSender({ db, seal, services, web, fcm }: DeviceSenderDeps): SendToDevice {
  return async (memberId, deviceId, message) => {
    const device = await findSealedDevice(db, memberId, deviceId);
    const token = device && seal.open(device.token_sealed, device.token_hash);
    if (!device || token === undefined) return 'nowhere';
    const target = parsePushToken(token, services);
    if (typeof target === 'string') return 'nowhere';
    const push = target.kind === 'web' ? web : fcm;
    if (!push) return 'nowhere';
    const sent = await push.send(target, message);
    if (sent === 'gone') await deleteDeadToken(db, device);
    return sent;
  };
}
